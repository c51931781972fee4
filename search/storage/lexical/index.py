"""The word lane's store: SQLite's full-text index over every text segment."""

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection, text

from search.records import Ids, Vectors
from search.storage.database import Database, parse_ids
from search.storage.lexical.postings import Postings, SegmentLengths, join_forms, read_occurrences
from search.storage.lexical.word_forms import Vocabulary
from search.text.analysis import AnalyzedWord

# The vocabulary may lag behind the index by this long, or by this many times what reading it takes.
FRESH_SECONDS = 2.0
FRESH_TIMES = 20


@dataclass(frozen=True)
class Wanted:
    """A word of the query with its forms in the index, how much each counts, and in how many segments it is."""

    word: AnalyzedWord
    forms: dict[str, float]
    count: int


@dataclass(frozen=True)
class _Known:
    """What is kept of the index. size: the highest segment id when it was read; stale: when to look again."""

    size: int
    stale: float
    vocabulary: Vocabulary
    total: int


class WordIndex:
    """Searches the words of one catalog. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known: _Known | None = None
        self._items = np.zeros(1, np.int64)
        self._lengths = SegmentLengths(database)

    def expand(self, words: Sequence[AnalyzedWord], language: str | None = None) -> tuple[list[Wanted], int]:
        """Return the words with their forms, and the number of text segments.

        Args:
            words: The words of a query.
            language: The language of the query (ISO 639-1) if it is known: words are stemmed by its rules.
        """
        known = self._read_vocabulary()
        vocabulary = known.vocabulary
        wanted = []
        for word in words:
            forms = vocabulary.find_forms(word.whole, language) if word.is_plain else {word.whole: 1.0}
            wanted.append(Wanted(word, forms, vocabulary.count([*forms, *word.pieces[:1]])))
        return wanted, known.total

    def list_words(self) -> Collection[str]:
        """Return the different words that the index holds, folded."""
        return self._read_vocabulary().vocabulary.words

    def find(self, wanted: Sequence[Wanted]) -> list[Postings]:
        """Return for each word the segments that hold any of its forms."""
        terms = dict.fromkeys(form for one in wanted for form in one.forms)
        split = [one for one in wanted if not one.word.is_plain]
        with self._database.read() as db:
            found = read_occurrences(db, list(terms))
            runs = {one.word: _match(db, match_pieces(one.word)) for one in split}
        postings = []
        for one in wanted:
            parts = [(*found[form], weight) for form, weight in one.forms.items() if form in found]
            if one.word in runs:
                ids = runs[one.word]
                parts.append((ids, np.ones(len(ids), np.float32), 1.0))
            postings.append(join_forms(parts))
        return postings

    def read_lengths(self, highest: int) -> tuple[Vectors, float]:
        """Return the number of words of every segment up to `highest`, by id, and their average."""
        return self._lengths.read(highest)

    def find_all(self, words: Sequence[AnalyzedWord]) -> Ids:
        """Return the segments that hold every one of the words as it stands, ascending."""
        each = (f'({match_pieces(word)} OR "{word.whole}")' for word in words)
        return self.match(" AND ".join(each)) if words else np.zeros(0, np.int64)

    def match(self, condition: str) -> Ids:
        """Return the segments that satisfy a full-text condition, ascending."""
        with self._database.read() as db:
            return _match(db, condition)

    def find_items(self, segments: Ids) -> Ids:
        """Return the item of each segment; which segment is whose never changes."""
        if len(segments) and segments.max() >= len(self._items):
            with self._lock:
                self._items = self._extend_items(self._items)
        return self._items[np.minimum(segments, len(self._items) - 1)]

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
        """Return what is known, read anew if the index has changed since."""
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


def match_pieces(word: AnalyzedWord) -> str:
    """Return the full-text condition that a segment holds the pieces of a word one after the other."""
    return f'pieces : "{" ".join(word.pieces)}"'


def _match(db: Connection, condition: str) -> Ids:
    query = text("SELECT group_concat(rowid) FROM words WHERE words MATCH :match")
    return parse_ids(db.execute(query, {"match": condition}).scalar())
