"""The embedding spaces of a home.

A retriever has at most one space in each role: the active one is searched, the next one is being filled, the previous
one was searched before. Switching changes the three roles in one transaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from search.errors import NotFoundError
from search.records import EncoderFacts, FileFacts, ItemType, Retriever, State, Vectors
from search.storage import tables as t
from search.storage.database import Database, match_values, pack_values
from search.storage.embedding_rows import count_rows

ROWS_PER_READ = 512


class SpaceRole(StrEnum):
    """The role of a space: `active` is searched, `next` is being filled, `previous` was searched before."""

    ACTIVE = "active"
    NEXT = "next"
    PREVIOUS = "previous"


@dataclass(frozen=True)
class Space:
    """One embedding space.

    Attributes:
        id: The id of the space.
        retriever: The retriever that searches it.
        role: Its role for the retriever.
        model: The name of the model that fills it.
        fingerprint: A hash of everything that affects the model's vectors.
        dimension: The length of a vector.
    """

    id: int
    retriever: Retriever
    role: SpaceRole
    model: str
    fingerprint: str
    dimension: int


@dataclass(frozen=True)
class UnembeddedSegment:
    """A segment without a vector in a space.

    Attributes:
        segment_id: The segment.
        text: The text of the segment, if it has one.
        start: The start of the segment in the recording, in seconds.
        page: The page of the segment, from 1.
    """

    segment_id: int
    text: str | None
    start: float | None
    page: int | None


class Spaces:
    """Reads and writes of the spaces. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def list_all(self) -> list[Space]:
        """Return every space."""
        with self.database.read() as db:
            return [_make_space(row) for row in db.execute(select(t.space).order_by(t.space.c.id))]

    def find(self, retriever: Retriever, role: SpaceRole = SpaceRole.ACTIVE) -> Space | None:
        """Return a retriever's space in a role; None if there is none."""
        with self.database.read() as db:
            row = db.execute(select(t.space).where(_match_role(retriever, role))).first()
        return _make_space(row) if row is not None else None

    def get(self, retriever: Retriever, role: SpaceRole = SpaceRole.ACTIVE) -> Space:
        """Return a retriever's space in a role. Raises NotFoundError if there is none."""
        found = self.find(retriever, role)
        if found is None:
            raise NotFoundError(f"The {retriever} retriever has no {role} space")
        return found

    def add(self, retriever: Retriever, role: SpaceRole, encoder: EncoderFacts) -> Space:
        """Add a retriever's space in a role, if there is none, and return it."""
        values: dict[str, Any] = {"retriever": retriever, "role": role, "model": encoder.name}
        values |= {"fingerprint": encoder.fingerprint, "dimension": encoder.dimension}
        with self.database.write() as db:
            db.execute(upsert(t.space).values(values).on_conflict_do_nothing())
        return self.get(retriever, role)

    def count(self, space_id: int) -> int:
        """Return the number of vectors in a space."""
        return count_rows(self.database, space_id)

    def count_items(self, space_id: int) -> int:
        """Return the number of indexed items that have a vector in a space."""
        query = (
            select(func.count(t.segment.c.item_id.distinct()))
            .join(t.embedding, t.embedding.c.segment_id == t.segment.c.id)
            .join(t.item, t.item.c.id == t.segment.c.item_id)
            .where(t.embedding.c.space_id == space_id, t.item.c.state == State.INDEXED)
        )
        with self.database.read() as db:
            return int(db.execute(query).scalar_one())

    def list_unembedded_files(self, source_space_id: int, target_space_id: int) -> list[tuple[int, FileFacts]]:
        """Return the id and file of the indexed items with a segment that only the source space has."""
        c = t.item.c
        names = ("path", "source_id", "type", "size", "mtime_ns", "sidecar")
        query = select(c.id, *(c[name] for name in names)).where(
            c.id.in_(_select_unembedded(source_space_id, target_space_id, t.segment.c.item_id)),
            c.state == State.INDEXED,
        )
        with self.database.read() as db:
            return [(row.id, _make_file(row)) for row in db.execute(query.order_by(c.id))]

    def list_unembedded(self, source_space_id: int, target_space_id: int, item_id: int) -> list[UnembeddedSegment]:
        """Return the segments of an item that are in the source space but not in the target space, in order."""
        query = _select_unembedded_rows(source_space_id, target_space_id).where(t.segment.c.item_id == item_id)
        with self.database.read() as db:
            return [UnembeddedSegment(*row) for row in db.execute(query)]

    def iterate_unembedded(self, source_space_id: int, target_space_id: int) -> Iterator[list[UnembeddedSegment]]:
        """Yield all segments that are in the source space but not in the target space, `ROWS_PER_READ` at a time."""
        last = 0
        while True:
            with self.database.read() as db:
                query = (
                    _select_unembedded_rows(source_space_id, target_space_id)
                    .where(t.segment.c.id > last)
                    .limit(ROWS_PER_READ)
                )
                rows = [UnembeddedSegment(*row) for row in db.execute(query)]
            if not rows:
                return
            last = rows[-1].segment_id
            yield rows

    def count_unembedded(self, source_space_id: int, target_space_id: int) -> int:
        """Return the number of segments that are in the source space but not in the target space."""
        query = select(func.count()).select_from(_select_unembedded_rows(source_space_id, target_space_id).subquery())
        with self.database.read() as db:
            return int(db.execute(query).scalar_one())

    def fill(self, space_id: int, rows: Sequence[tuple[int, Vectors]]) -> None:
        """Write vectors in one transaction.

        Args:
            space_id: The space.
            rows: Pairs of a segment id and its vector, shape (d,); segments that were deleted are skipped.
        """
        values = {segment: vector.astype("<f2").tobytes() for segment, vector in rows}
        c = t.segment.c
        # The space is not searched yet, so readers need not reload.
        with self.database.write(bump_revision=False) as db:
            existing = {row[0] for row in db.execute(select(c.id).where(match_values(c.id)), pack_values(values))}
            new_rows = [
                {"segment_id": segment, "space_id": space_id, "vector": vector}
                for segment, vector in values.items()
                if segment in existing
            ]
            if new_rows:
                db.execute(upsert(t.embedding).on_conflict_do_nothing(), new_rows)

    def read_vectors(self, space_id: int, segments: Sequence[int], dimension: int) -> dict[int, Vectors]:
        """Return the vectors of segments in a space by segment id, shape (d,) each, float32."""
        c = t.embedding.c
        query = select(c.segment_id, c.vector).where(c.space_id == space_id, match_values(c.segment_id))
        with self.database.read() as db:
            rows = db.execute(query, pack_values(segments)).all()
        return {row[0]: np.frombuffer(row[1], "<f2", dimension).astype(np.float32) for row in rows}

    def switch(self, retriever: Retriever) -> None:
        """Make the next space active, and the active space previous.

        Items with a segment that has no vector in the new space are indexed again by the next run.
        """
        with self.database.write() as db:
            active, following = (_find_id(db, retriever, role) for role in (SpaceRole.ACTIVE, SpaceRole.NEXT))
            lacking = _select_unembedded(active, following, t.segment.c.item_id)
            # No file has this modification time, so the next run reads the file. Without a hash it counts as changed.
            reset = {"mtime_ns": -1, "content_hash": None}
            db.execute(update(t.item).where(t.item.c.id.in_(lacking)).values(reset))
            _change_role(db, active, SpaceRole.PREVIOUS)
            _change_role(db, following, SpaceRole.ACTIVE)

    def prepare_previous(self, retriever: Retriever) -> None:
        """Change the role of the previous space to `next`, so that it is filled and can be switched to."""
        with self.database.write(bump_revision=False) as db:
            _change_role(db, _find_id(db, retriever, SpaceRole.PREVIOUS), SpaceRole.NEXT)

    def rename_model(self, space_id: int, model: str) -> None:
        """Change the name of a space's model."""
        with self.database.write(bump_revision=False) as db:
            db.execute(update(t.space).where(t.space.c.id == space_id).values(model=model))

    def drop(self, space_id: int) -> int:
        """Delete a space that is not searched, and return the number of its vectors."""
        with self.database.write() as db:
            count = db.execute(delete(t.embedding).where(t.embedding.c.space_id == space_id)).rowcount
            db.execute(delete(t.space).where(t.space.c.id == space_id))
            # No reader uses its generations any more.
            db.execute(delete(t.tombstone).where(t.tombstone.c.space_id == space_id))
            return count

    def read_speech_model(self) -> str | None:
        """Return the name of the speech model; None if no model was chosen."""
        with self.database.read() as db:
            return db.execute(select(t.setting.c.value).where(t.setting.c.key == "speech")).scalar()

    def set_speech_model(self, name: str) -> None:
        """Store the name of the speech model; it is used from now on."""
        row = {"key": "speech", "value": name}
        statement = upsert(t.setting).values(row)
        with self.database.write() as db:
            db.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": name}))


def _select_unembedded(source_space_id: int, target_space_id: int, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return a query for columns of the segments that are in the source space but not in the target space."""
    in_full, in_space = t.embedding.alias("a"), t.embedding.alias("b")
    is_in_space = (
        select(in_space.c.id)
        .where(in_space.c.space_id == target_space_id, in_space.c.segment_id == in_full.c.segment_id)
        .exists()
    )
    query: Select[Any] = (
        select(*columns)
        .join(in_full, in_full.c.segment_id == t.segment.c.id)
        .where(in_full.c.space_id == source_space_id, ~is_in_space)
    )
    return query


def _select_unembedded_rows(source_space_id: int, target_space_id: int) -> Select[Any]:
    c = t.segment.c
    return _select_unembedded(source_space_id, target_space_id, c.id, c.text, c.start, c.page).order_by(c.id)


def _match_role(retriever: Retriever, role: SpaceRole) -> ColumnElement[bool]:
    return and_(t.space.c.retriever == retriever, t.space.c.role == role)


def _find_id(db: Connection, retriever: Retriever, role: SpaceRole) -> int:
    return int(db.execute(select(t.space.c.id).where(_match_role(retriever, role))).scalar_one())


def _change_role(db: Connection, space_id: int, role: SpaceRole) -> None:
    db.execute(update(t.space).where(t.space.c.id == space_id).values(role=role))


def _make_space(row: Row[Any]) -> Space:
    values = dict(row._mapping)
    return Space(**values | {"retriever": Retriever(values["retriever"]), "role": SpaceRole(values["role"])})


def _make_file(row: Row[Any]) -> FileFacts:
    values = dict(row._mapping)
    values.pop("id")
    return FileFacts(**values | {"type": ItemType(values["type"]) if values["type"] else None})
