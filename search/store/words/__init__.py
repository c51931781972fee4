"""The word lane's store: SQLite's full-text index over every text segment."""

import json
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from search.records import Ids, Vectors
from search.store.analysis import Word
from search.store.database import Database, parse_ids
from search.store.words.forms import Vocabulary

# A page pasted as a query is asked by its most telling words.
MOST_WORDS = 48
# The vocabulary may lag behind the index by this long, or by this many times what reading it takes.
FRESH_SECONDS = 2.0
FRESH_TIMES = 20


@dataclass(frozen=True)
class Wanted:
    """A word of the query with its forms in the index, how much each counts, and in how many segments it is."""

    word: Word
    forms: dict[str, float]
    count: int

    def list_matches(self) -> list[tuple[float, str]]:
        """Give full-text conditions, each with how much of the word what satisfies it holds, least first."""
        by_weight: dict[float, list[str]] = {}
        for form, weight in self.forms.items():
            by_weight.setdefault(weight, []).append(f'"{form}"')
        if not self.word.is_plain:
            by_weight.setdefault(1.0, []).append(match_pieces(self.word))
        return [(weight, " OR ".join(f"({one})" for one in forms)) for weight, forms in sorted(by_weight.items())]


@dataclass(frozen=True)
class Holdings:
    """Which segments hold which words.

    segments: every one that holds any, (n,), ascending; held: for each word the places of those that hold it, and how
    much of it each does, 0 to 1.
    """

    segments: Ids
    held: list[tuple[Ids, Vectors]]


@dataclass(frozen=True)
class WordHits:
    """Segments with their item, BM25 (higher is better) and confidence of recognised speech, else NaN: all (n,)."""

    segments: Ids
    items: Ids
    bm25: Vectors
    confidence: Vectors


@dataclass(frozen=True)
class _Known:
    """What is kept of the index. size: the highest segment id when it was read; stale: when to look again."""

    size: int
    stale: float
    vocabulary: Vocabulary
    total: int


class WordIndex:
    """Searches the words of one catalogue. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known: _Known | None = None
        self._items = np.zeros(1, np.int64)

    def expand(self, words: Sequence[Word]) -> tuple[list[Wanted], int]:
        """Give the words with their forms, and how many text segments there are; of many words the most telling."""
        known = self._read_vocabulary()
        vocabulary = known.vocabulary
        wanted = []
        for word in words:
            forms = vocabulary.find_forms(word.whole) if word.is_plain else {word.whole: 1.0}
            wanted.append(Wanted(word, forms, vocabulary.count([*forms, *word.pieces[:1]])))
        if len(wanted) > MOST_WORDS:
            rarest = sorted(range(len(wanted)), key=lambda at: wanted[at].count)[:MOST_WORDS]
            wanted = [wanted[at] for at in sorted(rarest)]
        return wanted, known.total

    def list_words(self) -> Collection[str]:
        """Return the different words that the index holds, folded."""
        return self._read_vocabulary().vocabulary.words

    def find(self, wanted: Sequence[Wanted]) -> Holdings:
        """Give all segments that hold any of the words."""
        with self._database.read() as db:
            found = [[(weight, _match(db, match)) for weight, match in one.list_matches()] for one in wanted]
        segments = np.unique(np.concatenate([np.zeros(0, np.int64), *(ids for one in found for _, ids in one)]))
        held = []
        for one in found:
            amount = np.zeros(len(segments), np.float32)
            for weight, ids in one:  # least first: who holds the word itself holds all of it
                amount[np.searchsorted(segments, ids)] = weight
            places = np.flatnonzero(amount)
            held.append((places, amount[places]))
        return Holdings(segments, held)

    def find_all(self, words: Sequence[Word]) -> Ids:
        """Give the segments that hold every one of the words as it stands, ascending."""
        each = (f'({match_pieces(word)} OR "{word.whole}")' for word in words)
        return self.match(" AND ".join(each)) if words else np.zeros(0, np.int64)

    def match(self, condition: str) -> Ids:
        """Give the segments that satisfy a full-text condition, ascending."""
        with self._database.read() as db:
            return _match(db, condition)

    def find_items(self, segments: Ids) -> Ids:
        """Give the item of each segment; which segment is whose never changes."""
        if len(segments) and segments.max() >= len(self._items):
            with self._lock:
                self._items = self._extend_items(self._items)
        return self._items[np.minimum(segments, len(self._items) - 1)]

    def read_hits(self, wanted: Sequence[Wanted], segments: Ids) -> WordHits:
        """Give what is to be known of some segments, in order of id."""
        match = " OR ".join(match for one in wanted for _, match in one.list_matches())
        # The plus keeps SQLite from searching once for each segment.
        query = text(
            "SELECT words.rowid, segment.item_id, bm25(words), segment.confidence FROM words "
            "JOIN segment ON segment.id = words.rowid "
            "WHERE words MATCH :match AND +words.rowid IN (SELECT value FROM json_each(:ids)) ORDER BY words.rowid"
        )
        rows: Sequence[Any] = []
        if len(segments):
            with self._database.read() as db:
                rows = db.execute(query, {"match": match, "ids": json.dumps(segments.tolist())}).all()
        columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
        sure = [np.nan if one is None else one for one in columns[3]]
        return WordHits(
            np.array(columns[0], np.int64),
            np.array(columns[1], np.int64),
            -np.array(columns[2], np.float32),
            np.array(sure, np.float32),
        )

    def _read_vocabulary(self) -> _Known:
        known = self._known
        if known is not None and time.monotonic() < known.stale:
            return known
        # While another reads, what is known will do.
        if not self._lock.acquire(blocking=known is None) and known is not None:
            return known
        try:
            self._known = self._look_again(self._known)
            return self._known
        finally:
            self._lock.release()

    def _look_again(self, known: _Known | None) -> _Known:
        """Give what is known, read anew if the index has changed since."""
        began = time.monotonic()
        with self._database.read() as db:
            size = int(db.execute(text("SELECT coalesce(max(id), 0) FROM segment")).scalar_one())
            if known is None or known.size != size:
                counts = {
                    term: int(count) for term, count in db.execute(text("SELECT term, doc FROM words_vocabulary"))
                }
                total = int(db.execute(text("SELECT count(*) FROM words_docsize")).scalar_one())
                known = _Known(size, 0.0, Vocabulary(counts), total)
        ended = time.monotonic()
        stale = ended + max(FRESH_SECONDS, FRESH_TIMES * (ended - began))
        return replace(known, stale=stale)

    def _extend_items(self, known: Ids) -> Ids:
        query = text("SELECT group_concat(id), group_concat(item_id) FROM segment WHERE id >= :above")
        with self._database.read() as db:
            ids, items = db.execute(query, {"above": len(known)}).one()
        if ids is None:
            return known
        numbers, owners = (np.fromstring(str(one), np.int64, sep=",") for one in (ids, items))
        grown = np.zeros(int(numbers.max()) + 1, np.int64)
        grown[: len(known)] = known
        grown[numbers] = owners
        return grown


def match_pieces(word: Word) -> str:
    """Give the full-text condition that a segment holds the pieces of a word one after the other."""
    return f'pieces : "{" ".join(word.pieces)}"'


def _match(db: Connection, condition: str) -> Ids:
    query = text("SELECT group_concat(rowid) FROM words WHERE words MATCH :match")
    return parse_ids(db.execute(query, {"match": condition}).scalar())
