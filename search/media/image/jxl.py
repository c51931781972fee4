"""Decode JPEG XL images. Home of pillow_jxl."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from search.errors import UnreadableMediaError
from search.media.image.incomplete import find_incomplete
from search.media.image.limits import require_decodable

# The first bytes of a bare codestream, and of a container that holds one.
CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
SIGNATURES = (CODESTREAM, CONTAINER)
# The boxes of a container that contain the codestream, and the number of bytes before it in the box.
CODESTREAM_BOXES = {b"jxlc": 0, b"jxlp": 4}
# The aspect ratios by their code in the header; with code 0 the width is stored.
RATIOS = (None, (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
# The number of bits of a side by its code in the header. Small images (multiples of 8 up to 256) always use 5 bits.
SIDE_BITS = (9, 13, 18, 30)


def is_jxl(source: Path | bytes) -> bool:
    """Return whether a file (or its content) is a JPEG XL image, by its first bytes."""
    if isinstance(source, bytes):
        return source.startswith(SIGNATURES)
    with source.open("rb") as stream:
        return stream.read(len(CONTAINER)).startswith(SIGNATURES)


def open_jxl(source: Path | bytes) -> Image.Image:
    """Decode a JPEG XL image, or the first frame of an animation.

    Args:
        source: The file, or its content.

    Returns:
        An image of 8 or 16 bits with the EXIF data of the file. Its EXIF orientation, if any, is not applied yet.

    Raises:
        UnreadableMediaError: The file is damaged, or its header states more than `MAX_PIXELS` pixels.
    """
    import pillow_jxl.JpegXLImagePlugin

    body = source if isinstance(source, bytes) else source.read_bytes()
    # The plugin decodes the whole image before it reports the size.
    require_decodable(*_read_size(body))
    plugin = pillow_jxl.JpegXLImagePlugin
    plugin.DECODE_THREADS = 0  # several files are already decoded concurrently
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # 16-bit floats become 32-bit floats
            image = plugin.JXLImageFile(io.BytesIO(body))
            image.load()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError) as error:
        incomplete = find_incomplete(body)
        reason = "damaged or incomplete JPEG XL image" if incomplete is None else incomplete.reason
        raise UnreadableMediaError(reason) from error
    if not image.jpeg:
        _drop_orientation(image)
    return _scale_floats(image) if image.mode == "F" else image


def _drop_orientation(image: Image.Image) -> None:
    """Remove the EXIF orientation, because the decoder already applied the orientation of the codestream.

    This is not called for losslessly recompressed JPEG files, which are decoded as the original JPEG file.
    """
    exif = image.getexif()
    if exif.pop(ExifTags.Base.Orientation, None) is not None:
        image.info["exif"] = exif.tobytes()


def _scale_floats(image: Image.Image) -> Image.Image:
    """Convert a gray image of floats from 0 to 1 to 8 bits."""
    pixels = np.nan_to_num(np.asarray(image, np.float32)).clip(0, 1) * 255
    scaled = Image.fromarray(pixels.astype(np.uint8))
    scaled.info = image.info
    return scaled


def _read_size(body: bytes) -> tuple[int, int]:
    """Return width and height from the header (ISO/IEC 18181-1, SizeHeader). Raises UnreadableMediaError."""
    bits = _Bits(_find_codestream(body)[len(CODESTREAM) :])
    is_small = bool(bits.read(1))
    height = _read_side(bits, is_small)
    ratio = RATIOS[bits.read(3)]
    width = _read_side(bits, is_small) if ratio is None else height * ratio[0] // ratio[1]
    return width, height


def _read_side(bits: "_Bits", is_small: bool) -> int:
    return (bits.read(5) + 1) * 8 if is_small else bits.read(SIDE_BITS[bits.read(2)]) + 1


def _find_codestream(body: bytes) -> bytes:
    """Return the first 16 bytes of the codestream. Raises UnreadableMediaError if there is none."""
    if body.startswith(CODESTREAM):
        return body[:16]
    offset = len(CONTAINER)
    while offset + 8 <= len(body):
        size, kind, header = int.from_bytes(body[offset : offset + 4], "big"), body[offset + 4 : offset + 8], 8
        if size == 1:
            size, header = int.from_bytes(body[offset + 8 : offset + 16], "big"), 16
        if kind in CODESTREAM_BOXES:
            start = offset + header + CODESTREAM_BOXES[kind]
            return body[start : start + 16]
        if size < header:  # the size 0 means that the box extends to the end of the file
            break
        offset += size
    raise UnreadableMediaError("damaged or incomplete JPEG XL image: it contains no codestream")


class _Bits:
    """Reads unsigned integers of any number of bits, least significant bit first."""

    def __init__(self, body: bytes) -> None:
        self._number = int.from_bytes(body, "little")

    def read(self, count: int) -> int:
        """Return the next `count` bits as a number; bits after the end are 0."""
        number = self._number & ((1 << count) - 1)
        self._number >>= count
        return number
