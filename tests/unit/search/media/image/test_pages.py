"""Of a file with several images, those that people mean are decoded, the main one first."""

import io
import struct

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from search.media.image.pillow import iterate_images, open_image
from tests.support.formats import RED, encode

BLUE = Image.new("RGB", (320, 200), (20, 40, 200))


def list_images(body, max_images=10):
    """Return the index and the color of each image."""
    pictures = iterate_images(body, None, max_images)
    return [(one.index, "red" if one.image.getpixel((9, 9))[0] > 150 else "other") for one in pictures]


@pytest.mark.parametrize(
    "second", [Image.new("RGB", (160, 120), (128,) * 3), Image.linear_gradient("L"), BLUE, Image.new("L", RED.size)]
)
def test_the_gain_map_of_a_photo_is_not_a_picture(second):
    body = encode(RED, "MPO", save_all=True, append_images=[second])
    assert Image.open(io.BytesIO(body)).n_frames == 2
    assert list_images(body) == [(0, "red")]


def test_the_primary_image_of_a_heic_file_comes_first():
    file = pillow_heif.from_pillow(BLUE)
    file.add_from_pillow(RED)
    stream = io.BytesIO()
    file.save(stream, primary_index=1)
    assert list_images(stream.getvalue()) == [(1, "red"), (0, "other")]
    assert open_image(stream.getvalue())[0].getpixel((9, 9))[0] > 150


@pytest.mark.parametrize(("subfile_type", "count"), [(0, 2), (1, 1), (4, 1), (5, 1), (2, 2)])
def test_a_reduced_page_or_mask_is_not_a_page(subfile_type, count):
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as out:
        out.write(np.asarray(RED), photometric="rgb")
        out.write(np.asarray(BLUE.resize((160, 100))), photometric="rgb", subfiletype=1)
    entry = struct.pack("<HHI", 254, 4, 1)
    body = stream.getvalue().replace(entry + b"\1", entry + bytes([subfile_type]))
    assert list_images(body) == [(0, "red"), (1, "other")][:count]


def test_a_reduced_first_page_is_left_out_unless_there_is_no_other():
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as out:
        out.write(np.asarray(BLUE.resize((160, 100))), photometric="rgb", subfiletype=1)
        out.write(np.asarray(RED), photometric="rgb")
    assert list_images(stream.getvalue()) == [(1, "red")]
    assert open_image(stream.getvalue())[0].size == RED.size
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.asarray(RED), photometric="rgb", subfiletype=1)
    assert list_images(stream.getvalue()) == [(0, "red")]


def test_all_pages_of_a_scan_are_decoded_up_to_the_limit():
    body = encode(RED, "TIFF", save_all=True, append_images=[BLUE.copy(), RED.copy(), BLUE.copy()])
    assert list_images(body) == [(0, "red"), (1, "other"), (2, "red"), (3, "other")]
    assert list_images(body, 2) == [(0, "red"), (1, "other")]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_frames_are_spread_over_an_animation(kind):
    body = encode(
        RED, kind, save_all=True, append_images=[BLUE, RED.rotate(90), BLUE, RED.point(lambda v: v // 2)], duration=90
    )
    assert [index for index, _ in list_images(body)] == [0, 2, 4]
    assert list_images(body)[0] == (0, "red")
