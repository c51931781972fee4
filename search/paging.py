"""Pages of one answer. Its ranking is cached for a while, so that results do not move between pages."""

import base64
import hashlib
import json
import threading
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from search.errors import UsageError
from search.query.request import MAX_LIMIT
from search.records import Hit, Query, Tier
from search.retrieval.ranking import Ranking
from search.scoring.grouping import Stack

T = TypeVar("T")
MAX_CACHED_ANSWERS = 32
# The number of items that a cursor may list, so that a forged one cannot exhaust the memory.
MAX_SHOWN = 10_000_000


@dataclass(frozen=True)
class Cursor:
    """Where a page starts.

    Attributes:
        query: The hash of the query.
        results: Which results of it: a tier, or all.
        place: The position of the first result.
        shown: The items on the pages before.
    """

    query: str
    results: str = Tier.RELEVANT
    place: int = 0
    shown: frozenset[int] = frozenset()


class LatestCache(Generic[T]):
    """A least-recently-used cache. Safe to share between threads."""

    def __init__(self, capacity: int = MAX_CACHED_ANSWERS) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, T] = OrderedDict()

    def get(self, key: str) -> T | None:
        """Return a value if it is cached, and mark it as the most recently used."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: str, value: T) -> None:
        """Store a value; drop the least recently used one when the cache is full."""
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._kept.clear()


@dataclass(frozen=True)
class Page:
    """A page as it was read from the catalog.

    Attributes:
        revision: The revision of the catalog.
        stacks: The results.
        hits: The results with all that is shown of them.
    """

    revision: int
    stacks: tuple[Stack, ...]
    hits: tuple[Hit, ...]

    def shows(self, revision: int, stacks: Sequence[Stack]) -> bool:
        """Return whether this is the page of some stacks at a revision."""
        is_same = self.revision == revision and len(self.stacks) == len(stacks)
        return is_same and all(one is other for one, other in zip(self.stacks, stacks, strict=True))


def hash_query(query: Query) -> str:
    """Compute what is the same for all pages and tiers of the answer to a query, and differs between queries."""
    parts = tuple(replace(part, image=None) for part in query.parts)
    weights = dict(sorted(query.weights.items()))
    plain = replace(query, cursor=None, limit=1, tier=Tier.RELEVANT, include_all=False, weights=weights)
    digest = hashlib.sha256(repr(replace(plain, parts=parts, voice=None)).encode())
    for upload in (query.voice, *(part.image for part in query.parts)):
        digest.update(hashlib.sha256(upload).digest() if upload is not None else b"none")
    return digest.hexdigest()[:24]


def read_cursor(query: Query) -> Cursor:
    """Return where the requested page starts.

    Raises:
        UsageError: The limit is out of range, or the cursor is invalid or belongs to another query.
    """
    if not 1 <= query.limit <= MAX_LIMIT:
        raise UsageError(f"limit must be between 1 and {MAX_LIMIT}, not {query.limit}")
    key, results = hash_query(query), "all" if query.include_all else str(query.tier)
    if query.cursor is None:
        return Cursor(key, results)
    try:
        head, _, body = base64.urlsafe_b64decode(query.cursor).partition(b"\n")
        document = json.loads(head)
        place = max(0, int(document["place"]))
        cursor = Cursor(str(document["query"]), str(document["results"]), place, _unpack(body))
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise UsageError("Invalid cursor: pass the `next` of an earlier answer") from error
    if (cursor.query, cursor.results) != (key, results):
        raise UsageError("The cursor belongs to another query. Repeat the query that it was returned for.")
    return cursor


def write_cursor(cursor: Cursor) -> str:
    """Return a cursor as opaque text."""
    head = json.dumps({"query": cursor.query, "results": cursor.results, "place": cursor.place}).encode()
    return base64.urlsafe_b64encode(head + b"\n" + _pack(cursor.shown)).decode()


def follows(cursor: Cursor, ranking: Ranking, query: Query) -> bool:
    """Return whether a cursor was made from this ranking."""
    before = ranking.list_results(query)[: cursor.place]
    return len(before) == cursor.place and list_items(before) == cursor.shown


def resume(cursor: Cursor, ranking: Ranking, query: Query) -> tuple[Ranking, int]:
    """Return a ranking in the order in which its results are paged, and where the next page starts.

    Items that were already shown come first, wherever they rank now, so that no result is repeated or skipped.
    """
    shown: list[Stack] = []
    tiers: list[list[Stack]] = []
    first = 0 if query.include_all else list(Tier).index(query.tier)
    for number, tier in enumerate(ranking.tiers):
        is_asked = query.include_all or number == first
        tiers.append([stack for stack in tier if not is_asked or cursor.shown.isdisjoint(stack.items)])
        if is_asked:
            shown += [stack for stack in tier if not cursor.shown.isdisjoint(stack.items)]
    tiers[first] = shown + tiers[first]
    return replace(ranking, tiers=tuple(map(tuple, tiers)), is_resumed=True), len(shown)


def list_items(stacks: Sequence[Stack]) -> frozenset[int]:
    """Return all items of some stacks."""
    return frozenset(item for stack in stacks for item in stack.items)


def _pack(items: frozenset[int]) -> bytes:
    """Return items as compressed differences, about one byte each."""
    steps = np.diff(np.sort(np.fromiter(items, np.int64, len(items))), prepend=0)
    return zlib.compress(steps.astype("<u4").tobytes())


def _unpack(body: bytes) -> frozenset[int]:
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(body, MAX_SHOWN * 4)
    if not unpacker.eof:
        raise ValueError("truncated, or longer than any valid cursor")
    return frozenset(np.cumsum(np.frombuffer(content, "<u4").astype(np.int64)).tolist())
