"""Pages of the results of a query: cursors, and caches that keep results from moving between pages."""

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
# The number of items that a cursor may list. It protects the memory against forged cursors.
MAX_SHOWN = 10_000_000


@dataclass(frozen=True)
class Cursor:
    """Where a page starts.

    Attributes:
        query: The hash of the query.
        results: The results that are paged: the name of a tier, or `all`.
        place: The index of the first result of the page.
        shown: The ids of the items on the pages before.
    """

    query: str
    results: str = Tier.RELEVANT
    place: int = 0
    shown: frozenset[int] = frozenset()


class LruCache(Generic[T]):
    """A least-recently-used (LRU) cache. Thread-safe."""

    def __init__(self, capacity: int = MAX_CACHED_ANSWERS) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, T] = OrderedDict()

    def get(self, key: str) -> T | None:
        """Return a value if it is cached, and mark it as the most recently used."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def put(self, key: str, value: T) -> None:
        """Store a value; drop the least recently used one when the cache is full."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            while len(self._entries) > self._capacity:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._entries.clear()


@dataclass(frozen=True)
class Page:
    """A cached page.

    Attributes:
        revision: The revision of the catalog that the results were read from.
        stacks: The ranked results.
        hits: The same results with their items and evidence.
    """

    revision: int
    stacks: tuple[Stack, ...]
    hits: tuple[Hit, ...]

    def shows(self, revision: int, stacks: Sequence[Stack]) -> bool:
        """Return whether this is the page of some stacks at a revision."""
        is_comparable = self.revision == revision and len(self.stacks) == len(stacks)
        return is_comparable and all(mine is other for mine, other in zip(self.stacks, stacks, strict=True))


def hash_query(query: Query) -> str:
    """Return a hash of a query that is the same for all pages and tiers of its results, 24 hexadecimal digits."""
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
        place = document["place"]
        if type(place) is not int:
            raise TypeError("place must be a whole number")
        place = min(max(0, place), MAX_SHOWN)
        cursor = Cursor(str(document["query"]), str(document["results"]), place, _unpack(body))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, zlib.error) as error:
        raise UsageError("Invalid cursor: pass the `next` of an earlier answer") from error
    if (cursor.query, cursor.results) != (key, results):
        raise UsageError("The cursor belongs to another query. Repeat the query that it was returned for.")
    return cursor


def write_cursor(cursor: Cursor) -> str:
    """Return a cursor as opaque text."""
    head = json.dumps({"query": cursor.query, "results": cursor.results, "place": cursor.place}).encode()
    return base64.urlsafe_b64encode(head + b"\n" + _pack(cursor.shown)).decode()


def follows(cursor: Cursor, ranking: Ranking, query: Query) -> bool:
    """Return whether the pages before a cursor showed the first results of this ranking."""
    before = ranking.list_results(query)[: cursor.place]
    return len(before) == cursor.place and list_items(before) == cursor.shown


def resume(cursor: Cursor, ranking: Ranking, query: Query) -> tuple[Ranking, int]:
    """Move the results that were already shown to the front of a ranking, so that none is repeated or skipped.

    Returns:
        The ranking, and the index of the first result of the next page.
    """
    shown: list[Stack] = []
    tiers: list[list[Stack]] = []
    first = 0 if query.include_all else list(Tier).index(query.tier)
    for number, tier in enumerate(ranking.tiers):
        is_requested = query.include_all or number == first
        tiers.append([stack for stack in tier if not is_requested or cursor.shown.isdisjoint(stack.item_ids)])
        if is_requested:
            shown += [stack for stack in tier if not cursor.shown.isdisjoint(stack.item_ids)]
    tiers[first] = shown + tiers[first]
    return replace(ranking, tiers=tuple(map(tuple, tiers)), is_resumed=True), len(shown)


def list_items(stacks: Sequence[Stack]) -> frozenset[int]:
    """Return the ids of all items of some stacks."""
    return frozenset(item for stack in stacks for item in stack.item_ids)


def _pack(items: frozenset[int]) -> bytes:
    """Return item ids as compressed differences, about one byte each."""
    differences = np.diff(np.sort(np.fromiter(items, np.int64, len(items))), prepend=0)
    return zlib.compress(differences.astype("<u4").tobytes())


def _unpack(body: bytes) -> frozenset[int]:
    """Return the item ids that `_pack` compressed; raise ValueError or zlib.error if the bytes are not valid."""
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(body, MAX_SHOWN * 4)
    if not unpacker.eof:
        raise ValueError("truncated, or longer than any valid cursor")
    return frozenset(np.cumsum(np.frombuffer(content, "<u4").astype(np.int64)).tolist())
