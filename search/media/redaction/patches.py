"""Bytes of a file that are replaced while it is read. The file itself is not changed."""

import io
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


# The content of a file, which may be read when it is needed.
Data = bytes | mmap.mmap


class NotRedactableError(ValueError):
    """A file has a format, or a structure, of which it is not known where it may name a place."""


class Patch(NamedTuple):
    """A part of a file that is replaced.

    Attributes:
        start: Its position in the file.
        end: The position after it.
        body: Its first bytes; the others become zero.
    """

    start: int
    end: int
    body: bytes = b""


class PatchedFile(io.RawIOBase):
    """A file that is read with some parts replaced."""

    def __init__(self, path: Path, patches: Sequence[Patch]) -> None:
        """Open a file.

        Args:
            path: The file.
            patches: The parts to replace.

        Raises:
            OSError: The file cannot be opened.
        """
        self._file = path.open("rb")
        self._patches = patches

    def readable(self) -> bool:
        """Return True: the file can be read."""
        return True

    def seekable(self) -> bool:
        """Return True: the file can be read from any position."""
        return True

    def tell(self) -> int:
        """Return the position of the next byte."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position of the next byte, and return it."""
        return self._file.seek(offset, whence)

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read up to the size of a buffer; return the number of bytes, 0 at the end."""
        target = memoryview(buffer).cast("B")
        start = self._file.tell()
        count = self._file.readinto(target)
        for patch in self._patches:
            first, last = max(patch.start, start), min(patch.end, start + count)
            if first < last:
                body = patch.body[first - patch.start : last - patch.start]
                target[first - start : last - start] = body + bytes(last - first - len(body))
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
