"""Images with few colors, as some terminals need them."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from search.errors import UnreadableMediaError, find_reason
from search.media.image.decoding import FAILURES
from search.records import Pixels

MAX_COLORS = 128


@dataclass(frozen=True)
class ReducedImage:
    """An image with few colors.

    Attributes:
        numbers: The number of the color of each pixel, shape (height, width), uint8.
        palette: The colors, as red, green and blue from 0 to 255.
    """

    numbers: Pixels
    palette: list[tuple[int, int, int]]


def reduce_colors(body: bytes, height: int) -> ReducedImage:
    """Return a thumbnail with at most `MAX_COLORS` colors.

    Args:
        body: The image file.
        height: Its largest height in pixels.

    Raises:
        UnreadableMediaError: The image file is damaged.
    """
    try:
        with Image.open(io.BytesIO(body)) as image:
            width = max(1, round(image.width * min(1.0, height / image.height)))
            small = image.convert("RGB").resize((width, min(height, image.height)), Image.Resampling.LANCZOS)
    except FAILURES as error:
        raise UnreadableMediaError(f"cannot be decoded: {find_reason(error)}") from error
    reduced = small.quantize(MAX_COLORS)
    flat = reduced.getpalette() or []
    palette = [(flat[at], flat[at + 1], flat[at + 2]) for at in range(0, len(flat) - 2, 3)]
    return ReducedImage(np.asarray(reduced, np.uint8), palette)
