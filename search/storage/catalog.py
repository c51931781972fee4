"""The catalog: items, their segments and their embeddings."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from sqlalchemy import ColumnElement, func, select

from search.errors import NotFoundError
from search.records import (
    EVERYTHING,
    Coverage,
    FileFacts,
    Filters,
    FoundSegment,
    Ids,
    Item,
    ItemType,
    Record,
    Rights,
    SegmentEmbedding,
    SegmentKind,
    Sort,
    State,
    Vectors,
)
from search.storage import tables as t
from search.storage.database import Database, match_values, now, pack_values
from search.storage.dates import order_by_date
from search.storage.filters import is_indexed, make_conditions, match_folder, order_in_album
from search.storage.item_rows import make_item, make_segment, select_items
from search.storage.rights import is_own, is_readable
from search.storage.saving import save_records

# Two primes, so that ids below the modulus get different sort keys.
_SCATTER_FACTOR, _SCATTER_MODULUS = 7_919, 10_007


class Catalog:
    """Reads and writes of items. Each method that writes is one transaction.

    Attributes:
        database: The database.
        rights: What the caller may read: methods that return items, segments and counts leave out all others.
    """

    def __init__(self, database: Database, rights: Rights = EVERYTHING) -> None:
        self.database = database
        self.rights = rights

    def read_revision(self) -> int:
        """Return a number that increases with every committed write."""
        with self.database.read() as db:
            value = db.execute(_REVISION).scalar()
        return int(value or 0)

    def save_items(self, records: Sequence[Record]) -> list[int]:
        """Write items with their segments and embeddings in one transaction, and return the item ids in order."""
        with self.database.write() as db:
            return save_records(db, records, now())

    def find_copy(self, content_hash: str, kind: ItemType) -> int | None:
        """Return the id of an indexed item with the same content and type, if there is one."""
        c = t.item.c
        # The query has only the hash: with type and state SQLite would use their index and read every item.
        query = select(c.id, c.type, c.state).where(c.content_hash == content_hash)
        with self.database.read() as db:
            rows = db.execute(query).all()
        return next((row.id for row in rows if (row.type, row.state) == (kind, State.INDEXED)), None)

    def read_record(self, item_id: int, file: FileFacts) -> Record:
        """Return a record of an item's metadata, segments and embeddings for another file with the same content.

        Args:
            item_id: The item to copy.
            file: The other file.

        Raises:
            NotFoundError: There is no such item.
        """
        item = self.get_item(item_id)
        # The name was written before the text in the images, which is read later.
        segments = sorted(self.list_segments(item_id), key=lambda stored: stored.segment.kind is SegmentKind.NAME)
        positions = {stored.id: position for position, stored in enumerate(segments)}
        c = t.embedding.c
        query = select(c.segment_id, c.space_id, c.vector).where(match_values(c.segment_id)).order_by(c.id)
        with self.database.read() as db:
            rows = db.execute(query, pack_values(positions)).all()
            one = select(t.item.c.content_hash, t.item.c.text_reader).where(t.item.c.id == item_id)
            content_hash, reader = db.execute(one).one()
        embeddings = [
            SegmentEmbedding(positions[row[0]], row[1], np.frombuffer(row[2], "<f2").astype(np.float32)) for row in rows
        ]
        parts = [stored.segment for stored in segments]
        return Record(file, content_hash, item.facts, parts, embeddings, item.reason, reader)

    def read_items(self, item_ids: Iterable[int]) -> dict[int, Item]:
        """Return items by id; ids without a row are ignored."""
        query = _ITEMS if self.rights.are_unlimited else _ITEMS.where(is_readable(self.rights))
        with self.database.read() as db:
            return {row.id: make_item(row) for row in db.execute(query, pack_values(item_ids))}

    def get_item(self, item_id: int) -> Item:
        """Return one item. Raises NotFoundError."""
        item = self.read_items([item_id]).get(item_id)
        if item is None:
            raise NotFoundError(f"There is no item {item_id}. `crossmodal files` and GET /api/v1/items list the items.")
        return item

    def list_items(self, state: State | None = None) -> list[Item]:
        """Return all items, or those in one state, in order of path."""
        query = select_items().where(is_readable(self.rights)).order_by(t.item.c.path)
        if state is not None:
            query = query.where(t.item.c.state == state)
        with self.database.read() as db:
            return [make_item(row) for row in db.execute(query)]

    def list_below(self, path: str) -> list[int]:
        """Return the ids of the items at a path or below it, in any state."""
        query = select(t.item.c.id).where(match_folder(path), is_readable(self.rights))
        with self.database.read() as db:
            return [row[0] for row in db.execute(query)]

    def list_page(
        self, state: State | None, after_id: int, limit: int, types: Collection[ItemType] = (), part: str = ""
    ) -> list[Item]:
        """Return a page of items in order of id.

        Args:
            state: Only items in this state.
            after_id: Only items with higher ids.
            limit: The maximum number of items.
            types: Only items of these types; empty for all.
            part: Only items with this text in their path.
        """
        c = t.item.c
        query = select_items().where(c.id > after_id, is_readable(self.rights)).order_by(c.id).limit(limit)
        if state is not None:
            query = query.where(c.state == state)
        if types:
            query = query.where(c.type.in_(types))
        if part:
            query = query.where(is_own(self.rights), c.path.icontains(part, autoescape=True))
        with self.database.read() as db:
            return [make_item(row) for row in db.execute(query)]

    def list_attachments(self, path: str) -> list[Item]:
        """Return the skipped files that belong to the item at a path, in order of path."""
        c = t.item.c
        query = select_items().where(c.belongs_to == path, c.state == State.SKIPPED, is_readable(self.rights))
        with self.database.read() as db:
            return [make_item(row) for row in db.execute(query.order_by(c.path))]

    def read_types(self, paths: Iterable[str]) -> dict[str, ItemType]:
        """Return the types of the indexed items among some paths."""
        c = t.item.c
        query = select(c.path, c.type).where(match_values(c.path), c.state == State.INDEXED)
        with self.database.read() as db:
            return {row.path: ItemType(row.type) for row in db.execute(query, pack_values(paths))}

    def list_newest(self, filters: Filters) -> list[int]:
        """Return the ids of all indexed items that satisfy the filters, newest first, or as their album orders them."""
        query = (
            select(t.item.c.id)
            .join(t.source, t.source.c.id == t.item.c.source_id)
            .where(make_conditions(filters))
            .order_by(*order_in_album(filters), *order_by_date(newest_first=True), t.item.c.id.desc())
        )
        with self.database.read() as db:
            return [row[0] for row in db.execute(query)]

    def list_some(self, kind: ItemType, count: int) -> list[Item]:
        """Return up to `count` indexed items of a type from all over the library; repeated calls return the same."""
        c = t.item.c
        query = select(c.id).where(c.type == kind, c.state == State.INDEXED).order_by(_scatter(c.id)).limit(count)
        with self.database.read() as db:
            ids = [row[0] for row in db.execute(query)]
        items = self.read_items(ids)
        return [items[item_id] for item_id in ids if item_id in items]

    def read_phashes(self) -> tuple[Ids, Ids]:
        """Return the ids of the indexed images, ascending, shape (n,), and their perceptual hashes, shape (n,)."""
        s, i = t.segment.c, t.item.c
        query = (
            select(i.id, s.phash)
            .join_from(t.segment, t.item, i.id == s.item_id)
            .where(i.type == ItemType.IMAGE, i.state == State.INDEXED, s.phash.is_not(None))
            .order_by(i.id)
        )
        with self.database.read() as db:
            rows = np.array([tuple(row) for row in db.execute(query)], np.int64).reshape(-1, 2)
        return rows[:, 0], rows[:, 1]

    def list_texts(self, count: int) -> list[str]:
        """Return up to `count` passages and spans of speech from all over the library, in a fixed order."""
        c = t.segment.c
        kinds = (SegmentKind.PASSAGE, SegmentKind.SPEECH)
        query = select(c.text).where(c.kind.in_(kinds), c.text.is_not(None))
        with self.database.read() as db:
            return [row[0] for row in db.execute(query.order_by(_scatter(c.id)).limit(count))]

    def read_order(self, sort: Sort, item_ids: Iterable[int]) -> dict[int, int]:
        """Return the position of each item by id in an order of date or duration; items without a value come last."""
        c = t.item.c
        keys = {
            Sort.NEWEST: order_by_date(newest_first=True),
            Sort.OLDEST: order_by_date(newest_first=False),
            Sort.LONGEST: (c.duration.desc().nulls_last(),),
            Sort.SHORTEST: (c.duration.nulls_last(),),
        }
        query = select(c.id).where(match_values(c.id)).order_by(*keys[sort], c.id)
        with self.database.read() as db:
            return {row[0]: position for position, row in enumerate(db.execute(query, pack_values(item_ids)))}

    def read_segments(self, segment_ids: Iterable[int]) -> dict[int, FoundSegment]:
        """Return segments of indexed items by segment id."""
        query = _SEGMENTS if self.rights.are_complete else _SEGMENTS.where(is_readable(self.rights))
        with self.database.read() as db:
            return {row.id: make_segment(row) for row in db.execute(query, pack_values(segment_ids))}

    def read_texts(self, segment_ids: Iterable[int]) -> dict[int, str]:
        """Return the texts of segments by segment id."""
        query = select(t.segment.c.id, t.segment.c.text).where(match_values(t.segment.c.id))
        with self.database.read() as db:
            return {row[0]: row[1] or "" for row in db.execute(query, pack_values(segment_ids))}

    def list_segments(self, item_id: int) -> list[FoundSegment]:
        """Return all segments of an item in order."""
        query = select(t.segment).where(t.segment.c.item_id == item_id).order_by(t.segment.c.id)
        if not self.rights.are_unlimited:
            query = query.join(t.item, t.item.c.id == t.segment.c.item_id).where(is_readable(self.rights))
        with self.database.read() as db:
            return [make_segment(row) for row in db.execute(query)]

    def read_vectors(self, item_id: int, space_id: int) -> Vectors:
        """Return the embeddings of an item in a space, shape (n, d), float32; n may be 0."""
        query = (
            select(t.embedding.c.vector)
            .join(t.segment, t.segment.c.id == t.embedding.c.segment_id)
            .where(t.segment.c.item_id == item_id, t.embedding.c.space_id == space_id)
        )
        with self.database.read() as db:
            rows = [np.frombuffer(row.vector, "<f2") for row in db.execute(query)]
        return np.stack(rows).astype(np.float32) if rows else np.zeros((0, 0), np.float32)

    def count_states(self) -> dict[tuple[str | None, str], int]:
        """Return the number of items by (type, state)."""
        c = t.item.c
        query = select(c.type, c.state, func.count()).where(is_readable(self.rights)).group_by(c.type, c.state)
        with self.database.read() as db:
            return {(kind, state): number for kind, state, number in db.execute(query)}

    def read_coverage(self) -> Coverage:
        """Return the number of items that can be found, that are not indexed yet, and that failed."""
        totals = dict.fromkeys(State, 0)
        pending: dict[str, int] = {}
        for (kind, state), number in sorted(self.count_states().items(), key=str):
            totals[State(state)] += number
            if state == State.PENDING:
                pending[kind or "other"] = number
        counts = totals[State.INDEXED], totals[State.PENDING], totals[State.FAILED]
        return Coverage(*counts, pending_by_type=pending)


def _scatter(row_id: ColumnElement[int]) -> ColumnElement[int]:
    """Return a sort key that puts consecutive ids far apart: a fixed order that looks random."""
    return row_id * _SCATTER_FACTOR % _SCATTER_MODULUS


# Every search runs these queries, so they are built once.
_REVISION = select(t.setting.c.value).where(t.setting.c.key == "revision")
_ITEMS = select_items().where(match_values(t.item.c.id))
_SEGMENTS = (
    select(t.segment).join(t.item, t.item.c.id == t.segment.c.item_id).where(match_values(t.segment.c.id), is_indexed())
)
