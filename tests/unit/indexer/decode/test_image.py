"""The parts of an image file: its segments, its cover and the remark about it."""

import pytest
from PIL import Image

from search.media.image.pillow import make_noise
from search.records import ItemType
from tests.support.formats import read

NOISE = make_noise(1, 60, 40)[0]


@pytest.mark.parametrize("color", ["white", "black", (4, 4, 4)])
@pytest.mark.parametrize("suffix", ["gif", "webp", "tif"])
def test_a_blank_first_frame_is_not_the_cover(tmp_path, suffix, color):
    blank = Image.new("RGB", NOISE.size, color)
    blank.save(tmp_path / f"a.{suffix}", save_all=True, append_images=[NOISE, NOISE.rotate(180), NOISE])
    content = read(tmp_path / f"a.{suffix}", ItemType.IMAGE)
    low, high = content.thumbnail.convert("L").getextrema()
    assert high - low > 60
    assert len(content.images) == (4 if suffix == "tif" else 3)


def test_an_image_that_is_blank_has_itself_as_its_cover(tmp_path):
    Image.new("RGB", (60, 40), "white").save(tmp_path / "a.png")
    assert read(tmp_path / "a.png", ItemType.IMAGE).thumbnail.getpixel((3, 3)) == (255, 255, 255)


def test_a_gain_map_is_no_segment(tmp_path):
    NOISE.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[Image.new("RGB", (30, 20), (128,) * 3)])
    assert len(read(tmp_path / "a.jpg", ItemType.IMAGE).images) == 1
