"""The boxes of MP4 and QuickTime files (ISO/IEC 14496-12)."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

MAX_BOXES = 10_000


class Box(NamedTuple):
    """One box of a file.

    Attributes:
        name: The type of the box.
        start: The position of its content in the file.
        end: The position after its content; before `start` if the length is not valid.
        head: The position of its header.
    """

    name: bytes
    start: int
    end: int
    head: int


def iterate_boxes(stream: BinaryIO, position: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield up to `MAX_BOXES` boxes of a file, or of a part of it; one whose length is not valid is the last.

    Args:
        stream: The file.
        position: Where the first box begins.
        end: Where the last one ends; None for the end of the file.
    """
    size = stream.seek(0, io.SEEK_END)
    size = size if end is None else min(end, size)
    for _ in range(MAX_BOXES):
        if position >= size:
            return
        stream.seek(position)
        head = stream.read(16)
        if len(head) < 8:
            return
        length, name = struct.unpack(">I4s", head[:8])
        start = 8
        if length == 1 and len(head) == 16:
            (length,), start = struct.unpack(">Q", head[8:]), 16
        elif length == 0:  # the box ends with the file
            length = size - position
        yield Box(name, position + start, position + length, position)
        if length < start:
            return
        position += length


def is_unfinished(source: Path | bytes) -> bool:
    """Return whether an MP4 or QuickTime file has no index: its recording or its copy was interrupted."""
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            names = [box.name for box in iterate_boxes(stream)]
    except OSError:
        return False
    return bool(names) and names[0] in {b"ftyp", b"wide", b"mdat"} and b"moov" not in names
