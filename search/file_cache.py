"""Folders of files that are made when they are first requested, limited in size."""

import os
import threading
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from search.paths import write_atomically

# A full cache is emptied to this share of its limit, so that not every new file removes others.
KEPT_SHARE = 0.8
# Large files are not measured again before this share of the space was written.
MEASURED_SHARE = 1 / 16


class FileCache:
    """Files by name, of which those that were not used for the longest time are removed. Thread-safe.

    Names start with the id of an item and a hyphen.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """Choose the folder, which is created when the first file is added.

        Args:
            folder: The folder.
            max_bytes: The size of all files together; 0 to store nothing.
        """
        self._folder = folder
        self._max_bytes = max_bytes

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, and mark it as used; None if there is none."""
        path = self._folder / name
        try:
            body = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return body

    def add(self, name: str, body: bytes) -> None:
        """Add a file. Nothing is stored if the disk is full."""
        if not 0 < len(body) <= self._max_bytes:
            return
        with suppress(OSError):
            write_atomically(self._folder / name, body)
            self._shrink()

    def _shrink(self) -> None:
        remove_unused(self._folder.iterdir(), self._max_bytes, self._max_bytes * KEPT_SHARE)


class PreviewCache:
    """Keeps files in a folder up to a size. Thread-safe."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """Prepare a cache; the folder need not exist.

        Args:
            folder: The folder. Files are in folders inside it.
            max_bytes: The size that the files may have together, apart from a sixteenth.
        """
        self._folder, self._max_bytes = folder, max_bytes
        self._lock = threading.Lock()
        self._unmeasured = max_bytes  # the first file is counted with those that are there already

    def get(self, path: Path, write: Callable[[Path], None]) -> Path:
        """Return a file of the cache; write it first if it does not exist.

        Args:
            path: The file.
            write: Writes it under another name.

        Raises:
            OSError: The disk is full.
        """
        if path.exists():
            with suppress(OSError):
                os.utime(path)
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
        try:
            write(partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        self._make_room(path)
        return path

    def _make_room(self, added: Path) -> None:
        size = added.stat().st_size
        with self._lock:
            self._unmeasured += size
            if self._unmeasured < self._max_bytes * MEASURED_SHARE:
                return
            self._unmeasured = 0
            others = (path for path in self._folder.glob("*/*") if path != added)
            removed = remove_unused(others, self._max_bytes - size, self._max_bytes - size)
        for folder in {path.parent for path in removed}:
            with suppress(OSError):  # it has other files
                folder.rmdir()


def remove_unused(files: Iterable[Path], max_bytes: float, kept_bytes: float) -> list[Path]:
    """Remove the files that were not used for the longest time, if all together are too large.

    Args:
        files: The files. Folders among them are left alone.
        max_bytes: The size that all files may have.
        kept_bytes: If they have more, files are removed until the others have at most this size.

    Returns:
        The removed files.
    """
    found = []
    for path in files:
        with suppress(OSError):  # it was removed meanwhile
            if path.is_file():
                found.append((path.stat(), path))
    size = sum(facts.st_size for facts, _ in found)
    if size <= max_bytes:
        return []
    removed = []
    for facts, path in sorted(found, key=lambda file: file[0].st_mtime_ns):
        if size <= kept_bytes:
            break
        with suppress(OSError):
            path.unlink(missing_ok=True)
            removed.append(path)
        size -= facts.st_size
    return removed
