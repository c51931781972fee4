"""Pages of one answer: the whole ranking is kept for a while, so that it does not move between pages."""

import base64
import hashlib
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from search.errors import UsageError
from search.ranking.grouping import Stack
from search.records import Heard, Query
from search.request import MAX_LIMIT

KEPT = 32


@dataclass(frozen=True)
class Ranking:
    """What answers a query, best first.

    relevant: how many of the stacks, from the first, are; complete: False when there are more, all irrelevant.
    """

    stacks: tuple[Stack, ...]
    relevant: int
    complete: bool
    words: tuple[str, ...]
    voice: Heard | None
    language: str | None = None
    only_english: tuple[str, ...] = ()

    def reaches(self, end: int, include_all: bool) -> bool:
        """True when a page that ends there can be cut from it, and what follows be told."""
        return self.complete or not include_all or len(self.stacks) > end


@dataclass(frozen=True)
class Cursor:
    """Where a page begins. query: whose answer; place: in the ranking kept; after: the last item shown."""

    query: str
    place: int = 0
    after: int | None = None


class RankingCache:
    """The rankings of the latest queries. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Ranking] = OrderedDict()

    def get(self, key: str) -> Ranking | None:
        """Give a ranking that is still kept."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: str, ranking: Ranking) -> None:
        """Keep a ranking in place of the oldest."""
        with self._lock:
            self._kept[key] = ranking
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def hash_query(query: Query) -> str:
    """Give what tells queries apart, whatever page of the answer is asked for."""
    plain = replace(query, cursor=None, limit=1, weights=dict(sorted(query.weights.items())))
    return hashlib.sha256(repr(plain).encode()).hexdigest()[:24]


def read_cursor(query: Query) -> Cursor:
    """Give where the page asked for begins.

    Raises UsageError for a limit out of range and for a cursor that is none or belongs to another query.
    """
    if not 1 <= query.limit <= MAX_LIMIT:
        raise UsageError(f"limit must lie between 1 and {MAX_LIMIT}, not {query.limit}")
    key = hash_query(query)
    if query.cursor is None:
        return Cursor(key)
    try:
        document = json.loads(base64.urlsafe_b64decode(query.cursor))
        cursor = Cursor(str(document["query"]), int(document["place"]), int(document["after"]))
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError("cursor is not one that was given out here") from error
    if cursor.query != key:
        raise UsageError("cursor belongs to another query: ask the same query again, with it")
    return cursor


def write_cursor(cursor: Cursor) -> str:
    """Give the opaque text of a cursor."""
    document = {"query": cursor.query, "place": cursor.place, "after": cursor.after}
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


def find_place(cursor: Cursor, ranking: Ranking) -> int:
    """Give where a page begins in a ranking made anew: behind the item last shown, if it is still there."""
    for place, stack in enumerate(ranking.stacks):
        if cursor.after in (stack.first.item_id, *stack.others):
            return place + 1
    return min(max(cursor.place, 0), len(ranking.stacks))
