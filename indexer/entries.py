"""List what is in a folder."""

import os
from pathlib import Path


def is_folder(entry: "os.DirEntry[str]") -> bool:
    """Return whether an entry is a folder or a link to one; False if that cannot be read."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def list_names(folder: str) -> list[str]:
    """Return the names in a folder; none if it cannot be listed."""
    try:
        return [path.name for path in Path(folder).iterdir()]
    except OSError:
        return []


def list_file_names(folder: Path) -> list[str]:
    """Return the names of the files in a folder, sorted; none if it cannot be listed: a file in it may be readable."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if not is_folder(entry))
    except OSError:
        return []
