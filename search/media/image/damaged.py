"""Decode what is left of damaged images."""

import contextlib
import threading
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageFile, PngImagePlugin

# The share of the rows that must be decoded; an image with less is not indexed.
MIN_DECODED_SHARE = 0.5
# The maximum length of a compressed text, and of all texts together, in characters. Longer ones are left out.
MAX_TEXT_LENGTH, MAX_TEXTS_LENGTH = 2**16, 2**28
# The rows that are compared at a time.
ROWS_PER_BLOCK = 64
# What decoders fill missing rows with: black, transparent, or the gray of JPEG.
FILLINGS = {0, 127, 128}
# Formats that store the last row first.
BOTTOM_UP_FORMATS = {"BMP", "TGA"}

_lock = threading.Lock()


@contextlib.contextmanager
def tolerate_damage() -> Iterator[None]:
    """Make Pillow decode damaged files as far as possible. Its setting is global, so only one thread can do this."""
    with _lock:
        limits = PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY = MAX_TEXT_LENGTH, MAX_TEXTS_LENGTH
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY = limits


def crop_decoded(image: Image.Image) -> tuple[Image.Image, float]:
    """Cut off the rows of a decoded image that are missing in its file.

    Returns:
        The image and the share of its rows that was decoded, 0 to 1. Decoders fill missing rows with one value.
    """
    is_bottom_up = image.format in BOTTOM_UP_FORMATS
    rows = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if is_bottom_up else image
    end = rows.height
    filling = np.asarray(rows.crop((rows.width - 1, end - 1, rows.width, end)))[0, 0]
    if not set(filling.ravel().tolist()) <= FILLINGS:
        return image, 1.0
    while end > 0:
        start = max(0, end - ROWS_PER_BLOCK)
        block = np.asarray(rows.crop((0, start, rows.width, end)))
        differs = (block != filling).reshape(len(block), -1).any(1)
        if differs.any():
            end = start + int(np.flatnonzero(differs)[-1]) + 1
            break
        end = start
    share = end / rows.height
    if share < MIN_DECODED_SHARE or end >= rows.height - 1:  # images often end with a row of one color
        return image, share if share < MIN_DECODED_SHARE else 1.0
    top = image.height - end if is_bottom_up else 0
    cropped = image.crop((0, top, image.width, top + end))
    cropped.info = image.info
    return cropped, share


def describe_damage(error: Exception, share: float) -> str:
    """Return the remark about a damaged image that was decoded.

    Args:
        error: The error that a decoder raised.
        share: The share of the rows that was decoded, 0 to 1.
    """
    if share < 1:
        return f"the file is incomplete: {share:.0%} of the image could be decoded"
    if "MAX_TEXT" in str(error):
        return "texts in the file that are too large were left out"
    return "the file is damaged, but the image could be decoded"
