"""JPEG: all segments but those that a decoder needs, and what follows the image, such as a film or a second image."""

import re
from typing import BinaryIO

from search.media.redaction.exif import make_exif
from search.media.redaction.patches import NotRedactableError, Patch
from search.media.redaction.reading import MAX_PARTS, measure

START, END, SCAN, COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
APPLICATION = range(0xE0, 0xF0)
# The application segments that change how an image looks: its resolution, color profile and color transform.
NEEDED = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
EXIF_SEGMENT, EXIF_PREFIX = 0xE1, b"Exif\0\0"
# A marker inside compressed data: not an escaped byte, not a restart marker.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


# The size of the first block of compressed data that is searched, and of the largest.
MIN_BLOCK_BYTES, MAX_BLOCK_BYTES = 2**12, 2**20
HEAD_BYTES = 4


def find_patches(stream: BinaryIO, orientation: int) -> list[Patch]:
    """Return what has to be replaced in a JPEG file.

    Args:
        stream: The file.
        orientation: The EXIF orientation, which is kept.

    Raises:
        NotRedactableError: The file is damaged.
    """
    patches: list[Patch] = []
    position, has_exif = 2, False
    for _ in range(MAX_PARTS):
        stream.seek(position)
        head = stream.read(HEAD_BYTES)
        if len(head) < 2:
            return patches
        marker = head[1]
        if head[0] != 0xFF:
            raise NotRedactableError("a segment has no marker")
        if marker == 0xFF:  # a filler
            position += 1
            continue
        if marker == END:
            return [*patches, Patch(position + 2, measure(stream))]
        start, end = position + HEAD_BYTES, position + 2 + int.from_bytes(head[2:], "big")
        position = end
        if marker == SCAN:
            position = _find_marker(stream, end)
        elif marker == COMMENT or marker in APPLICATION:
            content = stream.read(len(max(NEEDED.values(), key=len)))
            if marker in NEEDED and content.startswith(NEEDED[marker]):
                continue
            is_exif = marker == EXIF_SEGMENT and content.startswith(EXIF_PREFIX) and not has_exif
            body = EXIF_PREFIX + make_exif(orientation) if is_exif else b""
            has_exif = has_exif or is_exif
            patches.append(Patch(start, end, body if len(body) <= end - start else b""))
    raise NotRedactableError("there are too many segments")


def _find_marker(stream: BinaryIO, start: int) -> int:
    """Return the position of the first marker in compressed data; that of the end of the file without one."""
    stream.seek(start)
    kept, size = b"", MIN_BLOCK_BYTES
    while block := stream.read(size):
        body = kept + block
        if (found := _MARKER.search(body)) is not None:
            return start + found.start()
        kept = body[-1:] if body.endswith(b"\xff") else b""
        start += len(body) - len(kept)
        size = min(2 * size, MAX_BLOCK_BYTES)
    return start + len(kept)
