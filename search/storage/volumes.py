"""The folders at which the storage of sources begins, and whether it is available."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from search.paths import is_below
from search.records import Volume
from search.storage import tables as t
from search.storage.database import Database


class Volumes:
    """Reads and writes of the volumes. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_below(self, root: str) -> list[Volume]:
        """Return the volumes at a path or below it, in order of path."""
        return [volume for volume in self.list_all() if is_below(volume.path, root)]

    def list_all(self) -> list[Volume]:
        """Return every volume, in order of path."""
        c = t.volume.c
        with self._database.read() as db:
            rows = db.execute(select(c.path, c.identity, c.problem, c.last_item_id).order_by(c.path))
            return [Volume(*row) for row in rows]

    def list_strays(self, root: str) -> set[str]:
        """Return the paths of the items at a path or below it that were added while their volume was unavailable.

        For example, a program wrote a file into the folder of a disk that was not mounted.
        """
        c, i = t.volume.c, t.item.c
        query = select(i.path).join(t.volume, _is_below_volume()).where(c.problem.is_not(None), i.id > c.last_item_id)
        with self._database.read() as db:
            return {row[0] for row in db.execute(query) if is_below(row[0], root)}

    def list_problems(self) -> dict[str, str]:
        """Return why storage is unavailable, by the folder at which it begins."""
        return {volume.path: volume.problem for volume in self.list_all() if volume.problem is not None}

    def replace(self, source_id: int, root: str, volumes: Iterable[Volume]) -> None:
        """Store the volumes that a scan of a path found, in place of those at or below the path.

        Nothing is written if nothing changed.
        """
        wanted = {volume.path: volume for volume in volumes}
        known = {volume.path: volume for volume in self.list_below(root)}
        if wanted == known:
            return
        # Only problems are shown to users.
        is_shown = any(volume.problem is not None for volume in (*wanted.values(), *known.values()))
        with self._database.write(bump_revision=is_shown) as db:
            for path in known.keys() - wanted.keys():
                db.execute(delete(t.volume).where(t.volume.c.path == path))
            for volume in wanted.values():
                _save(db, source_id, volume)

    def mark_unavailable(self, source_id: int, path: str, problem: str) -> None:
        """Store why the storage that begins at a folder is unavailable. Nothing is written if that is known."""
        before = next((volume for volume in self.list_all() if volume.path == path), Volume(path, ""))
        if before.problem != problem:
            with self._database.write() as db:
                _save(db, source_id, replace(before, problem=problem))

    def forget(self, root: str) -> None:
        """Delete the volumes at a path or below it."""
        paths = [volume.path for volume in self.list_below(root)]
        if paths:
            with self._database.write() as db:
                db.execute(delete(t.volume).where(t.volume.c.path.in_(paths)))


def is_available() -> ColumnElement[bool]:
    """Return the condition that an item is not on a volume that is unavailable."""
    c, path = t.volume.c, t.item.c.path
    return ~select(c.path).where(c.problem.is_not(None), or_(path == c.path, _is_below_volume())).exists()


def find_volume() -> ColumnElement[str]:
    """Return the SQL expression for the innermost volume that an item is on, NULL if there is none."""
    c, path = t.volume.c, t.item.c.path
    query = select(c.path).where(or_(path == c.path, _is_below_volume())).order_by(func.length(c.path).desc())
    return query.limit(1).scalar_subquery()


def _is_below_volume() -> ColumnElement[bool]:
    path = t.volume.c.path
    return func.substr(t.item.c.path, 1, func.length(path) + 1) == path + "/"


def _save(db: Connection, source_id: int, volume: Volume) -> None:
    values = {"path": volume.path, "source_id": source_id, "identity": volume.identity, "problem": volume.problem}
    last_item_id: Any = volume.last_item_id
    if volume.problem is not None and last_item_id is None:
        last_item_id = select(func.coalesce(func.max(t.item.c.id), 0)).scalar_subquery()
    statement = upsert(t.volume).values(values | {"last_item_id": last_item_id})
    changed = {name: statement.excluded[name] for name in ("source_id", "identity", "problem", "last_item_id")}
    db.execute(statement.on_conflict_do_update(index_elements=["path"], set_=changed))
