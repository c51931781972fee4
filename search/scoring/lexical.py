"""BM25 over the words of a query, and which of the words a segment contains.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), in the variant of Lucene: the
inverse document frequency is never negative. All forms of a word are one term. A word that occurs several times in the
query counts several times.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.records import Flags, Ids, Vectors

SATURATION = 1.5
LENGTH_SHARE = 0.75
# A word in at most this share of the segments, or in at most this number of segments, is rare.
RARE_SHARE = 0.01
MIN_RARE = 3
# An occurrence with at least this share is the word itself or an inflected form.
EXACT_SHARE = 0.9
# A segment with all rare words is an exact match only if it contains at least this share of the query.
MIN_EXACT_COVERAGE = 0.5


@dataclass(frozen=True)
class TermMatches:
    """The segments that contain a term of the query.

    Attributes:
        segments: Ids of the segments, ascending, shape (n,).
        frequencies: Occurrences in each, weighted by form, shape (n,).
        shares: How exact the best occurrence in each is: 1 for the term, less for another form, shape (n,).
        count: How often the term occurs in the query.
        is_special: Whether it is a number, an identifier or a name.
    """

    segments: Ids
    frequencies: Vectors
    shares: Vectors
    count: int = 1
    is_special: bool = False


@dataclass(frozen=True)
class LexicalMatches:
    """The segments that contain any term of a query, by ascending id. All arrays have the shape (n,).

    Attributes:
        segments: Ids of the segments.
        bm25: The BM25 score.
        strength: The BM25 score as a share of the highest that any text could reach, 0 to 1.
        coverage: The share of the query that is contained, terms weighted by inverse document frequency, 0 to 1.
        exact: Whether every rare term is contained, and at least half of the query.
    """

    segments: Ids
    bm25: Vectors
    strength: Vectors
    coverage: Vectors
    exact: Flags

    def select(self, chosen: Flags) -> "LexicalMatches":
        """Return the flagged segments; the flags have the shape (n,)."""
        return self if chosen.all() else LexicalMatches(**{name: values[chosen] for name, values in vars(self).items()})

    def find(self, segments: Ids) -> tuple[Ids, Flags]:
        """Return the index of each segment asked for, and whether it is here at all."""
        places = np.searchsorted(self.segments, segments)
        places = np.minimum(places, max(len(self.segments) - 1, 0))
        here = self.segments[places] == segments if len(self.segments) else np.zeros(len(segments), bool)
        return places, here


def compute_idf(holders: int, total: int) -> float:
    """Compute the inverse document frequency of a term that `holders` of `total` segments contain."""
    return math.log(1 + (max(total - holders, 0) + 0.5) / (holders + 0.5))


def score_terms(terms: Sequence[TermMatches], lengths: Vectors, average: float, total: int) -> LexicalMatches:
    """Score all segments that contain any of the terms.

    Args:
        terms: The terms of the query.
        lengths: The number of words by segment id, at least up to the highest id of the matches.
        average: The mean number of words of a segment.
        total: The number of segments.
    """
    size = max((int(term.segments[-1]) + 1 for term in terms if len(term.segments)), default=0)
    idfs = np.array([compute_idf(len(term.segments), total) for term in terms], np.float32)
    counts = np.array([term.count for term in terms], np.float32)
    bm25, mass = np.zeros((2, size), np.float32)
    for term, idf in zip(terms, idfs, strict=True):
        norm = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * lengths[term.segments] / average)
        bm25[term.segments] += term.count * idf * term.frequencies / (term.frequencies + norm)
        mass[term.segments] += idf * term.shares
    segments = np.flatnonzero(mass)
    coverage = mass[segments] / max(float(idfs.sum()), 1e-6)
    return LexicalMatches(
        segments=segments,
        bm25=bm25[segments],
        strength=bm25[segments] / max(float(idfs @ counts), 1e-6),
        coverage=coverage,
        exact=find_exact(terms, total, size)[segments] & (coverage >= MIN_EXACT_COVERAGE),
    )


def find_exact(terms: Sequence[TermMatches], total: int, size: int) -> Flags:
    """Return a flag for every segment id below `size`: whether the segment contains every rare term of the query.

    In a query without rare terms every term is required.
    """
    most = max(MIN_RARE, RARE_SHARE * total)
    required = [term for term in terms if term.is_special or len(term.segments) <= most] or list(terms)
    held = np.zeros(size, np.int32)
    for term in required:
        held[term.segments[term.shares >= EXACT_SHARE]] += 1
    flags: Flags = held == len(required)
    return flags
