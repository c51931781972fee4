"""Walking a source: which files are there, of what type, and what could not be looked at."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from search.records import FileFacts, ItemType, LedgerRow, State

SUFFIXES = {
    ItemType.IMAGE: "jpg jpeg jpe jfif png webp gif bmp tif tiff heic heif avif",
    ItemType.AUDIO: "wav mp3 m4a aac ogg oga opus flac wma aiff aif",
    ItemType.VIDEO: "mp4 m4v mov mkv webm avi mpg mpeg ogv 3gp ts",
    ItemType.DOCUMENT: (
        "txt text md markdown rst html htm xhtml pdf docx srt vtt csv tsv json yaml yml toml ini cfg log tex org "
        "py js java c h cpp hpp cs go rs rb php sh sql r swift kt css"
    ),
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


# A path by itself: the file is as the ledger has it.
Found = FileFacts | Skip | Problem | str
Known = Mapping[str, LedgerRow]


def name_path(path: str) -> str:
    """Give a path as printable text; bytes that are no UTF-8 are shown as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def scan_source(root: Path, source_id: int, leave_out: Path, known: Known) -> Iterator[Found]:
    """Walk a folder (or give a single file) in order of name.

    Symbolic links are followed, each folder once; `leave_out` (the home) is passed over. Folders that
    cannot be read, links that lead back or nowhere and names that are no UTF-8 come as problems. known: the ledger; a
    file that was indexed or skipped and has not changed since comes as its path.
    """
    if not root.is_dir():
        yield _look_at(str(root), source_id, known)
        return
    yield from _walk(str(root), source_id, str(leave_out), known, ())


def _walk(
    folder: str, source_id: int, leave_out: str, known: Known, above: tuple[tuple[int, int], ...]
) -> Iterator[Found]:
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
            yield from _walk(entry.path, source_id, leave_out, known, inside)
        else:
            yield _look_at(entry.path, source_id, known)


def _look_at(path: str, source_id: int, known: Known) -> Found:
    try:
        facts = os.stat(path)
    except OSError as error:
        return _make_problem(path, source_id, _explain(path, error))
    kind = TYPES.get(os.path.splitext(path)[1].lower())
    row = known.get(path)
    is_same = row is not None and row.size == facts.st_size and row.mtime_ns == facts.st_mtime_ns
    # What was of no known type may be of one by now.
    if row is not None and is_same and (row.state == State.INDEXED or (row.state == State.SKIPPED and kind is None)):
        return path
    return _judge(path, FileFacts(name_path(path), source_id, kind, facts.st_size, facts.st_mtime_ns), facts.st_mode)


def _judge(path: str, file: FileFacts, mode: int) -> Found:
    if file.path != path:
        return Problem(file, "file name is not valid UTF-8: rename the file to index it")
    if not stat.S_ISREG(mode):
        return Skip(file, "not a regular file")
    if os.path.basename(path).startswith("."):
        return Skip(file, "hidden file")
    if file.type is None:
        suffix = os.path.splitext(path)[1]
        return Skip(file, f"files of type {suffix} are not supported" if suffix else "no file type suffix")
    return file


def _make_problem(path: str, source_id: int, reason: str, is_folder: bool = False) -> Problem:
    return Problem(FileFacts(name_path(path), source_id, None, 0, 0), reason, is_folder)


def _explain(path: str, error: OSError) -> str:
    if not os.path.islink(path):
        return f"cannot be looked at: {error.strerror}"
    if isinstance(error, FileNotFoundError):
        return "symbolic link to a file that does not exist"
    return f"symbolic link that cannot be followed: {error.strerror}"
