"""Bytes of a file that are replaced while it is read. The file itself is not changed."""

import io
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class NotRedactableError(ValueError):
    """A file has a format, or a structure, of which it is not known where it may name a place."""


class UnreadableTrackError(NotRedactableError):
    """A film has a track of text or metadata that may name the place of each moment, and cannot be read."""


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

    def __init__(self, path: Path, patches: Iterable[Patch]) -> None:
        """Open a file.

        Args:
            path: The file.
            patches: The parts to replace.

        Raises:
            OSError: The file cannot be opened.
        """
        self._file = path.open("rb")
        self._patches = _join(patches)
        self._starts = [patch.start for patch in self._patches]

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
        number = max(bisect_right(self._starts, start) - 1, 0)
        for patch in self._patches[number : bisect_left(self._starts, start + count)]:
            first, last = max(patch.start, start), min(patch.end, start + count)
            if first < last:
                body = patch.body[first - patch.start : last - patch.start]
                target[first - start : last - start] = body + bytes(last - first - len(body))
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def _join(patches: Iterable[Patch]) -> list[Patch]:
    """Return patches in order. Those that overlap, as in a damaged file, become one with the body of the first."""
    joined: list[Patch] = []
    for patch in sorted(patches, key=lambda patch: (patch.start, not patch.body)):
        if joined and patch.start < joined[-1].end:
            joined[-1] = joined[-1]._replace(end=max(joined[-1].end, patch.end))
        elif patch.start < patch.end:
            joined.append(patch)
    return joined
