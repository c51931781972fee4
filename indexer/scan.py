"""Walk a source: find its files, their types, and what cannot be indexed."""

import os
import stat
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from indexer.decode.document.subtitle_names import drop_version, find_owner, rank_subtitles
from indexer.decode.document.subtitles import SUBTITLE_SUFFIXES
from indexer.decode.families import BY_TYPE, FAMILIES, TYPES, recognize_content
from indexer.decode.image import XMP_SUFFIX
from search.records import FileFacts, FileStamp, ItemType, State

SIDECAR_SUFFIXES = tuple({suffix for family in FAMILIES for suffix in family.sidecars})


@dataclass(frozen=True)
class Problem:
    """A file or folder that cannot be read.

    Attributes:
        file: What is known about it; its path is printable.
        reason: Why it cannot be read.
        is_folder: Whether it is a folder.
    """

    file: FileFacts
    reason: str
    is_folder: bool = False


@dataclass(frozen=True)
class Skip:
    """A file that is not indexed.

    Attributes:
        file: What is known about it.
        reason: Why it is not indexed.
    """

    file: FileFacts
    reason: str


class Sidecars:
    """The sidecars in a folder, such as subtitles and XMP files.

    If a video has several subtitle files, the first is read with the video. The others are indexed as documents.

    Attributes:
        by_owner: Names of sidecars by the name of the file that they belong to; the first one is read with it.
        owners: The name of the owner by the name of each sidecar that is not indexed separately.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.by_owner = pair_sidecars(names)
        self.owners = {
            sidecar: name
            for name, sidecars in self.by_owner.items()
            for index, sidecar in enumerate(sidecars)
            if index == 0 or sidecar.lower().endswith(XMP_SUFFIX)
        }


# A string is the path of a file that is unchanged since it was indexed or skipped.
ScanResult = FileFacts | Skip | Problem | str


@dataclass(frozen=True)
class Scanner:
    """Walks one source.

    Attributes:
        source_id: The source in the catalog.
        excluded: A folder that is not entered (the home).
        stamps: The stamp of each file in the ledger, by path; empty to treat all files as changed.
    """

    source_id: int
    excluded: str
    stamps: Mapping[str, FileStamp]

    def walk(self, folder: str, ancestors: tuple[tuple[int, int], ...] = ()) -> Iterator[ScanResult]:
        """Yield the files of a folder and its subfolders, in order of name.

        Args:
            folder: The folder.
            ancestors: Device and inode number of each folder above it, to detect loops of symbolic links.

        Yields:
            One result for each file, and a `Problem` for each folder that cannot be read.
        """
        if folder == self.excluded:
            return
        try:
            facts = os.stat(folder)
            if (facts.st_dev, facts.st_ino) in ancestors:
                yield self._make_problem(folder, "symbolic link loop: it points to a folder that contains it")
                return
            with os.scandir(folder) as iterator:
                entries = sorted(iterator, key=lambda entry: entry.name)
        except OSError as error:
            yield self._make_problem(folder, f"folder cannot be read: {error.strerror}", is_folder=True)
            return
        sidecars = Sidecars([entry.name for entry in entries])
        for entry in entries:
            if _is_folder(entry):
                yield from self.walk(entry.path, (*ancestors, (facts.st_dev, facts.st_ino)))
            else:
                yield self.check_file(entry.path, entry.name, sidecars)

    def check_file(self, path: str, name: str, sidecars: Sidecars) -> ScanResult:
        """Return the result for one file, given the sidecars in its folder."""
        owner = sidecars.owners.get(name)
        file_sidecars = sidecars.by_owner.get(name, ())
        if owner is None:
            return self._check(path, file_sidecars)
        # The stamp is ignored, since the sidecar may have been indexed as a separate file before.
        result = replace(self, stamps={})._check(path, file_sidecars)
        if isinstance(result, str | Problem):
            return result
        file = result if isinstance(result, FileFacts) else result.file
        return Skip(file, f"indexed together with {owner}")

    def _check(self, path: str, sidecars: Sequence[str]) -> ScanResult:
        try:
            facts = os.stat(path)
            sidecar = _describe_sidecar(path, sidecars[0]) if sidecars else None
        except OSError as error:
            return self._make_problem(path, _explain(path, error))
        signature = (facts.st_size, facts.st_mtime_ns, sidecar)
        stamp = self.stamps.get(path)
        if stamp == (State.INDEXED, *signature):
            return path
        item_type = TYPES.get(os.path.splitext(path)[1].lower())
        # A file that was skipped for its unknown type is checked again if its type is known now.
        if item_type is None and stamp == (State.SKIPPED, *signature):
            return path
        return _classify(path, FileFacts(make_printable(path), self.source_id, item_type, *signature), facts.st_mode)

    def _make_problem(self, path: str, reason: str, is_folder: bool = False) -> Problem:
        return Problem(FileFacts(make_printable(path), self.source_id, None, 0, 0), reason, is_folder)


def scan_source(root: Path, source_id: int, excluded: Path, stamps: Mapping[str, FileStamp]) -> Iterator[ScanResult]:
    """Walk a folder, or check a single file.

    Symbolic links are followed, each folder once. Folders that cannot be read, links that form a loop or point nowhere,
    and names that are not UTF-8 are yielded as problems.

    Args:
        root: The folder or file.
        source_id: Its source in the catalog.
        excluded: A folder that is not entered (the home).
        stamps: The stamp of each file in the ledger, by path; empty to treat all files as changed.

    Yields:
        The files in order of name; a file that is unchanged since it was indexed or skipped as its path.
    """
    scanner = Scanner(source_id, str(excluded), stamps)
    if root.is_dir():
        yield from scanner.walk(str(root))
        return
    names = os.listdir(root.parent) if root.parent.is_dir() else ()
    yield scanner.check_file(str(root), root.name, Sidecars(names))


def make_printable(path: str) -> str:
    """Return a path as printable text; bytes that are not UTF-8 are shown as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def pair_sidecars(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the sidecars of each file in a folder; the one to read with the file comes first.

    `film.srt` and `film.en.sdh.srt` belong to `film.mp4`; `photo.xmp` and `photo.jpg.xmp` to `photo.jpg`. Subtitles
    with all that is said come before partial ones.

    Args:
        names: The names of all files in the folder.

    Returns:
        Names of sidecars by the name of their owner.
    """
    names = list(names)
    sidecars = [name for name in names if name.lower().endswith(SIDECAR_SUFFIXES)]
    if not sidecars:
        return {}
    owners: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in names:
        path = PurePath(name)
        for suffix in BY_TYPE[TYPES.get(path.suffix.lower(), ItemType.DOCUMENT)].sidecars:
            for known in {name, path.stem, drop_version(path.stem)}:
                owners[suffix][known].append(name)
    pairs: dict[str, list[str]] = defaultdict(list)
    for name in sorted(sidecars, key=lambda sidecar: (len(sidecar), sidecar)):
        path = PurePath(name)
        suffix = path.suffix.lower()
        find = find_owner if suffix in SUBTITLE_SUFFIXES else _find_image
        stem = find(path.stem, owners[suffix])
        for owner in owners[suffix].get(stem or "", ()):
            pairs[owner].append(name)
    return {owner: sorted(found, key=lambda name: rank_subtitles(name, owner)) for owner, found in pairs.items()}


def _find_image(stem: str, stems: Collection[str]) -> str | None:
    """Return the name of the image that a sidecar belongs to."""
    return next((name for name in (stem, PurePath(stem).stem) if name in stems), None)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _describe_sidecar(path: str, sidecar: str) -> str:
    """Return name, size and modification time of a sidecar, to detect changes."""
    facts = os.stat(os.path.join(os.path.dirname(path), sidecar))
    return f"{sidecar}:{facts.st_size}:{facts.st_mtime_ns}"


def _classify(path: str, file: FileFacts, mode: int) -> ScanResult:
    if file.path != path:
        return Problem(file, "the file name is not valid UTF-8: rename the file to index it")
    if not stat.S_ISREG(mode):
        return Skip(file, "not a regular file")
    if os.path.basename(path).startswith("."):
        return Skip(file, "hidden file")
    return _recognize(path, file) if file.type is None else file


def _recognize(path: str, file: FileFacts) -> ScanResult:
    """Return a file with the type that its content shows, if its name does not."""
    try:
        item_type = recognize_content(Path(path))
    except OSError as error:
        return Problem(file, f"cannot be read: {error.strerror}")
    if item_type is not None:
        return replace(file, type=item_type)
    suffix = os.path.splitext(path)[1]
    reason = f"files of type {suffix} are not supported" if suffix else "the file name has no suffix"
    return Skip(file, f"{reason}, and the content is not of a supported type")


def _explain(path: str, error: OSError) -> str:
    if not os.path.islink(path):
        return f"cannot be read: {error.strerror}"
    if isinstance(error, FileNotFoundError):
        return "symbolic link to a file that does not exist"
    return f"symbolic link that cannot be followed: {error.strerror}"
