"""Convert gray images of more than 8 bits, and of floats, to 8 bits, so that people and models see what they show."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from search.media.image.blocks import convert_rows, map_colors

# The share of the darkest and of the brightest pixels that may be clipped: a few defective pixels must not count.
CLIPPED_PERCENT = 0.1
# At most this many pixels are sampled to find the range of values.
MAX_SAMPLED_PIXELS = 1_000_000
MAX_16_BITS, MAX_8_BITS = 65535, 255
# TIFF: the photometric interpretation in which 0 is white, and the tag of GDAL for the value of missing pixels.
PHOTOMETRIC_TAG, WHITE_IS_ZERO, NODATA_TAG = 262, 0, 42113

Values = npt.NDArray[np.float32]


def is_deep_gray(image: Image.Image) -> bool:
    """Return whether an image has one channel of more than 8 bits or of floats."""
    return image.mode in {"I", "F"} or image.mode.startswith("I;16")


def scale_to_8_bits(image: Image.Image) -> Image.Image:
    """Return a gray image of 8 bits that shows what a deep gray image contains.

    An image that uses the upper half of 16 bits is scaled by its bit depth. The values of any other image, such as 12
    bits in 16, floats from 0 to 1, or depths in millimeters, are stretched to the range that they use. Missing pixels
    (not a number, infinite, or the value that the file declares as missing) become black.
    """
    tags: Mapping[int, Any] = getattr(image, "tag_v2", {})
    missing = _parse_number(tags.get(NODATA_TAG))
    low, high = _find_range(_sample_values(image, missing), is_integer=image.mode != "F")
    is_negative = tags.get(PHOTOMETRIC_TAG) == WHITE_IS_ZERO

    def scale(block: Image.Image) -> Image.Image:
        values = np.asarray(block, np.float32)
        known = np.isfinite(values) & (values != missing)
        shares = ((values - low) / (high - low)).clip(0, 1)
        pixels = np.where(known, 1 - shares if is_negative else shares, 0) * MAX_8_BITS
        return Image.fromarray(pixels.round().astype(np.uint8))

    with np.errstate(all="ignore"):
        return convert_rows(image, "L", scale)


def stretch_dark(image: Image.Image) -> Image.Image:
    """Return an image of 16 bits per channel, which Pillow reduced to 8, stretched if it uses only the lowest bits."""
    extrema = image.convert("RGB").getextrema()
    brightest = max(int(band[1]) for band in extrema if isinstance(band, tuple))
    if not 0 < brightest <= MAX_8_BITS // 8:
        return image
    return map_colors(image, [min(MAX_8_BITS, value * MAX_8_BITS // brightest) for value in range(256)])


def _parse_number(value: Any) -> np.float32 | None:
    try:
        return np.float32(str(value).strip("\0 "))
    except ValueError:
        return None


def _sample_values(image: Image.Image, missing: np.float32 | None) -> Values:
    """Return the known values of some rows, spread over the image, shape (n,)."""
    step = max(1, image.width * image.height // MAX_SAMPLED_PIXELS)
    rows = [
        np.asarray(image.crop((0, top, image.width, top + 1)), np.float32).ravel()
        for top in range(0, image.height, step)
    ]
    values: Values = np.concatenate(rows)
    known: Values = values[np.isfinite(values) & (values != missing)]
    return known


def _find_range(values: Values, is_integer: bool) -> tuple[float, float]:
    """Return the values that become black and white; they differ."""
    if not len(values):
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(values, (CLIPPED_PERCENT, 100 - CLIPPED_PERCENT)))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    is_full_range = MAX_16_BITS // 2 < high <= MAX_16_BITS and low >= 0
    if is_integer and (is_full_range or high <= low):
        return 0.0, float(MAX_16_BITS)
    return (low, high) if high > low else (0.0, max(1.0, abs(high)))
