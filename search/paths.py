"""Helpers for paths and files."""

import errno
import os
import stat
import threading
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from search.disk_guard import DISKS, DiskCall
from search.errors import NotFoundError, StorageError
from search.protected import explain_protected
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
    return find_access_problems([path])[path]


def find_access_problems(paths: Iterable[str], seconds: float | None = None) -> dict[str, str | None]:
    """Return the access problem of each path, as `find_access_problem` does. All of them are checked at once.

    Args:
        paths: The files and folders.
        seconds: How long their disks may take to answer; None for the default.
    """
    checks = {path: _start_check(path) for path in paths}
    end = time.monotonic() + (DISKS.response_seconds if seconds is None else seconds)
    return {path: _explain_check(check, end - time.monotonic()) for path, check in checks.items()}


def _start_check(path: str) -> DiskCall[None] | TimeoutError:
    try:
        return DISKS.start(path, lambda: _access(path))
    except TimeoutError as error:
        return error


def _access(path: str) -> None:
    """Access a file or folder. Raises OSError or ValueError."""
    if stat.S_ISDIR(Path(path).stat().st_mode):
        with os.scandir(path):
            pass


def _explain_check(check: DiskCall[None] | TimeoutError, seconds: float) -> str | None:
    try:
        if isinstance(check, TimeoutError):
            raise check
        check.wait(seconds)
    except FileNotFoundError:
        return "does not exist"
    except (OSError, ValueError) as error:
        return explain_read_error(error)
    return None


def find_file(item: Item, types: Collection[ItemType] = tuple(ItemType)) -> Path:
    """Return the file of an indexed item, or of an attachment of one.

    Args:
        item: The item.
        types: The accepted types.

    Raises:
        NotFoundError: The item has another type or is not indexed, or its file does not exist or cannot be read.
        StorageError: The disk of the file does not respond.
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
    try:
        DISKS.call(item.volume or item.source, lambda: _read_first_byte(path))
    except FileNotFoundError as error:
        raise NotFoundError(f"The file of item {item.id} is missing: {path}. Check that its disk is there.") from error
    except TimeoutError as error:
        raise StorageError(f"The disk of item {item.id} does not respond: {path}. Check its connection.") from error
    except (OSError, ValueError) as error:
        why = explain_read_error(error)
        raise NotFoundError(f"The file of item {item.id} {why}: {path}. Let the server read the file.") from error
    return path


def _read_first_byte(path: Path) -> None:
    """Read the first byte of a file: a network disk can know a file, and yet not answer when it is read.

    Raises:
        FileNotFoundError: There is no such file, or the path is that of a folder or a device.
        OSError: It cannot be read.
    """
    # A file can be replaced by a link after it was indexed.
    if (protected := explain_protected(str(path))) is not None:
        raise PermissionError(errno.EACCES, f"it is a {protected}")
    if not stat.S_ISREG(path.stat().st_mode):  # to open a device can have side effects
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    with path.open("rb", buffering=0) as file:
        file.read(1)


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
