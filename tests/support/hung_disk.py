"""A folder on a disk that does not respond, such as a network disk whose server is gone."""

import io
import os
import threading
from collections.abc import Collection
from pathlib import Path

from search.disk_guard import DISKS

# The functions that access a path, and their modules.
FUNCTIONS = [(os, "stat"), (os, "lstat"), (os, "scandir"), (os, "open"), (os, "statvfs"), (io, "open")]
NAMES = {name for _, name in FUNCTIONS}
# No call hangs longer than a test may take.
MAX_SECONDS = 60.0


class HungDisk:
    """Lets every access to a folder, and to what is in it, hang until `free` is set.

    Attributes:
        free: Set it to let the disk respond again.
        hanging: The paths that were accessed while it did not.
    """

    def __init__(self, monkeypatch, folder: Path, functions: Collection[str] = NAMES) -> None:
        self.free = threading.Event()
        self.hanging: list[str] = []
        self._folder = str(folder)
        for module, name in FUNCTIONS:
            if name not in functions:
                continue
            monkeypatch.setattr(module, name, self._guard(getattr(module, name)))
        monkeypatch.setattr(DISKS, "response_seconds", 0.5)
        monkeypatch.setattr(DISKS, "step_seconds", 1.0)
        monkeypatch.setattr(DISKS, "turn_seconds", 0.1)

    def _guard(self, function):
        def access(path, *args, **kwargs):
            name = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
            if isinstance(name, str) and (name == self._folder or name.startswith(f"{self._folder}/")):
                self.hanging.append(name)
                self.free.wait(MAX_SECONDS)
            return function(path, *args, **kwargs)

        return access

    def count_threads(self) -> int:
        """Return how many threads wait for the disk."""
        return sum(thread.name.startswith("disk ") for thread in threading.enumerate())
