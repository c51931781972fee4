"""The metadata items of HEIC and AVIF files (ISO/IEC 23008-12): EXIF and XMP."""

from collections.abc import Iterator
from typing import BinaryIO

from search.media.recording.boxes import Box, iterate_boxes
from search.media.redaction.exif import make_exif
from search.media.redaction.patches import NotRedactableError, Patch

EXIF = b"Exif"
METADATA_ITEMS = {EXIF, b"mime", b"uri "}
# The orientation of such an image is a property of it.
EMPTY_EXIF = bytes(4) + make_exif(1)
# A box with a version and flags has them before its content.
VERSION_BYTES = 4
# Where the extents of an item are counted from.
FROM_FILE, FROM_DATA_BOX = 0, 1


class _Reader:
    """Reads big-endian numbers one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def read(self, size: int) -> int:
        """Return the next number."""
        self._position += size
        if self._position > len(self._data):
            raise NotRedactableError("a table of items is truncated")
        return int.from_bytes(self._data[self._position - size : self._position], "big")


def find_item_patches(stream: BinaryIO, meta: Box) -> Iterator[Patch]:
    """Yield patches that overwrite the metadata items of an image.

    Args:
        stream: The file.
        meta: Its box `meta`.

    Raises:
        NotRedactableError: The tables of items are damaged, or refer to another file.
    """
    boxes = {box.name: box for box in iterate_boxes(stream, meta.start + VERSION_BYTES, meta.end)}
    if b"iinf" not in boxes or b"iloc" not in boxes:
        raise NotRedactableError("there is no table of items")
    metadata = dict(_list_metadata(stream, boxes[b"iinf"]))
    known = frozenset(metadata)
    data = boxes.get(b"idat")
    size = stream.seek(0, 2)
    for item, method, offset, length in _list_extents(_read_box(stream, boxes[b"iloc"])):
        if item not in known:
            continue
        if method == FROM_DATA_BOX and data is not None:
            start, limit = offset + data.start, data.end
        elif method == FROM_FILE:
            start, limit = offset, size
        else:
            raise NotRedactableError("an item is in another item")
        if start + length > limit or not length:
            raise NotRedactableError("an item is outside the file")
        # Decoders refuse an image whose EXIF data is not valid.
        body = EMPTY_EXIF if metadata.pop(item, None) == EXIF else b""
        yield Patch(start, start + length, body if len(body) <= length else b"")


def _read_box(stream: BinaryIO, box: Box) -> bytes:
    stream.seek(box.start)
    return stream.read(max(box.end - box.start, 0))


def _list_metadata(stream: BinaryIO, table: Box) -> Iterator[tuple[int, bytes]]:
    """Yield the ids and the types of the items with metadata."""
    version = _read_box(stream, table)[:1]
    count_bytes = 2 if version == b"\0" else 4
    for entry in iterate_boxes(stream, table.start + VERSION_BYTES + count_bytes, table.end):
        content = _read_box(stream, entry)
        id_bytes = 4 if content[:1] == b"\3" else 2
        name_at = VERSION_BYTES + id_bytes + 2
        if content[:1] not in {b"\2", b"\3"}:
            raise NotRedactableError("an item has no type")
        kind = content[name_at : name_at + 4]
        if kind in METADATA_ITEMS:
            yield int.from_bytes(content[VERSION_BYTES : VERSION_BYTES + id_bytes], "big"), kind


def _list_extents(table: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield the item, where it is counted from, the offset and the length of each extent."""
    reader = _Reader(table)
    version = reader.read(1)
    reader.read(3)
    sizes = reader.read(2)
    offset_bytes, length_bytes, base_bytes, index_bytes = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(reader.read(2 if version < 2 else 4)):
        item = reader.read(2 if version < 2 else 4)
        method = reader.read(2) & 15 if version else FROM_FILE
        reader.read(2)  # the file: 0 for this one
        base = reader.read(base_bytes)
        for _ in range(reader.read(2)):
            if version:
                reader.read(index_bytes)
            offset = reader.read(offset_bytes)
            yield item, method, base + offset, reader.read(length_bytes)
