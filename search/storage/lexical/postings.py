"""The input of BM25: the segments that contain a word, the frequency of the word in each, and the lengths of segments.

BM25: Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond", Foundations and Trends in
Information Retrieval, 2009.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, text

from search.records import Flags, Ids, Vectors
from search.storage.database import Database

_READ_TERMS = text(
    "SELECT value, (SELECT group_concat(doc) FROM temp.words_instance WHERE term = value) FROM json_each(:terms)"
)
_READ_SIZES = text("SELECT id, sz FROM words_docsize WHERE id >= :above ORDER BY id")


class FormPostings(NamedTuple):
    """Where one form of a word occurs.

    Attributes:
        segments: Ids of the segments that contain the form, ascending, shape (n,).
        frequencies: How often each segment contains it, shape (n,), float32.
        weight: The weight of the form, 0 to 1.
    """

    segments: Ids
    frequencies: Vectors
    weight: float


@dataclass(frozen=True)
class Postings:
    """Where a word occurs.

    Attributes:
        segments: Ids of the segments that contain the word in any form, ascending, shape (n,).
        frequencies: How often each segment contains it, weighted by form, shape (n,), float32.
        shares: The highest weight of a form in each segment, shape (n,), float32: 1 for the word itself, less for other
            forms.
    """

    segments: Ids
    frequencies: Vectors
    shares: Vectors

    def select(self, chosen: Flags) -> "Postings":
        """Return the postings with a true flag; `chosen` has the shape (n,)."""
        return Postings(self.segments[chosen], self.frequencies[chosen], self.shares[chosen])


def read_occurrences(db: Connection, terms: Sequence[str]) -> dict[str, tuple[Ids, Vectors]]:
    """Return by term the segments that contain it, ascending, and how often, shape (n,) each; unknown terms are absent.

    Args:
        db: A connection.
        terms: Words as they are indexed.
    """
    found: dict[str, tuple[Ids, Vectors]] = {}
    for term, joined in db.execute(_READ_TERMS, {"terms": json.dumps(list(terms), ensure_ascii=False)}):
        if joined:
            found[term] = count_runs(np.fromstring(str(joined), np.int64, sep=","))
    return found


def count_runs(segments: Ids) -> tuple[Ids, Vectors]:
    """Return the distinct ids, ascending, and how often each occurs, shape (n,) each.

    Args:
        segments: Ids with repetitions, shape (m,); faster if they are sorted.
    """
    if (np.diff(segments) < 0).any():
        segments = np.sort(segments)
    starts = np.flatnonzero(np.diff(segments, prepend=-1))
    counts = np.diff(starts, append=len(segments)).astype(np.float32)
    return segments[starts], counts


def join_forms(forms: Sequence[FormPostings]) -> Postings:
    """Return the postings of a word from those of its forms."""
    parts = [form for form in forms if len(form.segments)]
    if not parts:
        return Postings(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.float32))
    if len(parts) == 1:
        segments, counts, weight = parts[0]
        return Postings(segments, counts * np.float32(weight), np.full(len(segments), weight, np.float32))
    joined = np.concatenate([segments for segments, _, _ in parts])
    segments, positions = np.unique(joined, return_inverse=True)
    weighted_counts = np.concatenate([counts * np.float32(weight) for _, counts, weight in parts])
    frequencies = np.bincount(positions, weighted_counts, len(segments)).astype(np.float32)
    shares = np.zeros(len(segments), np.float32)
    np.maximum.at(
        shares, positions, np.concatenate([np.full(len(ids), weight, np.float32) for ids, _, weight in parts])
    )
    return Postings(segments, frequencies, shares)


class SegmentLengths:
    """The number of words of every segment. A segment never changes, so only new ones are read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._lengths = np.zeros(1, np.float32)
        self._average = 1.0

    def read(self, highest: int) -> tuple[Vectors, float]:
        """Return the lengths by segment id, shape (n,), and the average length.

        Args:
            highest: The highest segment id that the caller needs; n is above it if that segment exists.
        """
        if highest >= len(self._lengths):
            with self._lock:
                if highest >= len(self._lengths):
                    self._lengths = self._extend(self._lengths)
                    lengths = self._lengths[self._lengths > 0]
                    self._average = float(lengths.mean()) if len(lengths) else 1.0
        return self._lengths, self._average

    def _extend(self, previous: Vectors) -> Vectors:
        with self._database.read() as db:
            rows = db.execute(_READ_SIZES, {"above": len(previous)}).all()
        if not rows:
            return previous
        extended = np.zeros(int(rows[-1][0]) + 1, np.float32)
        extended[: len(previous)] = previous
        extended[[row[0] for row in rows]] = [read_varint(row[1]) for row in rows]
        return extended


def read_varint(body: bytes) -> int:
    """Return the number at the beginning of a value in the variable-length format of SQLite's FTS5."""
    number = 0
    for byte in body:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return number
