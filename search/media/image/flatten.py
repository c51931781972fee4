"""Convert images of all modes to RGB in sRGB."""

import numpy as np
from PIL import Image

from search.media.image.color import convert_lab, find_conversion
from search.media.image.depth import is_deep_gray, scale_to_8_bits, stretch_dark

# The modes with transparency by mode; Pillow does not convert all of them in one step.
ALPHA_MODES = {"RGBA": "RGBA", "RGBa": "RGBA", "LA": "LA", "La": "LA", "PA": "RGBA"}
# The raw modes of Pillow in which a file stores 16 bits per channel contain this text.
DEEP_RAW_MODE = ";16"

# The colors of transparent parts. An image is white if its visible pixels, at most this share of all, are this bright.
WHITE, DARK = (255, 255, 255, 255), (72, 72, 72, 255)
MIN_WHITE, MAX_VISIBLE_SHARE, MAX_ALPHA = 225, 0.9, 255


def is_deep_color(image: Image.Image) -> bool:
    """Return whether a file that is not decoded yet stores colors of 16 bits per channel, of which Pillow keeps 8."""
    return image.mode in {"RGB", "RGBA"} and any(DEEP_RAW_MODE in str(tile[3]) for tile in getattr(image, "tile", ()))


def flatten(image: Image.Image, coding: tuple[int, int] | None, side: int | None, is_deep: bool) -> Image.Image:
    """Return an image as RGB in sRGB; an RGB image in sRGB is returned unchanged.

    What is transparent becomes white, or dark gray if the rest is white: a white logo would be invisible.

    Args:
        image: A decoded image.
        coding: The code points of its colors, if the file states them.
        side: An image whose colors are converted may be reduced, as long as its shorter side has at least this many
            pixels. None for the full size.
        is_deep: Whether the file has 16 bits per channel.
    """
    if is_deep_gray(image):
        return scale_to_8_bits(image).convert("RGB")
    if is_deep:
        info, image = image.info, stretch_dark(image)
        image.info = info
    if image.mode == "P" or (image.mode in {"1", "L", "RGB"} and "transparency" in image.info):
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode in ALPHA_MODES:
        image = image.convert(ALPHA_MODES[image.mode])
    convert = find_conversion(image, coding)
    if convert is not None:
        if side is not None and min(image.size) >= 2 * side:
            info, image = image.info, image.reduce(min(image.size) // side)
            image.info = info
        image = convert(image)
    if image.mode in {"RGBA", "LA"}:
        layer = image.convert("RGBA")
        background = Image.new("RGBA", layer.size, DARK if _is_white(layer) else WHITE)
        return Image.alpha_composite(background, layer).convert("RGB")
    if image.mode == "LAB":
        return convert_lab(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _is_white(layer: Image.Image) -> bool:
    """Return whether the visible part of an image with transparency is nearly white, on a transparent background."""
    small = np.asarray(layer.resize((min(64, layer.width), min(64, layer.height)), Image.Resampling.NEAREST))
    is_visible = small[..., 3] > MAX_ALPHA // 2
    if not is_visible.any() or is_visible.mean() > MAX_VISIBLE_SHARE:
        return False
    return bool(np.percentile(small[is_visible][:, :3].min(-1), 5) >= MIN_WHITE)
