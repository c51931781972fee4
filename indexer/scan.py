"""Walk a source: find its files, their types, and what cannot be indexed."""

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path

from indexer.entries import is_folder, list_file_names
from indexer.links import LinkRules, make_link_rules
from indexer.pairs import Attachment, find_attachments
from indexer.rules import DEFAULT_RULES, Rules
from indexer.same_files import (
    Identity,
    NamedFile,
    SameFiles,
    ScannedFiles,
    identify_folder,
    make_file_identity,
    make_folder_identity,
)
from indexer.scan_results import (
    NOT_UTF8,
    Problem,
    ScanResult,
    Skip,
    classify,
    describe_sidecars,
    explain_error,
    guess_type,
)
from indexer.sidecars import Listing, find_sidecars
from indexer.volumes import identify_storage
from search.paths import explain_read_error, is_below
from search.records import FileFacts, FileStamp, State, Volume
from search.storable import clamp_integer, make_printable


@dataclass(frozen=True)
class Folder:
    """A folder to enter.

    Attributes:
        path: The path by which it is reached.
        real: The path without symbolic links.
        rules: The rules of the folder above it.
        device: The number of the file system that the folder above it is on; None if it is the first.
    """

    path: str
    real: str
    rules: Rules
    device: int | None = None


@dataclass(frozen=True)
class Scanner:
    """Walks one source.

    Attributes:
        source_id: The source in the catalog.
        excluded: Device and inode number of a folder that is not entered (the home), by whatever path it is reached;
            None if there is no such folder.
        stamps: The stamp of each file in the ledger, by path; empty to treat all files as changed.
        links: Which symbolic links are followed.
        volumes: The folders at which storage begins are added here.
    """

    source_id: int
    excluded: Identity | None
    stamps: Mapping[str, FileStamp]
    links: LinkRules
    volumes: list[Volume] = field(default_factory=list)
    _paths: dict[Identity, str] = field(default_factory=dict)
    _files: ScannedFiles = field(default_factory=ScannedFiles)
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
            facts = os.stat(folder.path)
            identity = make_folder_identity(folder.path, facts)
            if identity == self.excluded:
                return
            if identity in self._paths:
                yield self.skip_folder(folder.path, f"the same folder as {make_printable(self._paths[identity])}")
                return
            with os.scandir(folder.path) as iterator:
                entries = sorted(iterator, key=attrgetter("name"))
            if folder.device != facts.st_dev:
                self.volumes.append(Volume(make_printable(folder.path), identify_storage(folder.path)))
        except OSError as error:
            problem = f"folder {explain_read_error(error)}"
            yield self._make_problem(folder.path, problem, is_folder=True, is_temporary=True)
            return
        names = [entry.name for entry in entries]
        folders = {entry.name for entry in entries if is_folder(entry)}
        reason = None if is_root else folder.rules.explain_contents(folder.path, names)
        if reason is not None:
            yield self.skip_folder(folder.path, reason)
            return
        rules = folder.rules.enter(folder.path, names)
        self._paths[identity] = folder.path
        self._files.folders[folder.real] = folder.path
        listing = self.list_files(folder.path, [name for name in names if name not in folders], rules)
        for entry in entries:
            if entry.name in folders:
                yield from self._find_folder(entry, replace(folder, rules=rules, device=facts.st_dev))
            elif (result := self.check_file(entry.path, entry.name, listing, entry.is_symlink())) is not None:
                if not self._is_read(result):
                    self._files.refused.add(entry.path)
                yield result

    def list_files(self, folder: str, names: Sequence[str], rules: Rules) -> Listing:
        """Return which files of a folder are skipped, and the sidecars of the others.

        Args:
            folder: The path of the folder.
            names: The names of the files in it, without those of subfolders.
            rules: The rules of the folder.
        """
        suffixes = {name[name.rfind(".") :] for name in names}
        skipped = {
            name: Attachment("", reason) for name, reason in rules.explain_files(folder, names, suffixes).items()
        }
        if skipped:
            names = [name for name in names if name not in skipped]
        found = find_attachments(folder, names, suffixes, lambda name, one: self._is_known(folder, name, one))
        parts = {name: one for name, one in found.items() if self._is_usable(folder, one.owner)}
        sidecars = find_sidecars(names, suffixes, {name: one.owner for name, one in parts.items()})
        return Listing(sidecars.list_attachments() | skipped | parts, sidecars)

    def _find_folder(self, entry: "os.DirEntry[str]", folder: Folder) -> Iterator[ScanResult | Folder]:
        """Yield a subfolder to enter now, or the reason why it is not entered. Links to folders are entered later.

        Args:
            entry: The entry of the subfolder.
            folder: The folder that contains it, with the rules and the device for what is in it.
        """
        path, name = entry.path, entry.name
        reason = folder.rules.explain_folder(path, name)
        if reason is not None:
            yield self.skip_folder(path, reason)
        elif not entry.is_symlink():
            yield replace(folder, path=path, real=os.path.join(folder.real, name))
        elif is_below(folder.real, real := os.path.realpath(path)):
            yield self._make_problem(path, "symbolic link loop: it points to a folder that contains it")
        elif (reason := self.links.explain(real)) is not None:
            yield self.skip_folder(path, reason)
        else:
            self._linked.append(replace(folder, path=path, real=real))

    def check_file(self, path: str, name: str, listing: Listing, is_link: bool = False) -> ScanResult | None:
        """Return the result for one file, given the files of its folder; None if it may have other names."""
        if name in listing.skipped:
            return self._skip_attachment(path, listing.skipped[name])
        try:
            facts = os.stat(path)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not is_link:
                return None  # it was deleted meanwhile
            return self._make_problem(path, explain_error(path, error), is_temporary=True)
        if is_link and (reason := self.links.explain(os.path.realpath(path))) is not None:
            return self.skip_file(path, reason, follows_link=False)
        sidecar = describe_sidecars(path, listing.sidecars.by_owner.get(name, ()))
        stamp = self.stamps.get(path)
        result = self._describe(path, facts, sidecar)
        if (is_link or facts.st_nlink > 1) and isinstance(result, FileFacts | str):
            is_indexed = stamp is not None and stamp.state == State.INDEXED
            self._named.add(NamedFile(path, make_file_identity(path, facts), is_link, is_indexed))
            self._results[path] = result
            return None
        return result

    def _describe(self, path: str, facts: os.stat_result, sidecar: str | None) -> ScanResult:
        """Return the result for a file that is not skipped by its name; its path if it is unchanged."""
        signature = (clamp_integer(facts.st_size), clamp_integer(facts.st_mtime_ns), sidecar)
        stamp = self.stamps.get(path)
        if stamp is not None and stamp[:4] == (State.INDEXED, *signature):
            return path
        item_type = guess_type(path)
        # A file that was skipped for its unknown type is checked again if its type is known now.
        if item_type is None and stamp is not None and stamp[:4] == (State.SKIPPED, *signature):
            return path
        return classify(path, FileFacts(make_printable(path), self.source_id, item_type, *signature), facts.st_mode)

    def _skip_attachment(self, path: str, attachment: Attachment) -> ScanResult | None:
        owner = os.path.join(os.path.dirname(path), attachment.owner) if attachment.owner else None
        return self.skip_file(path, attachment.reason, owner)

    def _is_read(self, result: ScanResult) -> bool:
        """Return whether a result, before it is yielded, is for a file that is indexed, or will be."""
        if isinstance(result, str):
            return self.stamps[result].state == State.INDEXED
        return isinstance(result, FileFacts)

    def _is_known(self, folder: str, name: str, attachment: Attachment) -> bool:
        """Return whether a file was skipped as this attachment before, and has not changed since."""
        path = os.path.join(folder, name)
        stamp = self.stamps.get(path)
        if stamp is None or (stamp.state, stamp.reason) != (State.SKIPPED, attachment.reason):
            return False
        try:
            facts = os.stat(path)
        except OSError:
            return False
        return (stamp.size, stamp.mtime_ns) == (clamp_integer(facts.st_size), clamp_integer(facts.st_mtime_ns))

    def _is_usable(self, folder: str, owner: str) -> bool:
        """Return whether a file can be the item of its attachments: if it cannot be decoded, they are indexed."""
        stamp = self.stamps.get(os.path.join(folder, owner))
        return stamp is None or stamp.state != State.FAILED

    def list_named(self) -> Iterator[ScanResult]:
        """Yield the results for the files that may have several names: one of them is indexed, the others skipped."""
        for file, chosen in self._named.choose(self._files.find):
            result: ScanResult | None = self._results.pop(file.path)
            if chosen is not None:
                result = self.skip_file(file.path, f"the same file as {make_printable(chosen)}", chosen)
            if result is not None:
                yield result

    def skip_file(
        self, path: str, reason: str, owner: str | None = None, *, follows_link: bool = True
    ) -> ScanResult | None:
        """Return the result for a file that is not indexed; None if it was deleted meanwhile.

        Args:
            path: The file.
            reason: Why it is not indexed, for users.
            owner: The path of the item that the file belongs to.
            follows_link: Whether the size and the time are those of the file that a symbolic link points to.
        """
        try:
            facts = os.stat(path, follow_symlinks=follows_link)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not os.path.islink(path):
                return None
            return self._make_problem(path, explain_error(path, error), is_temporary=True)
        signature = (clamp_integer(facts.st_size), clamp_integer(facts.st_mtime_ns), None)
        if self.stamps.get(path) == (State.SKIPPED, *signature, reason):
            return path
        file = FileFacts(make_printable(path), self.source_id, guess_type(path), *signature)
        return Skip(replace(file, belongs_to=owner), reason) if file.path == path else Problem(file, NOT_UTF8)

    def skip_folder(self, path: str, reason: str) -> Skip:
        """Return the result for a folder of which nothing is read."""
        return Skip(FileFacts(make_printable(path), self.source_id, None, 0, 0), reason, is_folder=True)

    def _make_problem(self, path: str, reason: str, *, is_folder: bool = False, is_temporary: bool = False) -> Problem:
        # Without a stamp, so that the next scan compares the file again.
        return Problem(FileFacts(make_printable(path), self.source_id, None, 0, 0), reason, is_folder, is_temporary)


def scan_source(
    root: Path,
    source_id: int,
    excluded: Path,
    stamps: Mapping[str, FileStamp],
    volumes: list[Volume] | None = None,
    rules: Rules = DEFAULT_RULES,
) -> Iterator[ScanResult]:
    """Walk a folder, or check a single file.

    Symbolic links inside the source are followed, each folder once. Folders that cannot be read, links that form a loop
    or point nowhere, and names that are not UTF-8 are yielded as problems.

    Args:
        root: The folder or file.
        source_id: Its source in the catalog.
        excluded: A folder that is not entered (the home).
        stamps: The stamp of each file in the ledger, by path; empty to treat all files as changed.
        volumes: The folders at which storage begins are added to this list.
        rules: Which files are read.

    Yields:
        The files in order of name; a file that is unchanged since it was indexed or skipped as its path.
    """
    path, is_folder = str(root), os.path.isdir(root)
    links = make_link_rules(rules.source or path, rules.follows_outside_links)
    scanner = Scanner(source_id, identify_folder(excluded), stamps, links, volumes if volumes is not None else [])
    rules, obstacle = rules.descend(path)
    real = os.path.realpath(path)
    if (reason := links.explain_root(path, real)) is not None:
        yield scanner.skip_folder(path, reason)
    elif obstacle is not None and (obstacle.path != path or is_folder):
        yield scanner.skip_folder(obstacle.path, obstacle.reason)
    elif is_folder:
        yield from scanner.walk(Folder(path, real, rules))
    else:
        listing = scanner.list_files(str(root.parent), list_file_names(root.parent), rules)
        result = scanner.check_file(path, root.name, listing, os.path.islink(path))
        yield from (result,) if result is not None else scanner.list_named()
