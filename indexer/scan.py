"""Walk a source: find its files, their types, and what cannot be indexed."""

import os
import stat
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path

from indexer.decode.families import TYPES, recognize_content
from indexer.pairs import Part, find_parts
from indexer.rules import DEFAULT_RULES, Rules
from indexer.same_files import (
    Identity,
    NamedFile,
    SameFiles,
    ScannedFolder,
    find_target,
    identify_file,
    identify_folder,
)
from indexer.sidecars import Sidecars, find_sidecars
from search.paths import is_below
from search.records import FileFacts, FileStamp, ItemType, State

NOT_UTF8 = "the file name is not valid UTF-8: rename the file to index it"


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


@dataclass(frozen=True)
class Folder:
    """A folder to enter.

    Attributes:
        path: The path by which it is reached.
        real: The path without symbolic links.
        rules: The rules of the folder above it.
    """

    path: str
    real: str
    rules: Rules


@dataclass(frozen=True)
class Listing:
    """What the names of the files in a folder show.

    Attributes:
        skipped: The files that are not indexed, by name; the owner is empty if they are not part of an item.
        sidecars: The sidecars of the other files.
    """

    skipped: Mapping[str, Part]
    sidecars: Sidecars


@dataclass(frozen=True)
class Scanner:
    """Walks one source.

    Attributes:
        source_id: The source in the catalog.
        excluded: A folder that is not entered (the home).
        stamps: The stamp of each file in the ledger, by path; empty to treat all files as changed.
    """

    source_id: int
    excluded: Identity | None
    stamps: Mapping[str, FileStamp]
    _paths: dict[Identity, str] = field(default_factory=dict)
    _folders: dict[str, ScannedFolder] = field(default_factory=dict)
    _linked: deque[Folder] = field(default_factory=deque)
    _named: SameFiles = field(default_factory=SameFiles)
    _results: dict[str, FileFacts | str] = field(default_factory=dict)

    def walk(self, root: Folder) -> Iterator[ScanResult]:
        """Yield the files of a folder and its subfolders, in order of name; then those that are reached by links.

        Yields:
            One result for each file, and one for each folder that is skipped or cannot be read.
        """
        self._linked.append(root)
        while self._linked:
            # A stack, since folders can be nested deeper than function calls can.
            stack = [self._enter(self._linked.popleft(), is_root=not self._paths)]
            while stack:
                for result in stack[-1]:
                    if isinstance(result, Folder):
                        stack.append(self._enter(result))
                        break
                    yield result
                else:
                    stack.pop()
        yield from self.list_named()

    def _enter(self, folder: Folder, is_root: bool = False) -> Iterator[ScanResult | Folder]:
        """Yield the files of a folder and its subfolders, which are not entered."""
        try:
            identity = identify_folder(folder.path, os.stat(folder.path))
            if identity == self.excluded:
                return
            if identity in self._paths:
                yield self.skip_folder(folder.path, f"the same folder as {make_printable(self._paths[identity])}")
                return
            with os.scandir(folder.path) as iterator:
                entries = sorted(iterator, key=attrgetter("name"))
        except OSError as error:
            yield self._make_problem(folder.path, f"folder cannot be read: {error.strerror}", is_folder=True)
            return
        names = [entry.name for entry in entries]
        reason = None if is_root else folder.rules.explain_contents(folder.path, names)
        if reason is not None:
            yield self.skip_folder(folder.path, reason)
            return
        rules = folder.rules.enter(folder.path, names)
        self._paths[identity] = folder.path
        self._folders[folder.real] = ScannedFolder(folder.path, rules.explain_file)
        listing = self.list_files(folder.path, names, rules)
        for entry in entries:
            try:
                is_folder = entry.is_dir()
            except OSError:
                is_folder = False
            if is_folder:
                yield from self._find_folder(entry, folder, rules)
            elif (result := self.check_file(entry.path, entry.name, listing, entry.is_symlink())) is not None:
                yield result

    def list_files(self, folder: str, names: Sequence[str], rules: Rules) -> Listing:
        """Return which files of a folder are skipped, and the sidecars of the others."""
        suffixes = {name[name.rfind(".") :] for name in names}
        skipped = {name: Part("", reason) for name, reason in rules.explain_files(folder, names, suffixes).items()}
        if skipped:
            names = [name for name in names if name not in skipped]
        parts = find_parts(folder, names, suffixes, lambda name, part: self._is_known(folder, name, part))
        skipped |= {name: part for name, part in parts.items() if self._is_usable(folder, part.owner)}
        return Listing(skipped, find_sidecars(names, suffixes))

    def _find_folder(self, entry: "os.DirEntry[str]", folder: Folder, rules: Rules) -> Iterator[ScanResult | Folder]:
        """Yield a subfolder to enter now, or the reason why it is not entered. Links to folders are entered later."""
        path, name = entry.path, entry.name
        reason = rules.explain_folder(path, name)
        if reason is not None:
            yield self.skip_folder(path, reason)
        elif not entry.is_symlink():
            yield Folder(path, os.path.join(folder.real, name), rules)
        elif is_below(folder.real, real := os.path.realpath(path)):
            yield self._make_problem(path, "symbolic link loop: it points to a folder that contains it")
        else:
            self._linked.append(Folder(path, real, rules))

    def check_file(self, path: str, name: str, listing: Listing, is_link: bool = False) -> ScanResult | None:
        """Return the result for one file, given the files of its folder; None if it may have other names."""
        sidecars = listing.sidecars
        if name in listing.skipped:
            return self._skip_part(path, listing.skipped[name])
        if name in sidecars.owners:
            owner = sidecars.owners[name]
            return self._skip_part(path, Part(owner, f"indexed together with {make_printable(owner)}"))
        try:
            facts = os.stat(path)
            files = sidecars.by_owner.get(name) if sidecars.by_owner else None
            sidecar = _describe_sidecar(path, files[0]) if files else None
        except OSError as error:
            return self._make_problem(path, _explain(path, error))
        stamp = self.stamps.get(path)
        signature = (facts.st_size, facts.st_mtime_ns, sidecar)
        is_unchanged = stamp == (State.INDEXED, *signature, None)
        result = path if is_unchanged else self._describe(path, signature, stamp, facts.st_mode)
        if (is_link or facts.st_nlink > 1) and isinstance(result, FileFacts | str):
            is_indexed = stamp is not None and stamp.state == State.INDEXED
            self._named.add(NamedFile(path, identify_file(path, facts), is_link, is_indexed))
            self._results[path] = result
            return None
        return result

    def _describe(
        self, path: str, signature: tuple[int, int, str | None], stamp: FileStamp | None, mode: int
    ) -> ScanResult:
        """Return the result for a file that is new, or changed since it was indexed.

        Args:
            path: The file.
            signature: Its size, its modification time and a description of its sidecar.
            stamp: Its stamp in the ledger.
            mode: The mode of the file.
        """
        item_type = _guess_type(path)
        # A file that was skipped for its unknown type is checked again if its type is known now.
        if item_type is None and stamp is not None and stamp[:4] == (State.SKIPPED, *signature):
            return path
        return _classify(path, FileFacts(make_printable(path), self.source_id, item_type, *signature), mode)

    def _skip_part(self, path: str, part: Part) -> ScanResult:
        owner = os.path.join(os.path.dirname(path), part.owner) if part.owner else None
        return self.skip_file(path, part.reason, owner)

    def _is_known(self, folder: str, name: str, part: Part) -> bool:
        """Return whether a file was skipped as a part before, and has not changed since."""
        path = os.path.join(folder, name)
        stamp = self.stamps.get(path)
        if stamp is None or (stamp.state, stamp.reason) != (State.SKIPPED, part.reason):
            return False
        try:
            facts = os.stat(path)
        except OSError:
            return False
        return (stamp.size, stamp.mtime_ns) == (facts.st_size, facts.st_mtime_ns)

    def _is_usable(self, folder: str, owner: str) -> bool:
        """Return whether a file can be the item of its parts: if it cannot be decoded, they are indexed."""
        stamp = self.stamps.get(os.path.join(folder, owner))
        return stamp is None or stamp.state != State.FAILED

    def list_named(self) -> Iterator[ScanResult]:
        """Yield the results for the files that may have several names: one of them is indexed, the others skipped."""
        for file, chosen in self._named.choose(lambda real: find_target(self._folders, real)):
            result = self._results.pop(file.path)
            if chosen is None:
                yield result
            else:
                yield self.skip_file(file.path, f"the same file as {make_printable(chosen)}", chosen)

    def skip_file(self, path: str, reason: str, owner: str | None = None) -> ScanResult:
        """Return the result for a file that is not indexed.

        Args:
            path: The file.
            reason: Why it is not indexed, for users.
            owner: The path of the item that the file belongs to.
        """
        try:
            facts = os.stat(path)
        except OSError as error:
            return self._make_problem(path, _explain(path, error))
        signature = (facts.st_size, facts.st_mtime_ns, None)
        if self.stamps.get(path) == (State.SKIPPED, *signature, reason):
            return path
        file = FileFacts(make_printable(path), self.source_id, _guess_type(path), *signature, belongs_to=owner)
        return Skip(file, reason) if file.path == path else Problem(file, NOT_UTF8)

    def skip_folder(self, path: str, reason: str) -> Skip:
        """Return the result for a folder of which nothing is read."""
        return Skip(FileFacts(make_printable(path), self.source_id, None, 0, 0), reason, is_folder=True)

    def _make_problem(self, path: str, reason: str, is_folder: bool = False) -> Problem:
        return Problem(FileFacts(make_printable(path), self.source_id, None, 0, 0), reason, is_folder)


def scan_source(
    root: Path, source_id: int, excluded: Path, stamps: Mapping[str, FileStamp], rules: Rules = DEFAULT_RULES
) -> Iterator[ScanResult]:
    """Walk a folder, or check a single file.

    Symbolic links are followed, each folder once. Folders that cannot be read, links that form a loop or point nowhere,
    and names that are not UTF-8 are yielded as problems.

    Args:
        root: The folder or file.
        source_id: Its source in the catalog.
        excluded: A folder that is not entered (the home).
        stamps: The stamp of each file in the ledger, by path; empty to treat all files as changed.
        rules: Which files are read.

    Yields:
        The files in order of name; a file that is unchanged since it was indexed or skipped as its path.
    """
    scanner = Scanner(source_id, _identify(excluded), stamps)
    rules, obstacle = rules.descend(str(root))
    if obstacle is not None and (obstacle.path != str(root) or root.is_dir()):
        yield scanner.skip_folder(obstacle.path, obstacle.reason)
    elif obstacle is not None:
        yield scanner.skip_file(obstacle.path, obstacle.reason)
    elif root.is_dir():
        yield from scanner.walk(Folder(str(root), os.path.realpath(root), rules))
    else:
        names = os.listdir(root.parent) if root.parent.is_dir() else []
        result = scanner.check_file(str(root), root.name, scanner.list_files(str(root.parent), names, rules))
        yield from scanner.list_named() if result is None else (result,)


def _identify(folder: Path) -> Identity | None:
    try:
        return identify_folder(str(folder), os.stat(folder))
    except OSError:
        return None


def _guess_type(path: str) -> ItemType | None:
    """Return the type of a file by its name, None if the name does not determine it."""
    return TYPES.get(os.path.splitext(path)[1].lower())


def make_printable(path: str) -> str:
    """Return a path as printable text; bytes that are not UTF-8 are shown as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _describe_sidecar(path: str, sidecar: str) -> str:
    """Return name, size and modification time of a sidecar, to detect changes."""
    facts = os.stat(os.path.join(os.path.dirname(path), sidecar))
    return f"{sidecar}:{facts.st_size}:{facts.st_mtime_ns}"


def _classify(path: str, file: FileFacts, mode: int) -> ScanResult:
    if file.path != path:
        return Problem(file, NOT_UTF8)
    if not stat.S_ISREG(mode):
        return Skip(file, "not a regular file")
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
