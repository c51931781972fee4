"""What a scan reports about each file and folder."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.decode.families import TYPES, recognize_content
from search.paths import explain_read_error
from search.records import SIDECAR_SEPARATOR, FileFacts, ItemType

NOT_UTF8 = "the file name is not valid UTF-8: rename the file to index it"


@dataclass(frozen=True)
class Problem:
    """A file or folder that cannot be read.

    Attributes:
        file: What is known about it; its path is printable.
        reason: Why it cannot be read.
        is_folder: Whether it is a folder.
        is_temporary: Whether reading failed, which can pass. Nothing that is known about the file is discarded then.
    """

    file: FileFacts
    reason: str
    is_folder: bool = False
    is_temporary: bool = False


@dataclass(frozen=True)
class Skip:
    """A file or folder that is not indexed.

    Attributes:
        file: What is known about it.
        reason: Why it is not indexed.
        is_folder: Whether it is a folder, of which nothing is read.
    """

    file: FileFacts
    reason: str
    is_folder: bool = False


# A string is the path of a file that is unchanged since it was indexed or skipped.
ScanResult = FileFacts | Skip | Problem | str


def guess_type(path: str) -> ItemType | None:
    """Return the type of a file by its name, None if the name does not determine it."""
    return TYPES.get(os.path.splitext(path)[1].lower())


def describe_sidecars(path: str, sidecars: Iterable[str]) -> str | None:
    """Return name, size and modification time of the sidecars of a file, to detect changes; None if there are none.

    Sidecars that cannot be read are left out.
    """
    described: list[str] = []
    for sidecar in sidecars:
        with suppress(OSError, UnicodeEncodeError):
            facts = os.stat(os.path.join(os.path.dirname(path), sidecar))
            sidecar.encode()
            described.append(f"{sidecar}:{facts.st_size}:{facts.st_mtime_ns}")
    return SIDECAR_SEPARATOR.join(described) or None


def classify(path: str, file: FileFacts, mode: int) -> FileFacts | Skip | Problem:
    """Return what is known about a file with the type that its content shows, or why it is not indexed.

    Args:
        path: The file.
        file: What is known about it.
        mode: Its mode.
    """
    if file.path != path:
        return Problem(file, NOT_UTF8)
    if not stat.S_ISREG(mode):
        return Skip(file, "not a regular file")
    return _recognize(path, file) if file.type is None else file


def _recognize(path: str, file: FileFacts) -> FileFacts | Skip | Problem:
    """Return a file with the type that its content shows, if its name does not."""
    try:
        item_type = recognize_content(Path(path))
    except OSError as error:
        return Problem(file.without_stamp(), explain_read_error(error), is_temporary=True)
    if item_type is not None:
        return replace(file, type=item_type)
    suffix = os.path.splitext(path)[1]
    reason = f"files of type {suffix} are not supported" if suffix else "the file name has no suffix"
    return Skip(file, f"{reason}, and the content is not of a supported type")


def explain_error(path: str, error: OSError) -> str:
    """Return why a file cannot be read, for users."""
    if not os.path.islink(path):
        return explain_read_error(error)
    if isinstance(error, FileNotFoundError):
        return "symbolic link to a file that does not exist"
    return f"symbolic link that cannot be followed: {error.strerror or error}"
