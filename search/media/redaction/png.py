"""PNG: all chunks but those that a decoder needs."""

import zlib
from typing import BinaryIO

from search.media.redaction.exif import make_exif
from search.media.redaction.patches import NotRedactableError, Patch
from search.media.redaction.reading import MAX_PARTS, MAX_TABLE_BYTES, measure, read

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Chunks that change how an image looks, besides the critical ones.
NEEDED = {b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs"}
NEEDED |= {b"sPLT", b"acTL", b"fcTL", b"fdAT"}
# The type of a chunk that decoders ignore.
UNKNOWN = b"zzZz"


def find_patches(stream: BinaryIO, orientation: int) -> list[Patch]:
    """Return what has to be replaced in a PNG file.

    Args:
        stream: The file.
        orientation: The EXIF orientation, which is kept.

    Raises:
        NotRedactableError: The file is damaged.
    """
    patches: list[Patch] = []
    position, file_size, exif = len(SIGNATURE), measure(stream), b"eXIf" + make_exif(orientation)
    for _ in range(MAX_PARTS):
        head = read(stream, position, 8)
        size, name = int.from_bytes(head[:4], "big"), head[4:]
        end = position + 8 + size
        if end + 4 > file_size:
            raise NotRedactableError("a chunk is truncated")
        if name == b"IEND":
            return [*patches, Patch(end + 4, file_size)]
        if name not in NEEDED and not name[:1].isupper():
            if size > MAX_TABLE_BYTES:
                raise NotRedactableError("a chunk of metadata is too large")
            body = exif if name == b"eXIf" and len(exif) <= 4 + size else UNKNOWN
            checksum = zlib.crc32(body + bytes(4 + size - len(body)))
            patches.append(Patch(position + 4, end, body))
            patches.append(Patch(end, end + 4, checksum.to_bytes(4, "big")))
        position = end + 4
    raise NotRedactableError("there are too many chunks")
