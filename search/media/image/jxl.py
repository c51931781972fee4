"""JPEG XL. Home of pillow_jxl."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from search.errors import UnreadableMediaError
from search.media.image.limits import require_decodable

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
SIGNATURES = (CODESTREAM, CONTAINER)
# The boxes of a container that begin with the codestream, and the bytes of each before it.
CODESTREAM_BOXES = {b"jxlc": 0, b"jxlp": 4}
# Widths as multiples of the height, by the number that a header has for them; 0 stands for none of these.
RATIOS = (None, (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
# The bits of a side that is no multiple of 8 up to 256, by the number that a header has for them.
SIDE_BITS = (9, 13, 18, 30)


def is_jxl(source: Path | bytes) -> bool:
    """Return whether a file is a JPEG XL image, by its first bytes."""
    if isinstance(source, bytes):
        return source.startswith(SIGNATURES)
    with source.open("rb") as stream:
        return stream.read(len(CONTAINER)).startswith(SIGNATURES)


def open_jxl(source: Path | bytes) -> Image.Image:
    """Decode a JPEG XL image; of an animation the first frame.

    Args:
        source: The file, or its content.

    Returns:
        An image in 8 or 16 bits with the EXIF data of the file. Its EXIF orientation is the one that is still to be
        applied.

    Raises:
        UnreadableMediaError: The file is damaged, or its header states more than `MAX_PIXELS` pixels.
    """
    import pillow_jxl.JpegXLImagePlugin

    body = source if isinstance(source, bytes) else source.read_bytes()
    # The plugin decodes the whole image before it reports the size.
    require_decodable(*_read_size(body))
    plugin = pillow_jxl.JpegXLImagePlugin
    plugin.DECODE_THREADS = 0  # several files are decoded at once already
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # 16-bit floats become 32-bit floats
            image = plugin.JXLImageFile(io.BytesIO(body))
            image.load()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError) as error:
        raise UnreadableMediaError("damaged JPEG XL image") from error
    if not image.jpeg:
        _drop_orientation(image)
    return _scale_floats(image) if image.mode == "F" else image


def _drop_orientation(image: Image.Image) -> None:
    """Remove the EXIF orientation: the decoder turned the pixels by the one in the codestream.

    The exception is a JPEG file stored without loss, which is decoded as that JPEG file.
    """
    exif = image.getexif()
    if exif.pop(ExifTags.Base.Orientation, None) is not None:
        image.info["exif"] = exif.tobytes()


def _scale_floats(image: Image.Image) -> Image.Image:
    """Return a gray image of numbers from 0 to 1 as one of 8 bits."""
    pixels = np.nan_to_num(np.asarray(image, np.float32)).clip(0, 1) * 255
    scaled = Image.fromarray(pixels.astype(np.uint8))
    scaled.info = image.info
    return scaled


def _read_size(body: bytes) -> tuple[int, int]:
    """Return width and height by the header (ISO/IEC 18181-1, SizeHeader). Raises UnreadableMediaError."""
    bits = _Bits(_find_codestream(body)[len(CODESTREAM) :])
    is_small = bool(bits.read(1))
    height = _read_side(bits, is_small)
    ratio = RATIOS[bits.read(3)]
    width = _read_side(bits, is_small) if ratio is None else height * ratio[0] // ratio[1]
    return width, height


def _read_side(bits: "_Bits", is_small: bool) -> int:
    return (bits.read(5) + 1) * 8 if is_small else bits.read(SIDE_BITS[bits.read(2)]) + 1


def _find_codestream(body: bytes) -> bytes:
    """Return the first bytes of the codestream, from its signature on."""
    if body.startswith(CODESTREAM):
        return body[:16]
    at = len(CONTAINER)
    while at + 8 <= len(body):
        size, kind, header = int.from_bytes(body[at : at + 4], "big"), body[at + 4 : at + 8], 8
        if size == 1:
            size, header = int.from_bytes(body[at + 8 : at + 16], "big"), 16
        if kind in CODESTREAM_BOXES:
            start = at + header + CODESTREAM_BOXES[kind]
            return body[start : start + 16]
        if size < header:  # 0 stands for the rest of the file
            break
        at += size
    raise UnreadableMediaError("damaged JPEG XL image: it holds no codestream")


class _Bits:
    """Reads numbers bit by bit, the lowest first."""

    def __init__(self, body: bytes) -> None:
        self._number = int.from_bytes(body, "little")

    def read(self, count: int) -> int:
        """Return the number in the next bits; those past the end are 0."""
        number = self._number & ((1 << count) - 1)
        self._number >>= count
        return number
