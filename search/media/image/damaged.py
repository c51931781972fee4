"""Decode what is left of damaged images."""

import contextlib
import threading
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageFile

# The share of the rows that must be decoded; an image with less is not indexed.
MIN_DECODED_SHARE = 0.5
# The parts of a PNG file: a chunk has its length, its name, its content and a checksum.
PNG_SIGNATURE, TEXT_CHUNKS, CHUNK_OVERHEAD = b"\x89PNG\r\n\x1a\n", {b"tEXt", b"zTXt", b"iTXt"}, 12
# The rows that are compared at a time.
ROWS_PER_BLOCK = 64
# What decoders fill missing rows with: black, transparent, or the gray of JPEG.
FILLINGS = {0, 127, 128}
# Formats that can store the last row first; the header states the direction.
BMP_FORMATS, TGA_FORMAT, BOTTOM_UP = {"BMP", "DIB"}, "TGA", -1


class _Tolerance(threading.local):
    """Whether Pillow decodes damaged files as far as possible; each thread has its own setting."""

    is_on = False

    def __bool__(self) -> bool:
        return self.is_on


# Pillow has one setting for all threads, so the setting itself knows the threads.
_tolerance = _Tolerance()
ImageFile.LOAD_TRUNCATED_IMAGES = _tolerance  # type: ignore[assignment]


@contextlib.contextmanager
def tolerate_damage() -> Iterator[None]:
    """Make Pillow decode damaged files as far as possible, in this thread."""
    _tolerance.is_on = True
    try:
        yield
    finally:
        _tolerance.is_on = False


def drop_texts(body: bytes) -> bytes:
    """Return a PNG file without its texts; a file of another format is returned unchanged."""
    if not body.startswith(PNG_SIGNATURE):
        return body
    parts, start = [PNG_SIGNATURE], len(PNG_SIGNATURE)
    while start < len(body):
        end = start + int.from_bytes(body[start : start + 4], "big") + CHUNK_OVERHEAD
        if body[start + 4 : start + 8] not in TEXT_CHUNKS:
            parts.append(body[start:end])
        start = end
    return b"".join(parts)


def is_bottom_up(image: Image.Image) -> bool:
    """Return whether a file that is not decoded yet stores the last row first."""
    if image.format == TGA_FORMAT:
        return bool(image.info.get("orientation") == BOTTOM_UP)
    tiles: Sequence[ImageFile._Tile] = getattr(image, "tile", ())
    return image.format in BMP_FORMATS and any(tuple(tile.args or ())[-1:] == (BOTTOM_UP,) for tile in tiles)


def crop_decoded(image: Image.Image, from_bottom: bool = False) -> tuple[Image.Image, float]:
    """Cut off the rows of a decoded image that are missing in its file.

    Args:
        image: The image.
        from_bottom: What `is_bottom_up` returned for the file.

    Returns:
        The image and the share of its rows that was decoded, 0 to 1. Decoders fill missing rows with one value.
    """
    rows = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if from_bottom else image
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
    top = image.height - end if from_bottom else 0
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
