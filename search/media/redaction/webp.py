"""WebP: all chunks but those that a decoder needs."""

from search.media.redaction.exif import make_exif
from search.media.redaction.patches import Data, NotRedactableError, Patch

NEEDED = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
# The type of a chunk that decoders ignore.
UNKNOWN = b"JUNK"
HEAD_BYTES = 12
EXIF_FLAG, XMP_FLAG = 0x08, 0x04


def find_patches(data: Data, orientation: int) -> list[Patch]:
    """Return what has to be replaced in a WebP file.

    Args:
        data: The file.
        orientation: The EXIF orientation, which is kept.

    Raises:
        NotRedactableError: The file is damaged.
    """
    patches, position, exif = [], HEAD_BYTES, make_exif(orientation)
    end_of_image = 8 + int.from_bytes(data[4:8], "little")
    flags_at, kept_flag = None, 0
    while position + 8 <= min(end_of_image, len(data)):
        name, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        start, end = position + 8, position + 8 + size
        if end > len(data):
            raise NotRedactableError("a chunk is truncated")
        if name == b"VP8X":
            flags_at = start
        elif name == b"EXIF" and not kept_flag and size >= len(exif):
            patches.append(Patch(start, end, exif))
            kept_flag = EXIF_FLAG
        elif name not in NEEDED:
            patches += [Patch(position, position + 4, UNKNOWN), Patch(start, end)]
        position = end + size % 2
    if flags_at is not None:
        flags = data[flags_at] & ~(EXIF_FLAG | XMP_FLAG) | kept_flag
        patches.append(Patch(flags_at, flags_at + 1, bytes([flags])))
    return [*patches, Patch(position, len(data))]
