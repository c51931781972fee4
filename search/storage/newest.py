"""The newest of many items, without a look at all of them."""

from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection, select

from search.records import Ids
from search.storage import tables as t
from search.storage.database import Database, match_values, pack_values
from search.storage.dates import order_by_date
from search.storage.embedding_rows import mark_ids

# How many of the newest items of the library are looked at for items to choose from, first and then.
WALKED_STEPS = (2_000, 20_000)
# More than what two times of the same moment can differ by in different time zones.
ZONE_DIFFERENCE = timedelta(days=2)
DAY_LENGTH = len("2024-05-01")


def list_newest_of(database: Database, ids: Ids, count: int) -> list[int]:
    """Return the ids of the newest of some items, newest first.

    Args:
        database: The catalog.
        ids: The ids of the items to choose from, ascending, shape (n,).
        count: The number of items.
    """
    with database.read() as db:
        chosen = ids if len(ids) <= WALKED_STEPS[0] else _find_recent(db, ids, count)
        query = select(t.item.c.id).where(match_values(t.item.c.id))
        query = query.order_by(*order_by_date(newest_first=True), t.item.c.id.desc()).limit(count)
        return [row[0] for row in db.execute(query, pack_values(chosen.tolist()))]


def _find_recent(db: Connection, ids: Ids, count: int) -> Ids:
    """Return those of some items that can be among the newest; all if they are rare among the newest of the library."""
    captured = t.item.c.captured_at
    query = select(t.item.c.id, captured).where(captured.is_not(None)).order_by(captured.desc())
    for step in WALKED_STEPS:
        rows = [(row[0], row[1][:DAY_LENGTH]) for row in db.execute(query.limit(step))]
        walked = np.array([row[0] for row in rows], np.int64)
        found = np.flatnonzero(mark_ids(ids, int(walked.max(initial=0)) + 1)[walked])
        earliest = _step_back(rows[found[count - 1]][1]) if len(found) >= count else None
        if earliest is not None and rows[-1][1] < earliest:
            return walked[[place for place in found.tolist() if rows[place][1] >= earliest]]
    return ids


def _step_back(day: str) -> str | None:
    """Return the day from which an item can be as new as one of a day; None if that is not a date.

    The order by text differs from that by time as time zones differ.
    """
    try:
        return (datetime.fromisoformat(day) - ZONE_DIFFERENCE).date().isoformat()
    except (ValueError, OverflowError):
        return None
