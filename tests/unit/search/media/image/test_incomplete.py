"""Of WebP, HEIC and AVIF files whose end is missing, the rest is decoded, and nothing that decoders invent."""

import numpy as np
import pytest
from PIL import Image

from search.errors import UnreadableMediaError
from search.media.image.incomplete import cut_unknown
from search.media.image.pillow import iterate_images, make_noise, open_image
from tests.support.formats import encode
from tests.support.tiles import encode_tiles

PHOTO = make_noise(1, 96, 64)[0].resize((480, 320))
EXIF = Image.Exif()
EXIF[0x010E] = "A pond"
LARGE = make_noise(1, 96, 64)[0].resize((1024, 768))


def cut(body, share):
    return body[: int(len(body) * share)]


def measure_error(image, left=0, top=0):
    """Return the mean difference from the photo in whose place an image is."""
    photo = LARGE if image.width > PHOTO.width else PHOTO
    part = photo.crop((left, top, left + image.width, top + image.height))
    return np.abs(np.asarray(image, np.int16) - np.asarray(part, np.int16)).mean()


@pytest.mark.parametrize(
    ("kind", "options", "limit"),
    [
        ("WEBP", {}, 4),
        ("WEBP", {"lossless": True}, 0.01),
        ("WEBP", {"exif": EXIF}, 4),
        ("HEIF", {}, 4),
        ("AVIF", {}, 4),
    ],
    ids=["WebP", "lossless", "extended", "HEIC", "AVIF"],
)
def test_the_rows_that_are_there_are_decoded(kind, options, limit):
    body = encode(PHOTO, kind, **options)
    assert [one.remark for one in iterate_images(body, None, 10)] == [None]
    (picture,) = iterate_images(cut(body, 0.93), None, 10)
    height = picture.image.height
    assert (picture.facts.width, picture.facts.height) == PHOTO.size
    assert 0.5 * PHOTO.height < height < 0.99 * PHOTO.height
    assert picture.remark == f"the file is incomplete: {height / PHOTO.height:.0%} of the image could be decoded"
    assert measure_error(picture.image) < limit


@pytest.mark.parametrize(
    ("kind", "share"), [("WEBP", 0.15), ("WEBP", 0.3), ("HEIF", 0.3), ("AVIF", 0.3), ("AVIF", 0.6)]
)
def test_less_than_half_is_an_error_that_says_so(kind, share):
    with pytest.raises(UnreadableMediaError, match="the file is incomplete: ") as raised:
        open_image(cut(encode(PHOTO, kind), share))
    assert "\n" not in str(raised.value)


def test_a_file_that_lacks_only_what_follows_the_image_is_decoded():
    body = encode(PHOTO, "WEBP", exif=EXIF)
    (picture,) = iterate_images(body[:-8], None, 10)
    assert picture.image.size == PHOTO.size
    assert picture.remark == "the file is incomplete, but the image could be decoded"


def test_a_whole_file_of_tiles_has_no_remark():
    (picture,) = iterate_images(encode_tiles(LARGE), None, 10)
    assert (picture.image.size, picture.remark) == (LARGE.size, None)
    assert measure_error(picture.image) < 4


def test_tiles_that_are_missing_are_not_shown_in_gray():
    (picture,) = iterate_images(cut(encode_tiles(LARGE), 0.8), None, 10)
    assert picture.image.size == (1024, 512)
    assert picture.remark == "the file is incomplete: 67% of the image could be decoded"
    assert measure_error(picture.image) < 4
    with pytest.raises(UnreadableMediaError, match="the file is incomplete: only 33% of the image could be decoded"):
        open_image(cut(encode_tiles(LARGE), 0.6))


def test_the_missing_tiles_of_a_turned_photo_are_at_the_side():
    (picture,) = iterate_images(cut(encode_tiles(LARGE, turn=1), 0.8), None, 10)
    assert picture.image.size == (512, 1024)
    assert measure_error(picture.image.transpose(Image.Transpose.ROTATE_270)) < 4


def test_bytes_after_the_last_box_are_no_missing_end():
    trailer = b"\x7f\xff\xff\xffSEFH" + bytes(40) + b"SEFT"
    (picture,) = iterate_images(encode(PHOTO, "HEIF") + trailer, None, 10)
    assert (picture.image.size, picture.remark) == (PHOTO.size, None)


@pytest.mark.parametrize("box", [(0, 0, 80, 20), (0, 80, 80, 100), (0, 0, 20, 100), (60, 0, 80, 100)])
def test_the_side_that_differs_is_cut_off(box):
    image, other = Image.new("RGB", (80, 100)), Image.new("RGB", (80, 100))
    other.paste((1, 0, 0), box)
    kept, remark = cut_unknown(image, other)
    assert kept.width * kept.height == 80 * 100 - (box[2] - box[0]) * (box[3] - box[1])
    assert "could be decoded" in remark
