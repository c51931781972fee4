"""BM25 over the words of a query, and what a segment holds of them.

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
# A word in at most this share of all segments is rare, and one in at most so many segments always is.
RARE_SHARE = 0.01
MIN_RARE = 3
# A segment that holds at least this much of a word holds it exactly, or inflected.
EXACT_SHARE = 0.9
# All rare words are no exact match if they are less than this part of a longer query.
MIN_EXACT_COVERAGE = 0.5


@dataclass(frozen=True)
class TermMatches:
    """Where a term of the query occurs.

    Attributes:
        segments: Ids of the segments that hold it, ascending, shape (n,).
        frequencies: How often, weighted by form, shape (n,).
        shares: How much of the term each holds: 1 exactly, less in another form, shape (n,).
        count: How often the term occurs in the query.
        is_special: True for a number, an identifier or a name.
    """

    segments: Ids
    frequencies: Vectors
    shares: Vectors
    count: int = 1
    is_special: bool = False


@dataclass(frozen=True)
class LexicalMatches:
    """The segments that hold any term of a query, by ascending id; all arrays have the shape (n,).

    Attributes:
        segments: Ids of the segments.
        bm25: The BM25 score.
        strength: The BM25 score as a share of the highest that any text could reach, 0 to 1.
        coverage: The share of the query that is held, each term weighted by its inverse document frequency, 0 to 1.
        exact: Whether every rare term is held, and at least half of the query.
    """

    segments: Ids
    bm25: Vectors
    strength: Vectors
    coverage: Vectors
    exact: Flags

    def select(self, chosen: Flags) -> "LexicalMatches":
        """Return those that are flagged, shape (n,)."""
        return self if chosen.all() else LexicalMatches(**{name: values[chosen] for name, values in vars(self).items()})

    def find(self, segments: Ids) -> tuple[Ids, Flags]:
        """Return the place of each segment asked for, and whether it is here at all."""
        places = np.searchsorted(self.segments, segments)
        places = np.minimum(places, max(len(self.segments) - 1, 0))
        here = self.segments[places] == segments if len(self.segments) else np.zeros(len(segments), bool)
        return places, here


def compute_idf(holders: int, total: int) -> float:
    """Return the inverse document frequency of a term that `holders` of `total` segments hold."""
    return math.log(1 + (max(total - holders, 0) + 0.5) / (holders + 0.5))


def score_terms(terms: Sequence[TermMatches], lengths: Vectors, average: float, total: int) -> LexicalMatches:
    """Score all segments that hold any of the terms.

    Args:
        terms: The terms of the query.
        lengths: Number of words by segment id, at least up to the highest id of the matches.
        average: Mean number of words of a segment.
        total: Number of segments.
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
    """Return a flag for every segment id below `size`: whether it holds every rare term of the query.

    In a query without rare terms every term is required.
    """
    most = max(MIN_RARE, RARE_SHARE * total)
    required = [term for term in terms if term.is_special or len(term.segments) <= most] or list(terms)
    held = np.zeros(size, np.int32)
    for term in required:
        held[term.segments[term.shares >= EXACT_SHARE]] += 1
    flags: Flags = held == len(required)
    return flags
