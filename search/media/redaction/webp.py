"""WebP: all chunks but those that a decoder needs."""

from typing import BinaryIO

from search.media.redaction.exif import make_exif
from search.media.redaction.patches import NotRedactableError, Patch
from search.media.redaction.reading import MAX_PARTS, measure, read

NEEDED = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
# The type of a chunk that decoders ignore.
UNKNOWN = b"JUNK"
HEAD_BYTES = 12
EXIF_FLAG, XMP_FLAG = 0x08, 0x04


def find_patches(stream: BinaryIO, orientation: int) -> list[Patch]:
    """Return what has to be replaced in a WebP file.

    Args:
        stream: The file.
        orientation: The EXIF orientation, which is kept.

    Raises:
        NotRedactableError: The file is damaged.
    """
    patches, position, exif = [], HEAD_BYTES, make_exif(orientation)
    file_size, flags_at, kept_flag = measure(stream), None, 0
    image_end = min(8 + int.from_bytes(read(stream, 4, 4), "little"), file_size)
    while position + 8 <= image_end:
        head = read(stream, position, 8)
        name, size = head[:4], int.from_bytes(head[4:], "little")
        start, end = position + 8, position + 8 + size
        if end > file_size:
            raise NotRedactableError("a chunk is truncated")
        if name == b"VP8X":
            flags_at = start
        elif name == b"EXIF" and not kept_flag and size >= len(exif):
            patches.append(Patch(start, end, exif))
            kept_flag = EXIF_FLAG
        elif name not in NEEDED:
            patches += [Patch(position, position + 4, UNKNOWN), Patch(start, end)]
        if len(patches) > MAX_PARTS:
            raise NotRedactableError("there are too many chunks")
        position = end + size % 2
    if flags_at is not None:
        flags = read(stream, flags_at, 1)[0] & ~(EXIF_FLAG | XMP_FLAG) | kept_flag
        patches.append(Patch(flags_at, flags_at + 1, bytes([flags])))
    return [*patches, Patch(position, file_size)]
