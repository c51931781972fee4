"""Walk a source: find its files, their types, and what cannot be indexed."""

import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from indexer.decode.families import BY_TYPE, FAMILIES, TYPES, recognize_content
from indexer.decode.image import XMP_SUFFIX
from indexer.volumes import identify_folder, identify_storage, list_names
from search.records import FileFacts, FileStamp, ItemType, State, Volume
from search.storable import clamp_integer, make_printable

SIDECAR_SUFFIXES = tuple({suffix for family in FAMILIES for suffix in family.sidecars})


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
class _Folder:
    """A folder to enter.

    Attributes:
        path: The folder.
        ancestors: Device and inode number of each folder above it, to detect loops of symbolic links.
    """

    path: str
    ancestors: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Scanner:
    """Walks one source.

    Attributes:
        source_id: The source in the catalog.
        excluded: Device and inode number of a folder that is not entered (the home), by whatever path it is reached;
            None if there is no such folder.
        stamps: The stamp of each file in the ledger, by path; empty to treat all files as changed.
        volumes: The folders at which storage begins are added here.
    """

    source_id: int
    excluded: tuple[int, int] | None
    stamps: Mapping[str, FileStamp]
    volumes: list[Volume] = field(default_factory=list)

    def walk(self, root: str) -> Iterator[ScanResult]:
        """Yield the files of a folder and its subfolders, in order of name.

        Yields:
            One result for each file, and a `Problem` for each folder that cannot be read.
        """
        # A stack, since folders can be nested deeper than function calls can.
        stack = [self._enter(_Folder(root))]
        while stack:
            for result in stack[-1]:
                if isinstance(result, _Folder):
                    stack.append(self._enter(result))
                    break
                yield result
            else:
                stack.pop()

    def _enter(self, folder: _Folder) -> Iterator[ScanResult | _Folder]:
        """Yield the files of a folder and its subfolders, which are not entered."""
        try:
            facts = os.stat(folder.path)
            identity = (facts.st_dev, facts.st_ino)
            if identity == self.excluded:
                return
            if identity in folder.ancestors:
                yield self._make_problem(folder.path, "symbolic link loop: it points to a folder that contains it")
                return
            with os.scandir(folder.path) as iterator:
                entries = sorted(iterator, key=lambda entry: entry.name)
            if not folder.ancestors or folder.ancestors[-1][0] != facts.st_dev:
                self.volumes.append(Volume(make_printable(folder.path), identify_storage(folder.path)))
        except OSError as error:
            reason = f"folder cannot be read: {error.strerror or error}"
            yield self._make_problem(folder.path, reason, is_folder=True, is_temporary=True)
            return
        sidecars = Sidecars([entry.name for entry in entries])
        for entry in entries:
            if _is_folder(entry):
                yield _Folder(entry.path, (*folder.ancestors, identity))
            elif (result := self.check_file(entry.path, entry.name, sidecars)) is not None:
                yield result

    def check_file(self, path: str, name: str, sidecars: Sidecars) -> ScanResult | None:
        """Return the result for one file, given the sidecars in its folder; None if it was deleted meanwhile."""
        owner = sidecars.owners.get(name)
        file_sidecars = sidecars.by_owner.get(name, ())
        if owner is None:
            return self._check(path, file_sidecars)
        # The stamp is ignored, since the sidecar may have been indexed as a separate file before.
        result = replace(self, stamps={})._check(path, file_sidecars)
        if not isinstance(result, FileFacts | Skip):
            return result
        file = result if isinstance(result, FileFacts) else result.file
        return Skip(file, f"indexed together with {make_printable(owner)}")

    def _check(self, path: str, sidecars: Sequence[str]) -> FileFacts | Skip | Problem | str | None:
        try:
            facts = os.stat(path)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not os.path.islink(path):
                return None
            return self._make_problem(path, _explain(path, error), is_temporary=True)
        sidecar = _describe_sidecar(path, sidecars[0]) if sidecars else None
        signature = (clamp_integer(facts.st_size), clamp_integer(facts.st_mtime_ns), sidecar)
        stamp = self.stamps.get(path)
        if stamp == (State.INDEXED, *signature):
            return path
        item_type = TYPES.get(os.path.splitext(path)[1].lower())
        # A file that was skipped for its unknown type is checked again if its type is known now.
        if item_type is None and stamp == (State.SKIPPED, *signature):
            return path
        return _classify(path, FileFacts(make_printable(path), self.source_id, item_type, *signature), facts.st_mode)

    def _make_problem(self, path: str, reason: str, *, is_folder: bool = False, is_temporary: bool = False) -> Problem:
        # Without a stamp, so that the next scan compares the file again.
        return Problem(FileFacts(make_printable(path), self.source_id, None, 0, 0), reason, is_folder, is_temporary)


def scan_source(
    root: Path,
    source_id: int,
    excluded: Path,
    stamps: Mapping[str, FileStamp],
    volumes: list[Volume] | None = None,
) -> Iterator[ScanResult]:
    """Walk a folder, or check a single file.

    Symbolic links are followed, each folder once. Folders that cannot be read, links that form a loop or point nowhere,
    and names that are not UTF-8 are yielded as problems.

    Args:
        root: The folder or file.
        source_id: Its source in the catalog.
        excluded: A folder that is not entered (the home).
        stamps: The stamp of each file in the ledger, by path; empty to treat all files as changed.
        volumes: The folders at which storage begins are added to this list.

    Yields:
        The files in order of name; a file that is unchanged since it was indexed or skipped as its path.
    """
    scanner = Scanner(source_id, identify_folder(excluded), stamps, volumes if volumes is not None else [])
    if os.path.isdir(root):
        yield from scanner.walk(str(root))
        return
    result = scanner.check_file(str(root), root.name, Sidecars(list_names(root.parent)))
    if result is not None:
        yield result


def pair_sidecars(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the sidecars of each file in a folder; the one to read with the file comes first.

    `film.srt` and `film.en.srt` belong to `film.mp4`; `photo.xmp` and `photo.jpg.xmp` to `photo.jpg`.

    Args:
        names: The names of all files in the folder.

    Returns:
        Names of sidecars by the name of their owner.
    """
    names = list(names)
    sidecars = [name for name in names if name.lower().endswith(SIDECAR_SUFFIXES)]
    if not sidecars:
        return {}
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        path = PurePath(name)
        for suffix in BY_TYPE[TYPES.get(path.suffix.lower(), ItemType.DOCUMENT)].sidecars:
            owners[path.stem, suffix].append(name)
            owners[name, suffix].append(name)
    pairs: dict[str, list[str]] = defaultdict(list)
    for name in sorted(sidecars, key=lambda sidecar: (len(sidecar), sidecar)):
        path = PurePath(name)
        suffix = path.suffix.lower()
        for stem in (path.stem, PurePath(path.stem).stem):
            if (stem, suffix) in owners:
                for owner in owners[stem, suffix]:
                    pairs[owner].append(name)
                break
    return dict(pairs)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _describe_sidecar(path: str, sidecar: str) -> str | None:
    """Return name, size and modification time of a sidecar, to detect changes; None if it cannot be read."""
    try:
        facts = os.stat(os.path.join(os.path.dirname(path), sidecar))
        sidecar.encode()
    except (OSError, UnicodeEncodeError):
        return None
    return f"{sidecar}:{facts.st_size}:{facts.st_mtime_ns}"


def _classify(path: str, file: FileFacts, mode: int) -> FileFacts | Skip | Problem:
    if file.path != path:
        return Problem(file, "the file name is not valid UTF-8: rename the file to index it")
    if not stat.S_ISREG(mode):
        return Skip(file, "not a regular file")
    if os.path.basename(path).startswith("."):
        return Skip(file, "hidden file")
    return _recognize(path, file) if file.type is None else file


def _recognize(path: str, file: FileFacts) -> FileFacts | Skip | Problem:
    """Return a file with the type that its content shows, if its name does not."""
    try:
        item_type = recognize_content(Path(path))
    except OSError as error:
        return Problem(file.without_stamp(), f"cannot be read: {error.strerror or error}", is_temporary=True)
    if item_type is not None:
        return replace(file, type=item_type)
    suffix = os.path.splitext(path)[1]
    reason = f"files of type {suffix} are not supported" if suffix else "the file name has no suffix"
    return Skip(file, f"{reason}, and the content is not of a supported type")


def _explain(path: str, error: OSError) -> str:
    if not os.path.islink(path):
        return f"cannot be read: {error.strerror or error}"
    if isinstance(error, FileNotFoundError):
        return "symbolic link to a file that does not exist"
    return f"symbolic link that cannot be followed: {error.strerror or error}"
