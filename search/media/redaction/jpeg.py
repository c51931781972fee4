"""JPEG: all segments but those that a decoder needs, and what follows the image, such as a film or a second image."""

import re

from search.media.redaction.exif import make_exif
from search.media.redaction.patches import Data, NotRedactableError, Patch

START, END, SCAN, COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
APPLICATION = range(0xE0, 0xF0)
# The application segments that change how an image looks: its resolution, color profile and color transform.
NEEDED = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
EXIF_SEGMENT, EXIF_PREFIX = 0xE1, b"Exif\0\0"
# A marker inside compressed data: not an escaped byte, not a restart marker.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def find_patches(data: Data, orientation: int) -> list[Patch]:
    """Return what has to be replaced in a JPEG file.

    Args:
        data: The file.
        orientation: The EXIF orientation, which is kept.

    Raises:
        NotRedactableError: The file is damaged.
    """
    patches: list[Patch] = []
    position, has_exif = 2, False
    while position + 2 <= len(data):
        marker = data[position + 1]
        if data[position] != 0xFF:
            raise NotRedactableError("a segment has no marker")
        if marker == 0xFF:  # a filler
            position += 1
            continue
        if marker == END:
            return [*patches, Patch(position + 2, len(data))]
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == SCAN:
            found = _MARKER.search(data, end)
            position = found.start() if found else len(data)
            continue
        start = position + 4
        if marker == COMMENT or (marker in APPLICATION and not _is_needed(data, marker, start)):
            prefix = data[start : start + len(EXIF_PREFIX)]
            is_exif = marker == EXIF_SEGMENT and prefix == EXIF_PREFIX and not has_exif
            body = EXIF_PREFIX + make_exif(orientation) if is_exif else b""
            has_exif = has_exif or is_exif
            patches.append(Patch(start, end, body if len(body) <= end - start else b""))
        position = end
    return patches


def _is_needed(data: Data, marker: int, start: int) -> bool:
    needed = NEEDED.get(marker)
    return needed is not None and data[start : start + len(needed)] == needed
