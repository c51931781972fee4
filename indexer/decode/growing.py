"""Recognize files that are still being written, so that they are read once they are complete."""

import time
from pathlib import Path

from search.records import FileFacts, ItemType
from search.storable import clamp_integer

# Why a file waits; stored in the ledger.
STILL_WRITTEN = "still being written: it is read once it has not changed for a while"
# While folders are watched, sound and images are read when they have not changed for this time.
QUIET_SECONDS = 2.0
# While folders are watched, a file that cannot be decoded is tried again until it has not changed for this time:
# copying over a slow network pauses.
MAX_PAUSE_SECONDS = 60.0


def has_changed(file: FileFacts) -> bool:
    """Return whether a file has changed since it was scanned; False if it does not exist anymore."""
    try:
        facts = Path(file.path).stat()
    except OSError:
        return False
    return (facts.st_size, clamp_integer(facts.st_mtime_ns)) != (file.size, file.mtime_ns)


def is_recent(file: FileFacts, seconds: float) -> bool:
    """Return whether a file was changed in the last seconds. A time in the future, of another clock, is not recent."""
    return 0 <= time.time() - file.mtime_ns / 1e9 < seconds


def must_wait(file: FileFacts, quiet_seconds: float) -> bool:
    """Return whether a file should not be read yet.

    Args:
        file: The file. Documents are always read: a log may grow forever.
        quiet_seconds: How long a file must not have changed; 0 to read all files, since no later run will.
    """
    return (
        quiet_seconds > 0
        and file.type is not ItemType.DOCUMENT
        and (has_changed(file) or is_recent(file, quiet_seconds))
    )


def may_be_incomplete(file: FileFacts, quiet_seconds: float) -> bool:
    """Return whether a file that cannot be decoded may still be incomplete.

    Args:
        file: The file.
        quiet_seconds: As for `must_wait`.
    """
    return has_changed(file) or (quiet_seconds > 0 and is_recent(file, MAX_PAUSE_SECONDS))
