"""Helpers for paths and files."""

import errno
import os
import stat
import threading
from collections.abc import Collection
from pathlib import Path

from search.errors import NotFoundError
from search.records import Item, ItemType, State
from search.storable import CONTROL_CHARACTERS


def is_below(path: str, folder: str) -> bool:
    """Return whether an absolute path is the folder itself or below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def find_folder(path: str, folders: Collection[str]) -> str:
    """Return which of some folders contains a path, or is that path; the innermost, or empty if none does."""
    while folders and path not in folders:
        parent = os.path.dirname(path)  # noqa: PTH120 - called for every file
        if parent == path:
            return ""
        path = parent
    return path if folders else ""


def make_download_name(name: str) -> str:
    """Return a file name for an HTTP header or an archive: each control character and line break becomes `_`."""
    return CONTROL_CHARACTERS.sub("_", name)


def name_file(path: str) -> str:
    """Return the name of a file with the name of its folder, as it is searched."""
    return f"{Path(path).parent.name}/{Path(path).name}"


# The errors that reading a file can cause although its content is sound. They may pass.
READ_ERRORS = {
    errno.EACCES,
    errno.EAGAIN,
    errno.EBUSY,
    errno.EINTR,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENODEV,
    errno.ENOENT,
    errno.ENOMEM,
    errno.ENOTCONN,
    errno.ENOTDIR,
    errno.ENXIO,
    errno.EPERM,
    errno.ESTALE,
    errno.ETIMEDOUT,
    *(getattr(errno, name) for name in ("EHOSTDOWN", "EHOSTUNREACH", "EREMOTEIO", "ENOMEDIUM") if hasattr(errno, name)),
}


def is_read_error(error: OSError) -> bool:
    """Return whether an error says that a file could not be read, rather than that its content is damaged."""
    return error.errno in READ_ERRORS


def explain_read_error(error: Exception) -> str:
    """Return an error of reading a file or folder as a predicate, such as "cannot be read: Permission denied"."""
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def find_access_problem(path: str) -> str | None:
    """Return why a file or folder cannot be accessed, as a predicate such as "does not exist"; None if it can be."""
    place = Path(path)
    try:
        if stat.S_ISDIR(place.stat().st_mode):
            with os.scandir(place):
                pass
    except FileNotFoundError:
        return "does not exist"
    except (OSError, ValueError) as error:
        return explain_read_error(error)
    return None


def is_file(path: Path) -> bool:
    """Return whether a file exists and is accessible. Unlike `Path.is_file`, this raises no error."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def find_file(item: Item, types: Collection[ItemType] = tuple(ItemType)) -> Path:
    """Return the file of an indexed item, or of an attachment of one.

    Args:
        item: The item.
        types: The accepted types.

    Raises:
        NotFoundError: The item has another type or is not indexed, or its file does not exist.
    """
    path = Path(item.path)
    is_attachment = item.state is State.SKIPPED and item.belongs_to is not None
    if not (item.state is State.INDEXED or is_attachment):
        reason = f" ({item.reason})" if item.reason else ""
        raise NotFoundError(
            f"Item {item.id} has the state `{item.state}`{reason}: {item.path}. GET /api/v1/items says what to do."
        )
    if item.type not in types:
        expected = " or ".join(f"`{one}`" for one in ItemType if one in types)
        raise NotFoundError(f"Item {item.id} has the type `{item.type}`. Choose an item of type {expected}.")
    if not is_file(path):
        raise NotFoundError(f"The file of item {item.id} is missing: {path}. Check that its disk is there.")
    return path


def write_atomically(path: Path, body: bytes) -> None:
    """Write a file completely or not at all, also when several threads or processes write it at once.

    The file is not synced: after a crash of the system it may be missing. Missing parent folders are created.

    Raises:
        OSError: The file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        try:
            temporary.write_bytes(body)
        except FileNotFoundError:  # rare, so the folder is created only when it is missing
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(body)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
