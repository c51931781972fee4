"""Filters as SQL: the same conditions for the vector lanes and the word lane."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, literal, or_, select

from search.errors import UsageError
from search.records import Filters, Ids, State
from search.store import tables as t
from search.store.database import Database


def make_conditions(filters: Filters) -> ColumnElement[bool]:
    """Give the condition on item and source rows; indexed items only.

    Raises UsageError when a date cannot be read.
    """
    item = t.item.c
    # A file without a recorded date counts by its modification time.
    modified = func.strftime("%Y-%m-%dT%H:%M:%S", item.mtime_ns / literal(1_000_000_000), "unixepoch")
    moment = func.coalesce(item.captured_at, modified)
    conditions: list[ColumnElement[bool]] = [item.state == State.INDEXED]
    if filters.types:
        conditions.append(item.type.in_(filters.types))
    if filters.sources:
        conditions.append(t.source.c.path.in_(filters.sources))
    if filters.path is not None:
        root = filters.path.rstrip("/")
        conditions.append(or_(item.path == root, item.path.startswith(root + "/", autoescape=True)))
    if filters.after is not None:
        conditions.append(moment >= _check_date("after", filters.after))
    if filters.before is not None:
        conditions.append(moment < _check_date("before", filters.before))
    return and_(*conditions)


def select_embeddings(database: Database, space_id: int, filters: Filters) -> Ids:
    """Give the ids of a space's embeddings whose item satisfies the filters, ascending."""
    query = (
        select(t.embedding.c.id)
        .join(t.segment, t.segment.c.id == t.embedding.c.segment_id)
        .join(t.item, t.item.c.id == t.segment.c.item_id)
        .join(t.source, t.source.c.id == t.item.c.source_id)
        .where(t.embedding.c.space_id == space_id, make_conditions(filters))
        .order_by(t.embedding.c.id)
    )
    with database.read() as db:
        return _make_ids([row[0] for row in db.execute(query)])


def select_hidden(database: Database, space_id: int) -> Ids:
    """Give the ids of a space's embeddings whose item is not in the state `indexed`, ascending."""
    query = (
        select(t.embedding.c.id)
        .join(t.segment, t.segment.c.id == t.embedding.c.segment_id)
        .join(t.item, t.item.c.id == t.segment.c.item_id)
        .where(t.embedding.c.space_id == space_id, t.item.c.state != State.INDEXED)
        .order_by(t.embedding.c.id)
    )
    with database.read() as db:
        return _make_ids([row[0] for row in db.execute(query)])


def _make_ids(values: Sequence[int]) -> Ids:
    import numpy as np

    return np.array(values, np.int64)


def _check_date(name: str, value: str) -> str:
    try:
        if len(value) in (4, 7):
            date.fromisoformat((value + "-01-01")[:10])
        else:
            datetime.fromisoformat(value)
    except ValueError as error:
        raise UsageError(f"{name} must be a date such as 2024, 2024-05 or 2024-05-31, not {value!r}") from error
    return value
