"""A folder of files that are made when they are first requested, limited in size."""

import os
from contextlib import suppress
from pathlib import Path

from search.paths import write_atomically

# A full cache is emptied to this share of its limit, so that not every new file removes others.
KEPT_SHARE = 0.8


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
        """Remove the files that were not used for the longest time, if all together are too large."""
        files = [(entry.stat(), entry.path) for entry in os.scandir(self._folder) if entry.is_file()]
        size = sum(facts.st_size for facts, _ in files)
        if size <= self._max_bytes:
            return
        for facts, path in sorted(files, key=lambda file: file[0].st_mtime_ns):
            if size <= self._max_bytes * KEPT_SHARE:
                break
            with suppress(OSError):
                Path(path).unlink()
            size -= facts.st_size
