"""Walking a source: which files are there, of what type, and what could not be looked at."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from search.records import FileFacts, ItemType

SUFFIXES = {
    ItemType.IMAGE: "jpg jpeg jpe jfif png webp gif bmp tif tiff heic heif avif",
    ItemType.AUDIO: "wav mp3 m4a aac ogg oga opus flac wma aiff aif",
    ItemType.VIDEO: "mp4 m4v mov mkv webm avi mpg mpeg ogv 3gp ts",
    ItemType.DOCUMENT: "txt text md markdown rst html htm xhtml pdf docx srt vtt",
}
TYPES = {f".{suffix}": kind for kind, names in SUFFIXES.items() for suffix in names.split()}


@dataclass(frozen=True)
class Problem:
    """A file or folder that could not be looked at, and why; its path is printable."""

    file: FileFacts
    reason: str
    is_folder: bool = False


@dataclass(frozen=True)
class Skip:
    """A file that is not indexed, and why."""

    file: FileFacts
    reason: str


Found = FileFacts | Skip | Problem


def name_path(path: str) -> str:
    """Give a path as printable text; bytes that are no UTF-8 are shown as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def scan_source(root: Path, source_id: int, leave_out: Path) -> Iterator[Found]:
    """Walk a folder (or give a single file) in order of name.

    Symbolic links are followed, each folder once; `leave_out` (the home) is passed over. Folders that
    cannot be read, links that lead back or nowhere and names that are no UTF-8 come as problems.
    """
    if not root.is_dir():
        yield from _look_at(str(root), source_id)
        return
    yield from _walk(str(root), source_id, str(leave_out), ())


def _walk(folder: str, source_id: int, leave_out: str, above: tuple[tuple[int, int], ...]) -> Iterator[Found]:
    if folder == leave_out:
        return
    try:
        here = os.stat(folder)
        if (here.st_dev, here.st_ino) in above:
            yield _make_problem(folder, source_id, "symbolic link loop: leads back to a folder above it")
            return
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield _make_problem(folder, source_id, f"folder cannot be read: {error.strerror}", is_folder=True)
        return
    inside = (*above, (here.st_dev, here.st_ino))
    for entry in found:
        try:
            is_folder = entry.is_dir()
        except OSError:
            is_folder = False
        if is_folder:
            yield from _walk(entry.path, source_id, leave_out, inside)
        else:
            yield from _look_at(entry.path, source_id)


def _look_at(path: str, source_id: int) -> Iterator[Found]:
    printable = name_path(path)
    try:
        facts = os.stat(path)
    except OSError as error:
        yield _make_problem(path, source_id, _explain(path, error))
        return
    kind = TYPES.get(os.path.splitext(path)[1].lower())
    file = FileFacts(printable, source_id, kind, facts.st_size, facts.st_mtime_ns)
    if printable != path:
        yield Problem(file, "file name is not valid UTF-8: rename the file to index it")
    elif not stat.S_ISREG(facts.st_mode):
        yield Skip(file, "not a regular file")
    elif os.path.basename(path).startswith("."):
        yield Skip(file, "hidden file")
    elif kind is None:
        suffix = os.path.splitext(path)[1]
        yield Skip(file, f"files of type {suffix} are not supported" if suffix else "no file type suffix")
    else:
        yield file


def _make_problem(path: str, source_id: int, reason: str, is_folder: bool = False) -> Problem:
    return Problem(FileFacts(name_path(path), source_id, None, 0, 0), reason, is_folder)


def _explain(path: str, error: OSError) -> str:
    if not os.path.islink(path):
        return f"cannot be looked at: {error.strerror}"
    if isinstance(error, FileNotFoundError):
        return "symbolic link to a file that does not exist"
    return f"symbolic link that cannot be followed: {error.strerror}"
