"""What is left of a damaged image is decoded, with a remark; too little is an error."""

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pillow_jxl  # noqa: F401  (registers the format with Pillow)
import pytest
from PIL import Image, ImageFile, PngImagePlugin

from search.errors import UnreadableMediaError
from search.media.image import damaged
from search.media.image.pillow import iterate_images, make_noise, open_image
from tests.support.formats import encode

PHOTO = make_noise(1, 96, 64)[0].resize((480, 320))


def cut(body, share):
    return body[: int(len(body) * share)]


def decode(body, max_images=10, side=None):
    return list(iterate_images(body, side, max_images))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_the_rows_of_an_incomplete_file_are_decoded(kind):
    (picture,) = decode(cut(encode(PHOTO, kind), 0.8))
    assert (picture.facts.width, picture.facts.height) == PHOTO.size
    height = picture.image.height
    assert 0.6 * PHOTO.height < height < 0.95 * PHOTO.height
    assert picture.remark == f"the file is incomplete: {height / PHOTO.height:.0%} of the image could be decoded"
    top = PHOTO.height - height if kind == "BMP" else 0  # BMP stores the last row first
    original = np.asarray(PHOTO.crop((0, top, 480, top + height)), np.int16)
    assert np.abs(np.asarray(picture.image, np.int16) - original)[8:-8].mean() < 6


def encode_top_down_bmp(image):
    """Return a BMP file of RGB that stores the first row first: its height is negative."""
    body = bytearray(encode(image.transpose(Image.Transpose.FLIP_TOP_BOTTOM), "BMP"))
    body[22:26] = (-image.height).to_bytes(4, "little", signed=True)
    return bytes(body)


@pytest.mark.parametrize(
    ("body", "is_top_left"),
    [
        (encode_top_down_bmp(PHOTO), True),
        (encode(PHOTO, "BMP"), False),
        (encode(PHOTO, "DIB"), False),
        (encode(PHOTO, "TGA", orientation=1), True),
        (encode(PHOTO, "TGA", orientation=-1), False),
        (encode(PHOTO.convert("RGBA"), "TGA", orientation=1), True),
        (encode(PHOTO.convert("L"), "TGA", orientation=1), True),
    ],
    ids=["BMP down", "BMP up", "DIB up", "TGA down", "TGA up", "TGA of RGBA down", "TGA of gray down"],
)
def test_the_rows_that_are_left_are_where_the_direction_of_the_header_says(body, is_top_left):
    (picture,) = decode(cut(body, 0.7))
    height = picture.image.height
    assert height == pytest.approx(0.7 * PHOTO.height, abs=3)
    assert picture.remark == f"the file is incomplete: {height / PHOTO.height:.0%} of the image could be decoded"
    top = 0 if is_top_left else PHOTO.height - height
    original = np.asarray(PHOTO.crop((0, top, 480, top + height)).convert("L"), np.int16)
    assert np.abs(np.asarray(picture.image.convert("L"), np.int16) - original)[8:-8].mean() < 2


def test_an_incomplete_progressive_file_is_decoded_with_less_detail():
    (picture,) = decode(cut(encode(PHOTO, "JPEG", progressive=True), 0.5))
    assert picture.image.size == PHOTO.size
    assert picture.remark == "the file is damaged, but the image could be decoded"


@pytest.mark.parametrize("side", [None, 100])
def test_less_than_half_of_an_image_is_an_error(side):
    with pytest.raises(UnreadableMediaError, match=r"damaged image: only \d+% of it could be decoded"):
        decode(cut(encode(PHOTO, "JPEG"), 0.3), side=side)


@pytest.mark.parametrize("kind", ["JPEG2000", "JXL"])
def test_a_format_that_needs_the_whole_file_is_an_error(kind):
    with pytest.raises(UnreadableMediaError, match="incomplete") as raised:
        decode(cut(encode(PHOTO, kind), 0.9))
    assert "\n" not in str(raised.value)


def test_stray_bytes_between_blocks_do_no_harm():
    body = encode(PHOTO, "JPEG", restart_marker_blocks=8)
    places = [match.start() for match in re.finditer(rb"\xff[\xd0-\xd7]", body)]
    place = places[len(places) // 2]
    (picture,) = decode(body[:place] + b"\x55" * 9 + body[place:])
    assert np.abs(np.asarray(picture.image, np.int16) - np.asarray(PHOTO, np.int16)).mean() < 6


def test_the_pages_before_the_damage_are_decoded():
    body = encode(PHOTO, "TIFF", save_all=True, append_images=[PHOTO.rotate(180), PHOTO])
    pictures = decode(cut(body, 0.8))
    assert [(one.index, one.remark) for one in pictures] == [
        (0, None),
        (1, "the file is damaged: nothing after image 2 could be decoded"),
    ]


def test_an_incomplete_photo_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    (picture,) = decode(cut(encode(PHOTO, "JPEG", exif=exif), 0.85))
    assert (picture.facts.width, picture.facts.height) == (320, 480)
    # The missing rows at the bottom are on the left now.
    assert picture.image.height == 480
    assert picture.image.width < 320


def test_texts_that_are_too_large_are_left_out_and_others_are_read():
    info = PngImagePlugin.PngInfo()
    info.add_text("note", "a" * 3_000_000, zip=True)
    info.add_text("Title", "An ostrich")
    (picture,) = decode(encode(PHOTO, "PNG", pnginfo=info))
    assert np.array_equal(picture.image, PHOTO)
    assert picture.facts.title == "An ostrich"
    assert picture.remark == "texts in the file that are too large were left out"


def test_many_compressed_texts_are_not_unpacked():
    info = PngImagePlugin.PngInfo()
    for number in range(70):
        info.add_text(f"n{number}", "a" * 1_000_000, zip=True)
    (picture,) = decode(encode(PHOTO, "PNG", pnginfo=info))
    assert np.array_equal(picture.image, PHOTO)


def test_a_color_profile_that_is_too_large_is_left_out():
    (picture,) = decode(encode(PHOTO, "PNG", icc_profile=b"\0" * 3_000_000))
    assert np.array_equal(picture.image, PHOTO)


def test_threads_do_not_share_their_tolerance():
    whole, incomplete = encode(PHOTO, "PNG"), cut(encode(PHOTO, "PNG"), 0.8)
    with damaged.tolerate_damage(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(decode, incomplete).result()[0].remark.startswith("the file is incomplete")
        assert ImageFile.LOAD_TRUNCATED_IMAGES
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    assert decode(whole)[0].remark is None


def test_a_file_that_is_no_image_is_an_error():
    with pytest.raises(UnreadableMediaError, match="unrecognized image format"):
        open_image(b"no image at all")


def test_a_dark_last_row_is_no_damage():
    image = PHOTO.copy()
    image.paste((0, 0, 0), (0, 319, 480, 320))
    assert damaged.crop_decoded(image)[1] == 1.0
