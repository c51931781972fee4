"""Folders: what the catalog has in them, as a tree, and which ones a name means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select, text

from search.errors import UsageError
from search.records import Rights
from search.storage import tables as t
from search.storage.database import Database
from search.storage.rights import is_own
from search.text.names import compose_name, fold_name

MAX_SIMILAR = 3


@dataclass(frozen=True)
class Folder:
    """A folder, and the number of items in it.

    Attributes:
        path: The absolute path.
        name: The last part of the path.
        count: The number of items in it and in all folders below.
        direct: The number of items in it that are not in a folder below.
        folders: The number of folders directly in it that have items.
    """

    path: str
    name: str
    count: int
    direct: int
    folders: int


def count_by_folder(
    database: Database, condition: ColumnElement[bool], below: str | None, parameters: Mapping[str, str]
) -> dict[str, int]:
    """Return the number of items directly in each folder, by the path of the folder.

    Args:
        database: The catalog.
        condition: Only items that satisfy this condition on item and source rows.
        below: Only this folder and those below it; None for all.
        parameters: The values that the condition binds.
    """
    folder = t.item.c.folder
    number = func.count()
    query = select(folder, number).select_from(t.item).join(t.source, t.source.c.id == t.item.c.source_id)
    if below is not None:
        # A range can use the index of folders; "0" is the character after "/".
        condition = and_(condition, folder >= f"{below.rstrip('/')}/", folder < f"{below.rstrip('/')}0")
    with database.read() as db:
        rows = db.execute(query.where(condition).group_by(folder), parameters).all()
    return {row[0].rstrip("/") or "/": row[1] for row in rows}


def list_folders(counts: Mapping[str, int], parents: Iterable[str]) -> list[Folder]:
    """Return the folders of some paths, with the sums of what is below each; those without items are left out.

    Args:
        counts: The number of items directly in each folder.
        parents: The paths of the folders to return.
    """
    folders = []
    for path in parents:
        prefix = f"{path.rstrip('/')}/"
        below = {one: number for one, number in counts.items() if one.startswith(prefix) and one != path}
        children = {one[len(prefix) :].partition("/")[0] for one in below}
        direct = counts.get(path, 0)
        if direct or below:
            name = path.rstrip("/").rpartition("/")[2] or path
            folders.append(Folder(path, name, direct + sum(below.values()), direct, len(children)))
    return folders


def list_children(counts: Mapping[str, int], path: str) -> list[Folder]:
    """Return the folders directly in a folder, in order of name."""
    prefix = f"{path.rstrip('/')}/"
    by_child: dict[str, dict[str, int]] = {}
    for one, number in counts.items():
        if one.startswith(prefix) and one != prefix:
            child = prefix + one[len(prefix) :].partition("/")[0]
            by_child.setdefault(child, {})[one] = number
    found = [folder for child, below in by_child.items() for folder in list_folders(below, [child])]
    return sorted(found, key=lambda folder: (fold_name(folder.name) or "", folder.path))


def list_paths(database: Database, rights: Rights, is_indexed: bool = False) -> list[str]:
    """Return the paths of the folders that directly contain files, which a caller may know of, sorted.

    Each step of the recursion finds the next folder in the index, so the time depends on the number of folders, not
    on that of files.

    Args:
        database: The catalog.
        rights: What the caller may read.
        is_indexed: Only folders with indexed files.
    """
    state = " AND state = 'indexed'" if is_indexed else ""
    own = "" if rights.sources is None else f" AND source_id IN ({', '.join(map(str, rights.sources)) or 'NULL'})"
    first = "SELECT min(folder) FROM item INDEXED BY ix_item_folder WHERE"  # SQLite would prefer the index of states
    statement = f"""
        WITH RECURSIVE found (folder) AS (
            SELECT ({first} TRUE{state}{own})
            UNION ALL
            SELECT ({first} folder > found.folder{state}{own}) FROM found WHERE found.folder IS NOT NULL
        )
        SELECT folder FROM found WHERE folder IS NOT NULL"""  # noqa: S608 - the ids are numbers
    with database.read() as db:
        return [row[0].rstrip("/") or "/" for row in db.execute(text(statement))]


def find_all(paths: Iterable[str]) -> list[str]:
    """Return folders and all the folders that contain them, sorted."""
    found: set[str] = set()
    for path in paths:
        above = path
        while above and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return sorted(found)


def check_folder(database: Database, path: str, rights: Rights) -> None:
    """Raise UsageError, with similar names, if there is no such folder, as far as the caller may know.

    Args:
        database: The catalog.
        path: The whole path of a folder or a file, or the name of a folder, or several parts of a path.
        rights: What the caller may read.
    """
    if _is_file_or_folder(database, path, rights):
        return
    known = find_all(list_paths(database, rights))
    sources = [t.source.c.id.in_(rights.sources)] if rights.sources is not None else []
    with database.read() as db:
        known += [row[0] for row in db.execute(select(t.source.c.path).where(*sources))]
    if _is_among(path, known):
        return
    # Who may not see the folders of some files sees no path in a message.
    named = "such folder" if rights.hides_folders else f"folder {path}"
    similar = [] if rights.hides_folders else _find_similar(path, known)
    hint = f" Did you mean {' or '.join(similar)}?" if similar else ""
    raise UsageError(f"There is no {named}.{hint}")


def _is_file_or_folder(database: Database, path: str, rights: Rights) -> bool:
    """Return whether a path is that of a file or of a folder with files, by the indexes only."""
    if not path.startswith("/"):
        return False
    root = path.rstrip("/")
    conditions = (t.item.c.path == root, and_(t.item.c.path > f"{root}/", t.item.c.path < f"{root}0"))
    with database.read() as db:
        queries = (select(t.item.c.id).where(one, is_own(rights)).limit(1) for one in conditions)
        return any(db.execute(query).first() is not None for query in queries)


def _is_among(path: str, known: Iterable[str]) -> bool:
    if path.startswith("/"):
        return (compose_name(path) or "").rstrip("/") in {compose_name(one) for one in known}
    part = f"/{(fold_name(path) or '').strip('/')}/"
    return any(part in f"{fold_name(one)}/" for one in known)


def _find_similar(path: str, known: Iterable[str]) -> list[str]:
    """Return the names of the most similar folders; for a whole path, their paths."""
    is_path = path.startswith("/")
    by_key: dict[str, str] = {}
    for one in known:
        name = one if is_path else one.rpartition("/")[2]
        by_key.setdefault(fold_name(name) or "", name)
    wanted = (fold_name(path) or "").rstrip("/").rpartition("/")
    from difflib import get_close_matches

    found = get_close_matches(fold_name(path) or "", by_key, MAX_SIMILAR)
    if is_path and not found:  # the name may exist elsewhere
        found = [key for key in by_key if key.rpartition("/")[2] == wanted[2]][:MAX_SIMILAR]
    return [by_key[key] for key in found]
