"""The disk space that a home uses. A large library has many thumbnails, so the result is kept for a while."""

import os
import threading
import time
from pathlib import Path

# A measurement is reused for this time, and for this many times as long as it took.
MIN_AGE_SECONDS, AGE_PER_SECOND = 30.0, 100.0

_lock = threading.Lock()
_measured: dict[Path, tuple[float, int]] = {}


def read_disk_usage(folder: Path) -> int:
    """Return the size of all files below a folder in bytes, as of now or a short time ago."""
    with _lock:
        valid_until, size = _measured.get(folder, (0.0, 0))
        if time.monotonic() >= valid_until:
            began = time.monotonic()
            size = measure_disk_usage(folder)
            took = time.monotonic() - began
            _measured[folder] = (time.monotonic() + max(MIN_AGE_SECONDS, took * AGE_PER_SECOND), size)
        return size


def measure_disk_usage(folder: Path) -> int:
    """Return the size of all files below a folder in bytes. Files that are deleted meanwhile are left out."""
    size, waiting = 0, [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        size += _measure_file(entry)
        except OSError:
            continue
    return size


def _measure_file(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0
