"""The embedding spaces of a home: those that are searched, one that is being filled, and the one before.

A lane's space is found by its role, which is its name in the catalogue: `picture` is searched, `picture/next` is being
filled, `picture/previous` was searched before. Switching renames the three in one transaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from search.records import FileFacts, ItemType, Lane, State, Vectors
from search.storage import tables as t
from search.storage.database import Database, match_values, pack_values
from search.storage.embedding_rows import count_rows

NEXT, PREVIOUS = "/next", "/previous"
BLOCK = 512


@dataclass(frozen=True)
class Space:
    """One space. name: its role; model: the name of what fills it."""

    id: int
    name: str
    model: str
    fingerprint: str
    dimension: int


@dataclass(frozen=True)
class Lacking:
    """A segment without a vector in a space. start in seconds; page: 1-based."""

    segment_id: int
    text: str | None
    start: float | None
    page: int | None


class Spaces:
    """Reads and writes of the spaces. Every public write is one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def read_all(self) -> dict[str, Space]:
        """Give every space by its name."""
        with self.database.read() as db:
            return {row.name: Space(**row._mapping) for row in db.execute(select(t.space))}

    def add(self, name: str, model: str, fingerprint: str, dimension: int) -> int:
        """Give the id of the space `name`, recording its model when it is new."""
        with self.database.write() as db:
            values = {"name": name, "model": model, "fingerprint": fingerprint, "dimension": dimension}
            db.execute(upsert(t.space).values(values).on_conflict_do_nothing())
            return int(db.execute(select(t.space.c.id).where(t.space.c.name == name)).scalar_one())

    def count(self, space_id: int) -> int:
        """Give the number of vectors in a space."""
        return count_rows(self.database, space_id)

    def count_items(self, space_id: int) -> int:
        """Give the number of indexed items that have a vector in a space."""
        query = (
            select(func.count(t.segment.c.item_id.distinct()))
            .join(t.embedding, t.embedding.c.segment_id == t.segment.c.id)
            .join(t.item, t.item.c.id == t.segment.c.item_id)
            .where(t.embedding.c.space_id == space_id, t.item.c.state == State.INDEXED)
        )
        with self.database.read() as db:
            return int(db.execute(query).scalar_one())

    def list_lacking_files(self, full: int, space: int) -> list[tuple[int, FileFacts]]:
        """Give id and file of the indexed items of which a segment is in one space and not in the other."""
        c = t.item.c
        names = ("path", "source_id", "type", "size", "mtime_ns", "sidecar")
        query = select(c.id, *(c[name] for name in names)).where(
            c.id.in_(_lack(full, space, t.segment.c.item_id)), c.state == State.INDEXED
        )
        with self.database.read() as db:
            return [(row.id, _make_file(row)) for row in db.execute(query.order_by(c.id))]

    def list_lacking(self, full: int, space: int, item_id: int) -> list[Lacking]:
        """Give the segments of an item that are in one space and not in the other, in their order."""
        query = _lack_rows(full, space).where(t.segment.c.item_id == item_id)
        with self.database.read() as db:
            return [Lacking(*row) for row in db.execute(query)]

    def iterate_lacking(self, full: int, space: int) -> Iterator[list[Lacking]]:
        """Give all segments that are in one space and not in the other, some hundred at a time."""
        last = 0
        while True:
            with self.database.read() as db:
                query = _lack_rows(full, space).where(t.segment.c.id > last).limit(BLOCK)
                rows = [Lacking(*row) for row in db.execute(query)]
            if not rows:
                return
            last = rows[-1].segment_id
            yield rows

    def count_lacking(self, full: int, space: int) -> int:
        """Give how many segments are in one space and not in the other."""
        query = select(func.count()).select_from(_lack_rows(full, space).subquery())
        with self.database.read() as db:
            return int(db.execute(query).scalar_one())

    def fill(self, space_id: int, rows: Sequence[tuple[int, Vectors]]) -> None:
        """Write vectors (d,) by the id of their segment, all or none; of segments that are gone meanwhile, none."""
        values = {segment: vector.astype("<f2").tobytes() for segment, vector in rows}
        c = t.segment.c
        # Nothing that is searched changes, so no reader need look again.
        with self.database.write(quiet=True) as db:
            there = {row[0] for row in db.execute(select(c.id).where(match_values(c.id)), pack_values(values))}
            kept = [
                {"segment_id": segment, "space_id": space_id, "vector": vector}
                for segment, vector in values.items()
                if segment in there
            ]
            if kept:
                db.execute(upsert(t.embedding).on_conflict_do_nothing(), kept)

    def read_vectors(self, space_id: int, segments: Sequence[int], dimension: int) -> dict[int, Vectors]:
        """Give the vectors (d,) of segments in a space by the segment's id."""
        c = t.embedding.c
        query = select(c.segment_id, c.vector).where(c.space_id == space_id, match_values(c.segment_id))
        with self.database.read() as db:
            rows = db.execute(query, pack_values(segments)).all()
        return {row[0]: np.frombuffer(row[1], "<f2", dimension).astype(np.float32) for row in rows}

    def switch(self, lane: Lane) -> None:
        """Put the space that was filled in place of the one that is searched, which is kept as the one before.

        Items of which the new one lacks something are to be read anew by the next run that meets their file.
        """
        with self.database.write() as db:
            spaces = {row.name: row.id for row in db.execute(select(t.space.c.name, t.space.c.id))}
            full, space = spaces[lane], spaces[lane + NEXT]
            lacking = _lack(full, space, t.segment.c.item_id)
            # No file has such a time, and without a hash it cannot pass for unchanged.
            unread = {"mtime_ns": -1, "content_hash": None}
            db.execute(update(t.item).where(t.item.c.id.in_(lacking)).values(unread))
            _rename(db, full, lane + PREVIOUS)
            _rename(db, space, lane)

    def promote(self, lane: Lane) -> int:
        """Make the space before the one that is to be filled; give its id."""
        with self.database.write(quiet=True) as db:
            found = db.execute(select(t.space.c.id).where(t.space.c.name == lane + PREVIOUS)).scalar_one()
            _rename(db, found, lane + NEXT)
            return int(found)

    def note_model(self, space_id: int, model: str) -> None:
        """Give a space's model another name."""
        with self.database.write(quiet=True) as db:
            db.execute(update(t.space).where(t.space.c.id == space_id).values(model=model))

    def drop(self, name: str) -> int:
        """Remove a space that is not searched, with its vectors; give how many there were."""
        with self.database.write() as db:
            space = db.execute(select(t.space.c.id).where(t.space.c.name == name)).scalar()
            if space is None:
                return 0
            gone = db.execute(delete(t.embedding).where(t.embedding.c.space_id == space)).rowcount
            db.execute(delete(t.space).where(t.space.c.id == space))
            # Nobody reads generations of it any more.
            db.execute(delete(t.tombstone).where(t.tombstone.c.space_id == space))
            return gone

    def read_speech(self) -> str | None:
        """Give the name of the model that hears, where one was chosen."""
        with self.database.read() as db:
            return db.execute(select(t.setting.c.value).where(t.setting.c.key == "speech")).scalar()

    def choose_speech(self, name: str) -> None:
        """Note which model hears from now on."""
        row = {"key": "speech", "value": name}
        statement = upsert(t.setting).values(row)
        with self.database.write() as db:
            db.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": name}))


def _lack(full: int, space: int, *columns: ColumnElement[Any]) -> Select[Any]:
    """Give columns of the segments that are in one space and not in the other."""
    a, b = t.embedding.alias("a"), t.embedding.alias("b")
    there = select(b.c.id).where(b.c.space_id == space, b.c.segment_id == a.c.segment_id).exists()
    query: Select[Any] = select(*columns).join(a, a.c.segment_id == t.segment.c.id).where(a.c.space_id == full, ~there)
    return query


def _lack_rows(full: int, space: int) -> Select[Any]:
    c = t.segment.c
    return _lack(full, space, c.id, c.text, c.start, c.page).order_by(c.id)


def _rename(db: Connection, space_id: int, name: str) -> None:
    db.execute(update(t.space).where(t.space.c.id == space_id).values(name=name))


def _make_file(row: Row[Any]) -> FileFacts:
    values = dict(row._mapping)
    values.pop("id")
    return FileFacts(**values | {"type": ItemType(values["type"]) if values["type"] else None})
