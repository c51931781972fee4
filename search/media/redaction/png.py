"""PNG: all chunks but those that a decoder needs."""

import zlib

from search.media.redaction.exif import make_exif
from search.media.redaction.patches import Data, NotRedactableError, Patch

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Chunks that change how an image looks, besides the critical ones.
NEEDED = {b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs"}
NEEDED |= {b"sPLT", b"acTL", b"fcTL", b"fdAT"}
# The type of a chunk that decoders ignore.
UNKNOWN = b"zzZz"


def find_patches(data: Data, orientation: int) -> list[Patch]:
    """Return what has to be replaced in a PNG file.

    Args:
        data: The file.
        orientation: The EXIF orientation, which is kept.

    Raises:
        NotRedactableError: The file is damaged.
    """
    patches: list[Patch] = []
    position, exif = len(SIGNATURE), b"eXIf" + make_exif(orientation)
    while position + 12 <= len(data):
        name = data[position + 4 : position + 8]
        end = position + 8 + int.from_bytes(data[position : position + 4], "big")
        if end + 4 > len(data):
            raise NotRedactableError("a chunk is truncated")
        if name == b"IEND":
            return [*patches, Patch(end + 4, len(data))]
        if name not in NEEDED and not name[:1].isupper():
            is_exif = name == b"eXIf" and len(exif) <= end - position - 4
            body = exif if is_exif else UNKNOWN
            checksum = zlib.crc32(body + bytes(end - position - 4 - len(body)))
            patches.append(Patch(position + 4, end + 4, body))
            patches.append(Patch(end, end + 4, checksum.to_bytes(4, "big")))
        position = end + 4
    raise NotRedactableError("the last chunk is missing")
