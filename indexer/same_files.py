"""Files that have several names: hard links, and symbolic links to files that are scanned under another name."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from search.disk_guard import DISKS


class Identity(NamedTuple):
    """What identifies a file or folder, by whatever path it is reached.

    Attributes:
        device: The number of the file system.
        inode: The number in the file system, 0 if the file system has no such numbers.
        path: The path without symbolic links if there is no inode number, else empty.
        size: In bytes; 0 for folders. Some network file systems use an inode number twice.
        mtime_ns: The modification time in nanoseconds; 0 for folders.
    """

    device: int
    inode: int
    path: str = ""
    size: int = 0
    mtime_ns: int = 0


def make_folder_identity(path: str, facts: os.stat_result) -> Identity:
    """Return the identity of a folder."""
    if facts.st_ino:
        return Identity(facts.st_dev, facts.st_ino)
    return Identity(facts.st_dev, 0, os.path.realpath(path))


def identify_folder(folder: Path) -> Identity | None:
    """Return the identity of a folder; None if it does not exist or cannot be accessed."""
    path = str(folder)
    try:
        return DISKS.call(path, lambda: make_folder_identity(path, folder.stat()))
    except OSError:
        return None


def make_file_identity(path: str, facts: os.stat_result) -> Identity:
    """Return the identity of a file."""
    real = "" if facts.st_ino else os.path.realpath(path)
    return Identity(facts.st_dev, facts.st_ino, real, facts.st_size, facts.st_mtime_ns)


@dataclass(frozen=True)
class NamedFile:
    """One name of a file that may have several.

    Attributes:
        path: The path.
        identity: What identifies the file.
        is_link: Whether the path is a symbolic link.
        is_indexed: Whether the ledger has an indexed item with this path.
    """

    path: str
    identity: Identity
    is_link: bool
    is_indexed: bool

    @property
    def rank(self) -> tuple[bool, bool, str]:
        """The order in which names are chosen: those that are indexed, then those that are no symbolic links."""
        return not self.is_indexed, self.is_link, self.path


class SameFiles:
    """Chooses the one name under which each file is indexed.

    Only files with several hard links, and symbolic links, are added: for other files nothing is stored.
    """

    def __init__(self) -> None:
        self._names: dict[Identity, list[NamedFile]] = {}

    def add(self, file: NamedFile) -> None:
        """Add a name of a file."""
        self._names.setdefault(file.identity, []).append(file)

    def choose(self, find_target: Callable[[str], str | None]) -> Iterator[tuple[NamedFile, str | None]]:
        """Yield each name with the path under which the file is indexed, None if it is this name.

        Args:
            find_target: Returns the path under which the scan found the target of a symbolic link, None if the scan
                did not read it.
        """
        for names in self._names.values():
            if all(file.is_link for file in names):
                target = find_target(os.path.realpath(names[0].path))
                if target is not None:
                    yield from ((file, target) for file in names)
                    continue
            chosen = min(names, key=lambda file: file.rank)
            yield from ((file, None if file is chosen else chosen.path) for file in names)


@dataclass(frozen=True)
class ScannedFiles:
    """The files that a scan read, to find the targets of symbolic links among them.

    Attributes:
        folders: The path by which each folder was reached, by its path without symbolic links.
        refused: The paths of the files in these folders that were skipped, or that cannot be read.
    """

    folders: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def find(self, real: str) -> str | None:
        """Return the path under which the scan read a file; None if it did not read it.

        Args:
            real: The path of the file without symbolic links.
        """
        folder = self.folders.get(os.path.dirname(real))
        path = os.path.join(folder, os.path.basename(real)) if folder is not None else None
        return path if path not in self.refused else None
