"""Match files at new paths with the items whose content they have, so that items keep their ids."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from search.records import FileFacts, LedgerRow


@dataclass(frozen=True)
class Rename:
    """A file that was moved or renamed.

    Attributes:
        item_id: The item that keeps its segments and vectors.
        file: The file at its new path.
    """

    item_id: int
    file: FileFacts


def find_renames(
    files: Sequence[FileFacts],
    vanished: Iterable[LedgerRow],
    displaced: Mapping[str, LedgerRow],
    try_hash: Callable[[FileFacts], str | None],
) -> list[Rename]:
    """Return the items that have the content of files at other paths.

    Of several items with the same content, a file gets the one with its name, then the one in its folder, then the
    first. An item whose file has another content now moves only if another item takes its path; else it is updated.

    Args:
        files: New and changed files.
        vanished: The rows of indexed items whose file no longer exists.
        displaced: The rows of indexed items, by path, whose file has another content now.
        try_hash: Returns the hash of the content of a file, None if it cannot be read.
    """
    rows = {row.id: row for row in (*vanished, *displaced.values()) if row.content_hash}
    sizes = {row.size for row in rows.values()}
    items: dict[str, list[LedgerRow]] = {}
    for row in rows.values():
        items.setdefault(row.content_hash or "", []).append(row)
    waiting = [file for file in files if file.size in sizes]
    pairs = _match(waiting, items, try_hash)
    # Taking back a match can block others.
    while blocked := _find_blocked(pairs, displaced):
        for item_id in blocked:
            del pairs[item_id]
    return [Rename(item_id, file) for item_id, file in pairs.items()]


def _find_blocked(pairs: Mapping[int, FileFacts], displaced: Mapping[str, LedgerRow]) -> list[int]:
    """Return the items that must stay: items move to a path only if the item of that path moves, and the reverse."""
    targets = {file.path for file in pairs.values()}
    staying = {row.id for path, row in displaced.items() if path not in targets}
    return [
        item_id
        for item_id, file in pairs.items()
        if item_id in staying or (file.path in displaced and displaced[file.path].id not in pairs)
    ]


def _match(
    files: Iterable[FileFacts], items: Mapping[str, list[LedgerRow]], try_hash: Callable[[FileFacts], str | None]
) -> dict[int, FileFacts]:
    """Return the file of each item that is found again, by the id of the item."""
    by_hash: dict[str, list[FileFacts]] = {}
    for file in files:
        content_hash = try_hash(file)
        if content_hash is not None and content_hash in items:
            by_hash.setdefault(content_hash, []).append(file)
    pairs: dict[int, FileFacts] = {}
    for content_hash, copies in by_hash.items():
        rows = sorted(items[content_hash], key=lambda row: row.path)
        waiting = sorted(copies, key=lambda file: file.path)
        for is_same in (_have_same_name, _have_same_folder, _are_any):
            for file in list(waiting):
                row = next((row for row in rows if row.path != file.path and is_same(row.path, file.path)), None)
                if row is not None:
                    pairs[row.id] = file
                    rows.remove(row)
                    waiting.remove(file)
    return pairs


def _have_same_name(first: str, second: str) -> bool:
    return PurePath(first).name == PurePath(second).name


def _have_same_folder(first: str, second: str) -> bool:
    return PurePath(first).parent == PurePath(second).parent


def _are_any(_first: str, _second: str) -> bool:
    return True
