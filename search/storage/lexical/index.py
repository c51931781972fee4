"""The full-text index over every text segment, in SQLite: the storage of the lexical retriever."""

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection, text

from search.records import Ids, Vectors
from search.storage.database import Database, parse_ids
from search.storage.lexical.postings import FormPostings, Postings, SegmentLengths, join_forms, read_occurrences
from search.storage.lexical.word_forms import Vocabulary
from search.text.analysis import AnalyzedWord

# The maximum age of the vocabulary: this many seconds, or this many times the time that reading it takes.
MAX_AGE_SECONDS = 2.0
MAX_AGE_READS = 20


@dataclass(frozen=True)
class ExpandedWord:
    """A word of the query.

    Attributes:
        word: The word.
        forms: Its forms in the index with their weights.
        count: The number of segments that contain its most frequent form.
    """

    word: AnalyzedWord
    forms: dict[str, float]
    count: int


@dataclass(frozen=True)
class _CachedVocabulary:
    """The cached vocabulary of the index.

    Attributes:
        size: The highest segment id when it was read.
        stale: When it expires, by `time.monotonic`.
        vocabulary: The words.
        total: The number of text segments.
    """

    size: int
    stale: float
    vocabulary: Vocabulary
    total: int


class WordIndex:
    """The full-text index of one catalog. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known: _CachedVocabulary | None = None
        self._items = np.zeros(1, np.int64)
        self._lengths = SegmentLengths(database)

    def expand(self, words: Sequence[AnalyzedWord], language: str | None = None) -> tuple[list[ExpandedWord], int]:
        """Return the words with their forms, and the number of text segments.

        Args:
            words: The words of a query.
            language: The language of the query (ISO 639-1), if it is known; words are stemmed by its rules.
        """
        known = self._read_vocabulary()
        vocabulary = known.vocabulary
        wanted = []
        for word in words:
            forms = vocabulary.find_forms(word.whole, language) if word.is_plain else {word.whole: 1.0}
            wanted.append(ExpandedWord(word, forms, vocabulary.count([*forms, *word.pieces[:1]])))
        return wanted, known.total

    def list_words(self) -> Collection[str]:
        """Return the distinct words of the index, folded."""
        return self._read_vocabulary().vocabulary.words

    def find(self, wanted: Sequence[ExpandedWord]) -> list[Postings]:
        """Return the segments that contain any form of a word, for each word."""
        terms = dict.fromkeys(form for one in wanted for form in one.forms)
        split = [one for one in wanted if not one.word.is_plain]
        with self._database.read() as db:
            found = read_occurrences(db, list(terms))
            runs = {one.word: _match(db, match_pieces(one.word)) for one in split}
        postings = []
        for one in wanted:
            parts = [FormPostings(*found[form], weight) for form, weight in one.forms.items() if form in found]
            if one.word in runs:
                ids = runs[one.word]
                parts.append(FormPostings(ids, np.ones(len(ids), np.float32), 1.0))
            postings.append(join_forms(parts))
        return postings

    def read_lengths(self, highest: int) -> tuple[Vectors, float]:
        """Return the number of words of every segment by id, at least up to `highest`, and the average."""
        return self._lengths.read(highest)

    def find_all(self, words: Sequence[AnalyzedWord]) -> Ids:
        """Return the segments that contain all of the words in exactly this form, ascending."""
        each = (f'({match_pieces(word)} OR "{word.whole}")' for word in words)
        return self.match(" AND ".join(each)) if words else np.zeros(0, np.int64)

    def match(self, condition: str) -> Ids:
        """Return the segments that satisfy a full-text condition, ascending."""
        with self._database.read() as db:
            return _match(db, condition)

    def find_items(self, segments: Ids) -> Ids:
        """Return the item of each segment, shape (n,); the item of a segment never changes."""
        if len(segments) and segments.max() >= len(self._items):
            with self._lock:
                self._items = self._extend_items(self._items)
        return self._items[np.minimum(segments, len(self._items) - 1)]

    def _read_vocabulary(self) -> _CachedVocabulary:
        known = self._known
        if known is not None and time.monotonic() < known.stale:
            return known
        # While another thread reads the vocabulary, the expired one is used.
        if not self._lock.acquire(blocking=known is None) and known is not None:
            return known
        try:
            self._known = self._refresh(self._known)
            return self._known
        finally:
            self._lock.release()

    def _refresh(self, known: _CachedVocabulary | None) -> _CachedVocabulary:
        """Return the vocabulary, read again if the index has changed."""
        began = time.monotonic()
        with self._database.read() as db:
            size = int(db.execute(text("SELECT coalesce(max(id), 0) FROM segment")).scalar_one())
            if known is None or known.size != size:
                counts = {
                    term: int(count) for term, count in db.execute(text("SELECT term, doc FROM words_vocabulary"))
                }
                total = int(db.execute(text("SELECT count(*) FROM words_docsize")).scalar_one())
                known = _CachedVocabulary(size, 0.0, Vocabulary(counts), total)
        ended = time.monotonic()
        stale = ended + max(MAX_AGE_SECONDS, MAX_AGE_READS * (ended - began))
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
    """Return the full-text condition that a segment contains the pieces of a word next to each other."""
    return f'pieces : "{" ".join(word.pieces)}"'


def _match(db: Connection, condition: str) -> Ids:
    query = text("SELECT group_concat(rowid) FROM words WHERE words MATCH :match")
    return parse_ids(db.execute(query, {"match": condition}).scalar())
