"""Files that are sent in small blocks, with progress."""

import io
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from crossmodal.arguments import PathName, ProgressCallback
from crossmodal.client.calls import FormFile
from search.errors import UsageError


@dataclass
class SendProgress:
    """Counts the bytes of files that were sent.

    Attributes:
        report: Called with the bytes sent, all bytes and the path of the current file.
        total: The size of all files in bytes.
        sent: The bytes that were sent so far.
    """

    report: ProgressCallback
    total: int
    sent: int = field(default=0)

    def start(self) -> None:
        """Begin again, because the request is repeated."""
        self.sent = 0

    def add(self, size: int, name: str) -> None:
        """Report that a block was read, to be sent."""
        self.sent += size
        self.report(self.sent, self.total, name)


class SentFile(io.FileIO):
    """A file that reports what was read of it, up to the size that it had when it was opened."""

    def __init__(self, path: Path, report: Callable[[int, str], None]) -> None:
        try:
            super().__init__(path)
        except OSError as error:
            raise UsageError(f"Cannot read {path}: {error.strerror}") from error
        self._path = path
        self._report = report
        self._size = os.fstat(self.fileno()).st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes.

        Raises:
            UsageError: The file cannot be read, or became shorter.
        """
        left = self._size - self.tell()
        wanted = left if size is None or size < 0 else min(size, left)
        try:
            block = super().read(wanted)
        except OSError as error:
            raise UsageError(f"Cannot read {self._path}: {error.strerror}") from error
        if wanted > 0 and not block:
            raise UsageError(f"{self._path} became shorter while it was sent. Send it again.")
        if block:
            self._report(len(block), str(self._path))
        return block


def list_files(paths: Iterable[PathName]) -> list[FormFile]:
    """Return the files of an upload.

    Raises:
        UsageError: A file cannot be read, or a path is that of a folder.
    """
    files = [Path(path).expanduser() for path in paths]
    for path in files:
        if path.is_dir():
            raise UsageError(f"{path} is a folder. Name the files in it.")
        if not os.access(path, os.R_OK):
            reason = "Permission denied" if path.exists() else "No such file"
            raise UsageError(f"Cannot read {path}: {reason}")
    return [FormFile("file", path.name, path) for path in files]


def measure(files: Iterable[FormFile]) -> int:
    """Return the size of files in bytes."""
    return sum(len(one.content) if isinstance(one.content, bytes) else one.content.stat().st_size for one in files)
