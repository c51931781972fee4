"""Pages of one answer: the whole ranking is kept for a while, so that it does not move between pages."""

import base64
import hashlib
import json
import threading
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.errors import UsageError
from search.ranking.grouping import Stack
from search.records import Heard, Query
from search.request import MAX_LIMIT

KEPT = 32
# More than anybody pages through; what a forged cursor may unpack to.
MOST_SHOWN = 10_000_000


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
    """Where a page begins. query: whose answer; place: in the ranking kept; shown: the items on the pages before it."""

    query: str
    place: int = 0
    shown: frozenset[int] = frozenset()


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
        head, _, body = base64.urlsafe_b64decode(query.cursor).partition(b"\n")
        document = json.loads(head)
        cursor = Cursor(str(document["query"]), max(0, int(document["place"])), _unpack(body))
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise UsageError("cursor is not one that was given out here") from error
    if cursor.query != key:
        raise UsageError("cursor belongs to another query: ask the same query again, with it")
    return cursor


def write_cursor(cursor: Cursor) -> str:
    """Give the opaque text of a cursor."""
    head = json.dumps({"query": cursor.query, "place": cursor.place}).encode()
    return base64.urlsafe_b64encode(head + b"\n" + _pack(cursor.shown)).decode()


def resume(cursor: Cursor, ranking: Ranking, include_all: bool) -> tuple[Ranking, int]:
    """Give a ranking made anew in the order in which it is paged, and where the next page begins.

    What was shown comes first, wherever it would be now; so nothing is shown twice, and nothing passed over.
    """
    end = len(ranking.stacks) if include_all else ranking.relevant
    parts: tuple[list[Stack], list[Stack]] = ([], [])
    for stack in ranking.stacks[:end]:
        parts[cursor.shown.isdisjoint(stack.items)].append(stack)
    shown, rest = parts
    return replace(ranking, stacks=(*shown, *rest, *ranking.stacks[end:])), len(shown)


def list_items(stacks: Sequence[Stack]) -> frozenset[int]:
    """Give all items of some stacks."""
    return frozenset(item for stack in stacks for item in stack.items)


def _pack(items: frozenset[int]) -> bytes:
    """Give items as their differences, about a byte each."""
    steps = np.diff(np.sort(np.fromiter(items, np.int64, len(items))), prepend=0)
    return zlib.compress(steps.astype("<u4").tobytes())


def _unpack(body: bytes) -> frozenset[int]:
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(body, MOST_SHOWN * 4)
    if not unpacker.eof:
        raise ValueError("cut off, or longer than any that was given out")
    return frozenset(np.cumsum(np.frombuffer(content, "<u4").astype(np.int64)).tolist())
