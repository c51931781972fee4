"""Storage that comes and goes: detect that a disk is not mounted, so that nothing on it counts as deleted.

A disk that is not mounted leaves no folder, a folder that cannot be read, or an empty folder. An empty folder alone
proves nothing, since users delete files. So each scan stores the identity of the folders at which storage begins: if it
has changed, and none of the known files below is there, the storage is another one.
"""

import os
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

from search.paths import find_access_problem, is_below
from search.records import Volume

NOT_MOUNTED = "the disk is not mounted, or was replaced: mount it, or run `crossmodal forget FOLDER`"


@dataclass(frozen=True)
class VolumeChanges:
    """What a scan shows about the storage at a path and below it.

    Attributes:
        root: The scanned path.
        is_source: Whether the path is the root of a source, at which storage begins by definition.
        known: The volumes that earlier scans found.
        strays: Files that were added to volumes while these were unavailable. They do not show that a disk is back.
        found: The folders at which storage begins; the scan fills this list.
        present: The known volumes on which a known file was found.
    """

    root: str
    is_source: bool
    known: Sequence[Volume] = ()
    strays: Set[str] = frozenset()
    found: list[Volume] = field(default_factory=list)
    present: set[str] = field(default_factory=set)

    def see(self, path: str) -> None:
        """Note that a file was found that the ledger has."""
        for volume in self.known:
            if volume.path not in self.present and is_below(path, volume.path) and path not in self.strays:
                self.present.add(volume.path)

    def decide(self, vanished: Iterable[str]) -> list[Volume]:
        """Return the volumes to store; those that are unavailable have a problem.

        Args:
            vanished: The paths of known files that were not found.
        """
        volumes = {volume.path: volume for volume in self.found if volume.path != self.root or self._begins_at_root()}
        suspects = [
            volume
            for volume in self.known
            if volume.path not in self.present
            and (volume.path not in volumes or volumes[volume.path].identity != volume.identity)
        ]
        lost = _list_folders(vanished) if suspects else set()
        for volume in suspects:
            if volume.path in lost:
                volumes[volume.path] = replace(volume, problem=_explain(volume.path))
        return list(volumes.values())

    def _begins_at_root(self) -> bool:
        try:
            return self.is_source or Path(self.root).stat().st_dev != Path(self.root).parent.stat().st_dev
        except OSError:
            return False


def complete_volumes(root: str, known: list[Volume]) -> list[Volume]:
    """Return the known volumes of a source, among them its root, of which earlier versions stored no volume."""
    return known if any(volume.path == root for volume in known) else [*known, Volume(root, "")]


def _list_folders(paths: Iterable[str]) -> set[str]:
    """Return some paths and all folders above them."""
    folders: set[str] = set()
    for path in paths:
        folder = path
        while folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0] or "/"
    return folders


def _explain(folder: str) -> str:
    problem = find_access_problem(folder)
    return NOT_MOUNTED if problem is None else f"the folder {problem}"


def identify_storage(folder: str) -> str:
    """Return what identifies the storage that a folder is on: device, inode and file system.

    Raises:
        OSError: The folder cannot be read.
    """
    facts = Path(folder).stat()
    system = os.statvfs(folder).f_fsid if hasattr(os, "statvfs") else 0
    return f"{facts.st_dev}:{facts.st_ino}:{system}"
