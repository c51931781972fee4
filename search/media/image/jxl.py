"""JPEG XL. Home of imagecodecs."""

from pathlib import Path

import numpy as np
from PIL import Image

from search.errors import UnreadableMediaError

HEADS = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")


def is_jxl(source: Path | bytes) -> bool:
    """Return whether a file is a JPEG XL picture, by how it begins."""
    if isinstance(source, bytes):
        return source.startswith(HEADS)
    with source.open("rb") as stream:
        return stream.read(len(HEADS[1])).startswith(HEADS)


def open_jxl(source: Path | bytes) -> Image.Image:
    """Decode a JPEG XL picture; of an animation the first frame. Raises UnreadableMediaError."""
    import imagecodecs

    body = source if isinstance(source, bytes) else source.read_bytes()
    try:
        pixels = np.asarray(imagecodecs.jpegxl_decode(body))
    except (imagecodecs.JpegxlError, ValueError, RuntimeError) as error:
        raise UnreadableMediaError(f"damaged JPEG XL picture: {error}") from error
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    elif pixels.dtype != np.uint8:
        pixels = (np.clip(pixels.astype(np.float32), 0, 1) * 255).astype(np.uint8)
    if pixels.ndim == 4:
        pixels = pixels[0]
    return Image.fromarray(pixels.squeeze())
