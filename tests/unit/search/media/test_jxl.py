"""JPEG XL: the size is checked before anything is decoded, and images are upright."""

import io
import warnings

import numpy as np
import pillow_jxl  # noqa: F401  (registers the format with Pillow)
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from search.errors import UnreadableMediaError
from search.media.image import jxl
from search.media.image.pillow import open_image

LEFT_RED = Image.fromarray(np.array([[[200, 0, 0]] * 40 + [[0, 0, 200]] * 40] * 48, np.uint8))


def encode(image, **options):
    stream = io.BytesIO()
    image.save(stream, "JXL", **options)
    return stream.getvalue()


def make_exif(orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Model] = "Testcam"
    exif[ExifTags.Base.DateTime] = "2021:05:06 07:08:09"
    return exif


def make_header(width, height):
    """The first bytes of a codestream, each side in 30 bits."""
    bits, at = 0, 0
    for value, count in ((0, 1), (3, 2), (height - 1, 30), (0, 3), (3, 2), (width - 1, 30)):
        bits |= value << at
        at += count
    return jxl.CODESTREAM + bits.to_bytes(10, "little")


@pytest.mark.parametrize("wrap", [False, True])
def test_a_huge_image_is_refused_by_its_header(wrap):
    body = make_header(60_000, 50_000)
    if wrap:
        body = jxl.CONTAINER + b"\0\0\0\x14ftypjxl \0\0\0\0jxl " + (8 + len(body)).to_bytes(4, "big") + b"jxlc" + body
    with pytest.raises(UnreadableMediaError, match="60000 x 50000 pixels are more than the limit of 400 megapixels"):
        open_image(body)


@given(st.integers(1, 700), st.integers(1, 700), st.booleans())
def test_the_header_states_the_size_that_is_decoded(width, height, is_container):
    body = encode(Image.new("RGB", (width, height)), effort=1, use_container=is_container)
    assert jxl._read_size(body) == (width, height) == jxl.open_jxl(body).size


@pytest.mark.parametrize("ratio", [(1, 1), (6, 5), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1)])
def test_sizes_of_a_usual_ratio_are_read(ratio):
    size = (ratio[0] * 240 // ratio[1], 240)
    assert jxl._read_size(encode(Image.new("RGB", size), effort=1)) == size


def test_the_orientation_in_exif_does_not_turn_an_image_that_the_decoder_turned():
    image, facts = open_image(encode(LEFT_RED, exif=make_exif(6).tobytes(), use_container=True))
    assert image.size == LEFT_RED.size == (facts.width, facts.height)
    assert image.getpixel((5, 20))[0] > 150
    assert (facts.camera, facts.captured_at) == ("Testcam", "2021-05-06T07:08:09")


def test_a_losslessly_stored_jpeg_is_oriented_by_its_exif(tmp_path):
    LEFT_RED.save(tmp_path / "a.jpg", exif=make_exif(6), quality=95)
    with warnings.catch_warnings(), Image.open(tmp_path / "a.jpg") as source:
        warnings.simplefilter("ignore", UserWarning)
        body = encode(source)
    image, facts = open_image(body)
    assert image.size == (48, 80) == (facts.width, facts.height)
    assert image.getpixel((20, 5))[0] > 150
    assert facts.camera == "Testcam"


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16", "F"])
def test_every_kind_of_pixel_becomes_rgb(mode):
    if mode == "I;16":
        source = Image.fromarray(np.full((40, 60), 128 * 257, np.uint16))
    elif mode == "F":
        # Floats are linear light, as the color profile that the encoder adds says.
        source = Image.fromarray(np.full((40, 60), ((128 / 255 + 0.055) / 1.055) ** 2.4, np.float32))
    else:
        source = Image.new("RGB", (60, 40), (128, 128, 128)).convert(mode)
    image, _ = open_image(encode(source, lossless=True))
    assert image.mode == "RGB"
    assert np.asarray(image).mean() == pytest.approx(128, abs=2)


@pytest.mark.parametrize("body", [jxl.CODESTREAM, jxl.CONTAINER, jxl.CONTAINER + b"\0" * 40, make_header(8, 8)])
def test_a_damaged_file_is_one_clear_error(body):
    with pytest.raises(UnreadableMediaError, match="damaged or incomplete JPEG XL image"):
        open_image(body)
