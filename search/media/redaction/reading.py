"""Read the parts of a file that decide what is replaced in it. What is not valid, or is too large, is refused."""

from collections.abc import Iterable
from typing import BinaryIO

from search.media.recording.boxes import MAX_BOXES, Box, iterate_boxes
from search.media.redaction.patches import NotRedactableError, Patch

# More segments, chunks or boxes than any file has, and larger tables.
MAX_PARTS = 250_000
MAX_TABLE_BYTES = 16 * 2**20
# A box that readers ignore.
IGNORED = b"free"


def measure(stream: BinaryIO) -> int:
    """Return the size of a file in bytes."""
    return stream.seek(0, 2)


def read(stream: BinaryIO, start: int, size: int) -> bytes:
    """Return a number of bytes at a position.

    Raises:
        NotRedactableError: The file ends before them, or they are too many.
    """
    if size > MAX_TABLE_BYTES:
        raise NotRedactableError("a table is too large")
    stream.seek(start)
    data = stream.read(size)
    if len(data) < size:
        raise NotRedactableError("the file is truncated")
    return data


class BoxReader:
    """Reads the boxes of one file.

    Attributes:
        size: The size of the file in bytes.
    """

    def __init__(self, stream: BinaryIO) -> None:
        """Start to read a file."""
        self._stream = stream
        self.size = measure(stream)
        self._parts = 0

    def list_boxes(self, parent: Box | None = None, skip: int = 0) -> list[Box]:
        """Return the boxes of the file, or of one of its boxes.

        Args:
            parent: The box around them; None for the file.
            skip: The number of bytes of the parent before them.

        Raises:
            NotRedactableError: The length of a box is not valid, or there are too many.
        """
        start, limit = (0, self.size) if parent is None else (parent.start + skip, parent.end)
        boxes = list(iterate_boxes(self._stream, start, limit))
        self._parts += len(boxes)
        if len(boxes) == MAX_BOXES or self._parts > MAX_PARTS:
            raise NotRedactableError("there are too many boxes")
        if any(box.end < box.start or box.end > limit for box in boxes):
            raise NotRedactableError("a box has no valid length")
        return boxes

    def find_box(self, parent: Box, name: bytes) -> Box:
        """Return the only box with a name in another one. See `get_box`."""
        return get_box(self.list_boxes(parent), name)

    def read_box(self, box: Box) -> bytes:
        """Return the content of a box.

        Raises:
            NotRedactableError: It is too large.
        """
        return read(self._stream, box.start, box.end - box.start)

    def read(self, start: int, end: int) -> bytes:
        """Return a part of the file. Raises NotRedactableError."""
        return read(self._stream, start, end - start)

    def read_start(self, box: Box, size: int) -> bytes:
        """Return the first bytes of the content of a box.

        Raises:
            NotRedactableError: It is shorter.
        """
        if box.end - box.start < size:
            raise NotRedactableError("a box is truncated")
        return read(self._stream, box.start, size)


def get_box(boxes: Iterable[Box], name: bytes) -> Box:
    """Return the only box with a name: of several, it is not known which one a decoder reads.

    Raises:
        NotRedactableError: There is none, or more than one.
    """
    found = [box for box in boxes if box.name == name]
    if len(found) != 1:
        raise NotRedactableError(f"there are {len(found)} boxes {name.decode('latin-1')}")
    return found[0]


def ignore(box: Box) -> list[Patch]:
    """Return the patches that make readers ignore a box, whose content becomes zero."""
    return [Patch(box.head + 4, box.head + 8, IGNORED), Patch(box.start, box.end)]
