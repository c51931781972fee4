"""The embeddings of given segments or items."""

from typing import Literal

import numpy as np

from search.records import Ids, RowMetadata
from search.storage.space_index import Snapshot

Owner = Literal["segment", "item"]
# The rows of so many generations and deltas are kept in order, by each kind of owner.
MAX_KEPT = 16
_orders: dict[tuple[int, Owner], tuple[RowMetadata, Ids, Ids]] = {}


def find_embeddings(snapshot: Snapshot, owner: Owner, wanted: Ids) -> Ids:
    """Return the ids of all embeddings of some segments or items, in the order of these in each generation.

    Args:
        snapshot: What searches see.
        owner: Whether `wanted` are segments or items.
        wanted: Ids of the owners, shape (n,); those without an embedding are left out.
    """
    parts = [snapshot.delta] if snapshot.generation is None else [snapshot.generation.rows, snapshot.delta]
    found = [np.zeros(0, np.int64)]
    for rows in parts:
        owners, ids = _order_rows(rows.metadata, rows.ids, owner)
        first = np.searchsorted(owners, wanted, "left")
        count = np.searchsorted(owners, wanted, "right") - first
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        found.append(ids[np.repeat(first, count) + within])
    return np.concatenate(found)


def _order_rows(owners: RowMetadata, ids: Ids, owner: Owner) -> tuple[Ids, Ids]:
    """Return the owners of rows in ascending order, and the ids of the rows in the same order."""
    key = id(owners), owner
    known = _orders.get(key)
    if known is not None and known[0] is owners:
        return known[1], known[2]
    values = np.ascontiguousarray(owners[owner])
    order = np.argsort(values, kind="stable")
    while len(_orders) >= MAX_KEPT:
        _orders.pop(next(iter(_orders)), None)
    _orders[key] = (owners, values[order], ids[order])
    return values[order], ids[order]
