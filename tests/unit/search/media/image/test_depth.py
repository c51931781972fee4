"""Gray images of more than 8 bits, and of floats, show what they contain."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from search.media.image.pillow import open_image

GRADIENT = np.tile(np.linspace(0, 4095, 640), (480, 1))


def show(values, kind="TIFF", **options):
    """Return the gray values that an image of an array shows, shape (height, width)."""
    stream = io.BytesIO()
    if kind == "TIFF":
        tifffile.imwrite(stream, values, **options)
    else:
        Image.fromarray(values).save(stream, kind)
    image, _ = open_image(stream.getvalue())
    assert image.mode == "RGB"
    return np.asarray(image)[..., 0].astype(int)


def require_gradient(shown):
    """Fail unless an image goes from black on the left to white on the right, evenly."""
    assert np.abs(shown[240] - np.linspace(0, 255, 640)).max() < 3


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_12_bits_in_16_are_stretched(kind):
    require_gradient(show(GRADIENT.astype(np.uint16), kind))


@pytest.mark.parametrize(
    "values",
    [
        (GRADIENT / 4095).astype(np.float32),
        (GRADIENT * 1000 - 500_000).astype(np.float32),
        (GRADIENT * 16).astype(np.uint16),
        (GRADIENT * 1000).astype(np.int32),
        (GRADIENT - 2000).astype(np.int16),
    ],
)
def test_floats_and_integers_of_any_range_are_visible(values):
    require_gradient(show(values))


def test_an_image_of_16_bits_keeps_its_brightness():
    bright = (40_000 + GRADIENT).astype(np.uint16)
    assert np.abs(show(bright) - bright / 257).max() < 2


def test_missing_pixels_are_black_and_do_not_count():
    values = (GRADIENT / 4095).astype(np.float32)
    values[:100], values[100, :5] = np.nan, (np.inf, -np.inf, np.nan, np.inf, np.inf)
    shown = show(values)
    require_gradient(shown)
    assert shown[:100].max() == 0


def test_the_missing_value_of_a_map_does_not_count():
    heights = GRADIENT.astype(np.float32)
    heights[:200] = -9999
    shown = show(heights, extratags=[(42113, "s", 0, "-9999", True)])
    require_gradient(shown)
    assert shown[:200].max() == 0


def test_a_few_defective_pixels_do_not_darken_an_image():
    values = GRADIENT.astype(np.uint16)
    values[0, :20] = 65535
    require_gradient(show(values))


def test_zero_is_white_if_the_file_says_so():
    require_gradient(255 - show(GRADIENT.astype(np.uint16), photometric="miniswhite"))


@pytest.mark.parametrize("value", [0, 7, 65535])
def test_an_image_of_one_value_is_decoded(value):
    assert np.ptp(show(np.full((20, 30), value, np.uint16))) == 0
    assert np.ptp(show(np.full((20, 30), value, np.float32))) == 0
    assert np.ptp(show(np.full((20, 30), np.nan, np.float32))) == 0


def test_12_bits_of_color_in_16_are_visible():
    colors = np.stack([GRADIENT, GRADIENT, GRADIENT], -1).astype(np.uint16)
    shown = show(colors, photometric="rgb")
    assert shown[240, -1] == 255
    assert np.abs(shown[240] - np.linspace(0, 255, 640)).max() < 24  # Pillow keeps 4 of the 12 bits


def test_a_large_image_is_converted_in_blocks():
    values = np.tile(np.linspace(0, 4095, 1200), (1000, 1)).astype(np.uint16)
    shown = show(values)
    assert shown.shape == values.shape
    assert np.abs(shown - np.linspace(0, 255, 1200)).max() < 3
