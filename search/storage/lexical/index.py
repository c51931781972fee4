"""The full-text index over every text segment, in SQLite: the storage of the lexical retriever."""

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from sqlalchemy import Connection, text

from search.records import EVERYTHING, Flags, Ids, Rights, Vectors
from search.storage.database import Database, parse_ids
from search.storage.lexical.postings import FormPostings, Postings, SegmentLengths, join_forms, read_occurrences
from search.storage.lexical.readable import ReadableItems, select_readable
from search.storage.lexical.word_forms import Vocabulary
from search.text.analysis import AnalyzedWord

# The vocabulary is read again after this many seconds, or after this many times the time that reading it took: the
# longer of both.
MAX_AGE_SECONDS = 2.0
MAX_AGE_READS = 20


@dataclass(frozen=True)
class ExpandedWord:
    """A word of a query with its forms.

    Attributes:
        word: The word.
        forms: The weight of each form of the word in the index, 0 to 1.
    """

    word: AnalyzedWord
    forms: dict[str, float]


@dataclass(frozen=True)
class _CachedVocabulary:
    """The cached vocabulary of the index.

    Attributes:
        highest_segment_id: The highest segment id when the vocabulary was read.
        expires_at: When it expires, in seconds of `time.monotonic`.
        vocabulary: The words.
        segment_count: The number of text segments.
    """

    highest_segment_id: int
    expires_at: float
    vocabulary: Vocabulary
    segment_count: int


class WordIndex:
    """The full-text index of one catalog. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._cached: _CachedVocabulary | None = None
        self._items_by_segment = np.zeros(1, np.int64)
        self._lengths = SegmentLengths(database)
        self._readable = ReadableItems(database)

    def expand(
        self, words: Sequence[AnalyzedWord], language: str | None = None, rights: Rights = EVERYTHING
    ) -> tuple[list[ExpandedWord], int]:
        """Return the words with their forms, and the number of text segments.

        Args:
            words: The words of a query.
            language: The language of the query (ISO 639-1), if it is known; words are stemmed by its rules.
            rights: What the caller may read. Words that occur only in other items are no forms.
        """
        cached = self._read_vocabulary()
        wanted = []
        for word in words:
            forms = {word.whole: 1.0}
            if word.is_plain:
                forms = cached.vocabulary.find_forms(word.whole, language, partial(self._keep_readable, rights))
            wanted.append(ExpandedWord(word, forms))
        return wanted, cached.segment_count

    def mark_readable(self, rights: Rights, revision: int, size: int) -> Flags:
        """Return whether a caller may read each segment with an id below `size`, shape (size,).

        Args:
            rights: What the caller may read.
            revision: The revision of the catalog.
            size: The number of flags.
        """
        items = self.find_items(np.arange(size))
        flags = self._readable.mark(rights, revision)
        marked: Flags = flags[np.minimum(items, len(flags) - 1)]
        return marked

    def list_words(self) -> Collection[str]:
        """Return the distinct words of the index, folded."""
        return self._read_vocabulary().vocabulary.words

    def find(self, wanted: Sequence[ExpandedWord]) -> list[Postings]:
        """Return for each word the segments that contain any of its forms."""
        terms = dict.fromkeys(form for expanded in wanted for form in expanded.forms)
        split = [expanded for expanded in wanted if not expanded.word.is_plain]
        with self._database.read() as db:
            found = read_occurrences(db, list(terms))
            by_word = {expanded.word: _select_matches(db, match_pieces(expanded.word)) for expanded in split}
        postings = []
        for expanded in wanted:
            parts = [FormPostings(*found[form], weight) for form, weight in expanded.forms.items() if form in found]
            if expanded.word in by_word:
                ids = by_word[expanded.word]
                parts.append(FormPostings(ids, np.ones(len(ids), np.float32), 1.0))
            postings.append(join_forms(parts))
        return postings

    def read_lengths(self, highest: int) -> tuple[Vectors, float]:
        """Return the number of words of each segment and the average of these numbers.

        Args:
            highest: The highest segment id that the caller needs.

        Returns:
            The lengths by segment id, shape (n,), float32, where n is above `highest` if that segment exists; the
            average.
        """
        return self._lengths.read(highest)

    def find_all(self, words: Sequence[AnalyzedWord]) -> Ids:
        """Return the ids of the segments that contain all of the words in exactly this form, ascending, shape (n,)."""
        conditions = (f'({match_pieces(word)} OR "{word.whole}")' for word in words)
        return self.match(" AND ".join(conditions)) if words else np.zeros(0, np.int64)

    def match(self, condition: str) -> Ids:
        """Return the ids of the segments that satisfy an FTS5 query, ascending, shape (n,)."""
        with self._database.read() as db:
            return _select_matches(db, condition)

    def find_items(self, segments: Ids) -> Ids:
        """Return the item ids of segments, shape (n,). The item of a segment never changes, so they are cached.

        Args:
            segments: Segment ids, shape (n,).
        """
        if len(segments) and segments.max() >= len(self._items_by_segment):
            with self._lock:
                self._items_by_segment = self._extend_items(self._items_by_segment)
        return self._items_by_segment[np.minimum(segments, len(self._items_by_segment) - 1)]

    def _keep_readable(self, rights: Rights, words: Sequence[str]) -> Sequence[str]:
        return words if rights.are_complete or not words else select_readable(self._database, words, rights)

    def _read_vocabulary(self) -> _CachedVocabulary:
        cached = self._cached
        if cached is not None and time.monotonic() < cached.expires_at:
            return cached
        # While another thread reads the vocabulary, the expired one is used.
        if not self._lock.acquire(blocking=cached is None) and cached is not None:
            return cached
        try:
            self._cached = self._refresh(self._cached)
            return self._cached
        finally:
            self._lock.release()

    def _refresh(self, cached: _CachedVocabulary | None) -> _CachedVocabulary:
        """Return the vocabulary, read again if the index has changed."""
        began = time.monotonic()
        with self._database.read() as db:
            highest = int(db.execute(text("SELECT coalesce(max(id), 0) FROM segment")).scalar_one())
            if cached is None or cached.highest_segment_id != highest:
                terms = db.execute(text("SELECT term FROM words_vocabulary")).scalars()
                vocabulary = Vocabulary(terms)
                segment_count = int(db.execute(text("SELECT count(*) FROM words_docsize")).scalar_one())
                cached = _CachedVocabulary(highest, 0.0, vocabulary, segment_count)
        ended = time.monotonic()
        expires_at = ended + max(MAX_AGE_SECONDS, MAX_AGE_READS * (ended - began))
        return replace(cached, expires_at=expires_at)

    def _extend_items(self, previous: Ids) -> Ids:
        query = text("SELECT group_concat(id), group_concat(item_id) FROM segment WHERE id >= :above")
        with self._database.read() as db:
            ids, items = db.execute(query, {"above": len(previous)}).one()
        if ids is None:
            return previous
        segment_ids, item_ids = (np.fromstring(str(joined), np.int64, sep=",") for joined in (ids, items))
        extended = np.zeros(int(segment_ids.max()) + 1, np.int64)
        extended[: len(previous)] = previous
        extended[segment_ids] = item_ids
        return extended


def match_pieces(word: AnalyzedWord) -> str:
    """Return the FTS5 query for segments that contain the pieces of a word next to each other."""
    return f'pieces : "{" ".join(word.pieces)}"'


def _select_matches(db: Connection, condition: str) -> Ids:
    query = text("SELECT group_concat(rowid) FROM words WHERE words MATCH :match")
    return parse_ids(db.execute(query, {"match": condition}).scalar())
