"""Conversion of the arguments of the Python API."""

from os import PathLike
from pathlib import Path
from typing import Any

from search.errors import UsageError

PathName = str | PathLike[str]
Media = str | PathLike[str] | bytes


def make_list(values: Any) -> list[Any]:
    """Return one value or several values as a list."""
    return [values] if isinstance(values, str | bytes | int | PathLike) else list(values)


def resolve_path(path: PathName) -> str:
    """Return an absolute path, with `~` replaced by the user's home folder."""
    return str(Path(path).expanduser().absolute())


def resolve_filter(path: PathName) -> str:
    """Return the value of the `path` filter: an absolute path, or the name of a folder as it is."""
    is_name = isinstance(path, str) and Path(path).name == path and not path.startswith("~")
    return str(path) if is_name else resolve_path(path)


def read_media(media: Media) -> bytes:
    """Return the content of a media file.

    Raises:
        UsageError: The file cannot be read.
    """
    if isinstance(media, bytes):
        return media
    try:
        return Path(media).expanduser().read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read {media}: {error.strerror}") from error
