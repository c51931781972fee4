"""Paths: which lies in which, where the file of an item is, and writing one so that it is whole or not there."""

import os
import threading
from collections.abc import Collection
from pathlib import Path

from search.errors import NotFoundError
from search.records import Item, ItemType, State


def is_below(path: str, folder: str) -> bool:
    """Return whether a whole path is a folder or below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def find_file(item: Item, problem: str, types: Collection[ItemType] = tuple(ItemType)) -> Path:
    """Return the file of an indexed item of one of some types. Raises NotFoundError, which states the problem."""
    path = Path(item.path)
    if item.type not in types or item.state is not State.INDEXED or not path.is_file():
        raise NotFoundError(problem)
    return path


def write_atomically(path: Path, body: bytes) -> None:
    """Write a file that can be made again: whole or not at all, also when several write it at once. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        try:
            temporary.write_bytes(body)
        except FileNotFoundError:  # seldom: only then is it worth asking for the folder
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(body)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
