"""Walking a source: which files are there, of what type, and what could not be looked at."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.decode.file_types import TYPES, XMP, pair_sidecars, recognize_content
from search.records import FileFacts, FileStamp, State


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


class Neighbors:
    """The files of a folder that belong to others of it: `sidecars` by their owner, `owners` by the file.

    Of several subtitles the first is what is said in the film; the others are documents of their own, so that they can
    be found.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.sidecars = pair_sidecars(names)
        self.owners = {
            sidecar: name
            for name, sidecars in self.sidecars.items()
            for place, sidecar in enumerate(sidecars)
            if place == 0 or sidecar.lower().endswith(XMP)
        }


# A path by itself: the file is as the ledger has it.
Found = FileFacts | Skip | Problem | str
Known = Mapping[str, FileStamp]


def name_path(path: str) -> str:
    """Return a path as printable text; bytes that are no UTF-8 are shown as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def scan_source(root: Path, source_id: int, leave_out: Path, known: Known) -> Iterator[Found]:
    """Walk a folder (or give a single file) in order of name.

    Symbolic links are followed, each folder once; `leave_out` (the home) is passed over. Folders that
    cannot be read, links that lead back or nowhere and names that are no UTF-8 come as problems. known: stamps by path;
    a file that was indexed or skipped and has not changed since comes as its path.
    """
    if not root.is_dir():
        beside = Neighbors(os.listdir(root.parent) if root.parent.is_dir() else ())
        yield _place(str(root), root.name, source_id, known, beside)
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
    beside = Neighbors([entry.name for entry in found])
    for entry in found:
        try:
            is_folder = entry.is_dir()
        except OSError:
            is_folder = False
        if is_folder:
            yield from _walk(entry.path, source_id, leave_out, known, inside)
        else:
            yield _place(entry.path, entry.name, source_id, known, beside)


def _place(path: str, name: str, source_id: int, known: Known, beside: Neighbors) -> Found:
    """Look at a file among its neighbors: it may belong to one, or one to it."""
    owner = beside.owners.get(name)
    # It may have been a file of its own before.
    found = _look_at(path, source_id, known if owner is None else {}, beside.sidecars.get(name))
    if owner is None or isinstance(found, str | Problem):
        return found
    file = found if isinstance(found, FileFacts) else found.file
    return Skip(file, f"belongs to {owner}, with which it is indexed")


def _look_at(path: str, source_id: int, known: Known, sidecars: Sequence[str] | None = None) -> Found:
    try:
        facts = os.stat(path)
        sidecar = _sign(path, sidecars[0]) if sidecars else None
    except OSError as error:
        return _make_problem(path, source_id, _explain(path, error))
    now = (facts.st_size, facts.st_mtime_ns, sidecar)
    stamp = known.get(path)
    if stamp == (State.INDEXED, *now):
        return path
    kind = TYPES.get(os.path.splitext(path)[1].lower())
    # What was of no known type may be of one by now.
    if kind is None and stamp == (State.SKIPPED, *now):
        return path
    return _judge(path, FileFacts(name_path(path), source_id, kind, *now), facts.st_mode)


def _sign(path: str, sidecar: str) -> str:
    """Return a name, size and time by which a changed side-car is noticed."""
    facts = os.stat(os.path.join(os.path.dirname(path), sidecar))
    return f"{sidecar}:{facts.st_size}:{facts.st_mtime_ns}"


def _judge(path: str, file: FileFacts, mode: int) -> Found:
    if file.path != path:
        return Problem(file, "file name is not valid UTF-8: rename the file to index it")
    if not stat.S_ISREG(mode):
        return Skip(file, "not a regular file")
    if os.path.basename(path).startswith("."):
        return Skip(file, "hidden file")
    if file.type is None:
        return _recognize(path, file)
    return file


def _recognize(path: str, file: FileFacts) -> Found:
    """Look into a file whose name does not tell its type."""
    try:
        kind = recognize_content(Path(path))
    except OSError as error:
        return Problem(file, f"cannot be read: {error.strerror}")
    if kind is not None:
        return replace(file, type=kind)
    suffix = os.path.splitext(path)[1]
    known = f"files of type {suffix} are not supported" if suffix else "no file type suffix"
    return Skip(file, f"{known}, and its content is of no known type")


def _make_problem(path: str, source_id: int, reason: str, is_folder: bool = False) -> Problem:
    return Problem(FileFacts(name_path(path), source_id, None, 0, 0), reason, is_folder)


def _explain(path: str, error: OSError) -> str:
    if not os.path.islink(path):
        return f"cannot be looked at: {error.strerror}"
    if isinstance(error, FileNotFoundError):
        return "symbolic link to a file that does not exist"
    return f"symbolic link that cannot be followed: {error.strerror}"
