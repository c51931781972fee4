"""The cache of fragments and clips in a home: what was not used for the longest time makes room."""

import os
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# The disk is looked through after this share of the space was written.
MEASURED_SHARE = 1 / 16


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
        with self._lock:
            self._unmeasured += added.stat().st_size
            if self._unmeasured < self._max_bytes * MEASURED_SHARE:
                return
            self._unmeasured = 0
            files = [
                (facts.st_mtime, facts.st_size, path) for path, facts in _list_files(self._folder) if path != added
            ]
            size = added.stat().st_size + sum(one for _, one, _ in files)
            for _, one, path in sorted(files):
                if size <= self._max_bytes:
                    break
                path.unlink(missing_ok=True)
                size -= one
                with suppress(OSError):  # it has other files
                    path.parent.rmdir()


def _list_files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    for path in folder.glob("*/*"):
        with suppress(OSError):  # it was deleted meanwhile
            found.append((path, path.stat()))
    return found
