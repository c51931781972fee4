"""Find what has to be replaced in a file so that it no longer says where it was made."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from search.media.redaction import boxes, jpeg, png, webp
from search.media.redaction.patches import NotRedactableError, Patch

Finder = Callable[[BinaryIO, int], list[Patch]]
HEAD_BYTES = 12
DEFAULT_ORIENTATION = 1


def find_patches(path: Path, orientation: int | None) -> list[Patch]:
    """Return what has to be replaced in a JPEG, PNG, WebP, HEIC, AVIF, MP4 or QuickTime file.

    All metadata is removed but the orientation, since many fields can name a place.

    Args:
        path: The file.
        orientation: The EXIF orientation, 1 to 8; None if it is not known.

    Raises:
        NotRedactableError: The file has another format, or is damaged.
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        if head[4:8] == b"ftyp" or head[4:8] in {b"moov", b"mdat", b"wide", b"free", b"skip"}:
            return boxes.find_patches(stream)
        return _choose_finder(head)(stream, orientation or DEFAULT_ORIENTATION)


def _choose_finder(head: bytes) -> Finder:
    if head.startswith(b"\xff\xd8\xff"):
        return jpeg.find_patches
    if head.startswith(png.SIGNATURE):
        return png.find_patches
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return webp.find_patches
    raise NotRedactableError("the format is not supported")
