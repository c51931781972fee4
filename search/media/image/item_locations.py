"""Where the items of a HEIC or AVIF file are stored: the box `iloc` (ISO/IEC 14496-12, 8.11.3)."""

import io
from collections.abc import Iterator
from typing import NamedTuple

from search.media.recording.boxes import Box, iterate_boxes

# Where offsets count from: the start of the file, or that of the box `idat`.
FROM_FILE_START, FROM_DATA_BOX = 0, 1
LAST_VERSION = 2


class Extent(NamedTuple):
    """The place of an item, or of a part of it.

    Attributes:
        item: The id of the item.
        method: Where offsets count from.
        file: The number of the file that it is in, 0 for the one with the table.
        is_whole: Whether the item is stored in one piece.
        start: The position of its first byte, by the method.
        length: In bytes.
        base: What is added to the stored offset.
        field: The position in the file where its offset is stored, and its length after it.
        offset_size: The size of the stored offset in bytes.
        length_size: The size of the stored length in bytes.
    """

    item: int
    method: int
    file: int
    is_whole: bool
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
        """Return the next number of some bytes. Raise ValueError at the end of the file."""
        if self.position + size > len(self.body):
            raise ValueError("the table of items is truncated")
        self.position += size
        return int.from_bytes(self.body[self.position - size : self.position], "big")


def list_extents(body: bytes) -> list[Extent]:
    """Return the places of the items that are stored in one piece, in order of their ids; none if they are not known.

    Args:
        body: The content of the file.
    """
    box = _find_box(body)
    try:
        extents = list(iterate_extents(body, box.start)) if box is not None else []
    except ValueError:
        return []
    return [one for one in extents if one.method == FROM_FILE_START and one.is_whole]


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


def iterate_extents(body: bytes, position: int = 0) -> Iterator[Extent]:
    """Yield the places of all items in order.

    Args:
        body: What contains the content of the box `iloc`.
        position: Where that begins.

    Raises:
        ValueError: The table is truncated, or has a version that is not known.
    """
    reader = _Reader(body, position)
    version = reader.read(4) >> 24
    if version > LAST_VERSION:
        raise ValueError("the table of items has a version that is not known")
    sizes = reader.read(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    number_size = 4 if version == LAST_VERSION else 2
    for _ in range(reader.read(number_size)):
        item = reader.read(number_size)
        method = reader.read(2) & 15 if version else FROM_FILE_START
        file, base, count = reader.read(2), reader.read(base_size), reader.read(2)
        # Entries without a size are all the same, and could be many.
        for _ in range(count if index_size + offset_size + length_size else min(count, 1)):
            reader.read(index_size)
            field = reader.position
            start, length = base + reader.read(offset_size), reader.read(length_size)
            yield Extent(item, method, file, count == 1, start, length, base, field, offset_size, length_size)


def _find_box(body: bytes) -> Box | None:
    """Return the box `iloc` in the box `meta`, which begins with its version."""
    with io.BytesIO(body) as stream:
        meta = next((box for box in iterate_boxes(stream) if box.name == b"meta"), None)
        if meta is None:
            return None
        return next((box for box in iterate_boxes(stream, meta.start + 4, meta.end) if box.name == b"iloc"), None)
