"""Where the items of a HEIC or AVIF file are stored: the box `iloc` (ISO/IEC 14496-12, 8.11.3)."""

import io
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from search.media.recording.boxes import MAX_BOXES, Box, iterate_boxes

MAX_ITEMS = 10_000
# Offsets count from the start of the file, unlike those in the box `idat`.
FROM_FILE_START = 0


class Extent(NamedTuple):
    """The place of an item that is stored in one piece.

    Attributes:
        start: The position of its first byte in the file.
        length: In bytes.
        base: What is added to the stored offset.
        field: The position in the file where its offset is stored, and its length after it.
        offset_size: The size of the stored offset in bytes.
        length_size: The size of the stored length in bytes.
    """

    start: int
    length: int
    base: int
    field: int
    offset_size: int
    length_size: int


class _Reader:
    """Reads big-endian numbers one after another."""

    def __init__(self, body: bytes, position: int) -> None:
        self.body = body
        self.position = position

    def read(self, size: int) -> int:
        """Return the next number of some bytes. Raise EOFError at the end of the file."""
        if self.position + size > len(self.body):
            raise EOFError
        self.position += size
        return int.from_bytes(self.body[self.position - size : self.position], "big")


def list_extents(body: bytes) -> list[Extent]:
    """Return the places of the items that are stored in one piece, in order of their ids; none if they are not known.

    Args:
        body: The content of the file.
    """
    box = _find_box(body)
    try:
        return list(_read_extents(_Reader(body, box.start))) if box is not None else []
    except EOFError:
        return []


def share_extent(body: bytearray, extent: Extent, source: Extent) -> bool:
    """Let an item have the content of another one. Return whether that is possible.

    Args:
        body: The content of the file, which is changed.
        extent: The place of the item.
        source: The place of the other one.
    """
    offset, sizes = source.start - extent.base, (extent.offset_size, extent.length_size)
    if offset < 0 or offset >> 8 * sizes[0] or source.length >> 8 * sizes[1]:
        return False
    numbers = offset.to_bytes(sizes[0], "big") + source.length.to_bytes(sizes[1], "big")
    body[extent.field : extent.field + len(numbers)] = numbers
    return True


def _find_box(body: bytes) -> Box | None:
    """Return the box `iloc` in the box `meta`, which begins with its version."""
    with io.BytesIO(body) as stream:
        meta = next((box for box in islice(iterate_boxes(stream), MAX_BOXES) if box.name == b"meta"), None)
        if meta is None:
            return None
        boxes = islice(iterate_boxes(stream, meta.start + 4, meta.end), MAX_BOXES)
        return next((box for box in boxes if box.name == b"iloc"), None)


def _read_extents(reader: _Reader) -> Iterator[Extent]:
    version = reader.read(4) >> 24
    sizes = reader.read(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version in {1, 2} else 0
    number_size = 4 if version == 2 else 2
    for _ in range(min(reader.read(number_size), MAX_ITEMS)):
        reader.read(number_size)
        method = reader.read(2) & 15 if version in {1, 2} else FROM_FILE_START
        reader.read(2)
        base, count = reader.read(base_size), reader.read(2)
        for _ in range(count):
            reader.read(index_size)
            field = reader.position
            offset, length = reader.read(offset_size), reader.read(length_size)
            if method == FROM_FILE_START and count == 1:
                yield Extent(base + offset, length, base, field, offset_size, length_size)
