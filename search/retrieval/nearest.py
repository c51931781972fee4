"""The nearest embeddings to one query. The index is searched again only if more are needed than it has returned."""

from collections.abc import Callable

import numpy as np

from search.records import Ids, Vectors
from search.storage.snapshot import Snapshot
from search.storage.space_index import SpaceIndex


class Nearest:
    """Finds the nearest embeddings to one query in one space, to any depth."""

    def __init__(self, index: SpaceIndex, least: int) -> None:
        """Prepare the search.

        Args:
            index: The index of the space.
            least: The index is searched for at least this many embeddings, so that a second search is seldom needed.
        """
        self._index = index
        self._least = least
        self._ids: Ids = np.zeros(0, np.int64)
        self._has_all = False

    def find(self, snapshot: Snapshot, vector: Vectors, depth: int, select: Callable[[Snapshot], Ids | None]) -> Ids:
        """Return the ids of at most `depth` embeddings, the nearest first.

        Args:
            snapshot: The state to search.
            vector: The query, shape (d,), unit length; the same in each call.
            depth: The number of embeddings.
            select: Returns the only ids to find, ascending, or None for all; the same in each call.
        """
        if len(self._ids) < depth and not self._has_all:
            limit = max(depth, self._least)
            self._ids, _ = self._index.search(snapshot, vector[None], limit, select(snapshot))[0]
            self._has_all = len(self._ids) < limit
        return self._ids[:depth]

    def is_exhausted(self, depth: int) -> bool:
        """Return whether no more embeddings exist than `find` has returned for a depth."""
        return self._has_all and len(self._ids) <= depth
