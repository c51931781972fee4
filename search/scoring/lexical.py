"""BM25 scores of segments, and the share of the query that each segment contains.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), in the variant of Lucene: the
inverse document frequency is never negative. All forms of a word are one term. A word that occurs several times in the
query counts several times.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.records import Flags, Ids, Vectors

# The parameters k1 and b of BM25.
SATURATION = 1.5
LENGTH_SHARE = 0.75
# A word is rare if at most this share of the segments, or at most this number of segments, contains it.
MAX_RARE_SHARE = 0.01
MAX_RARE_COUNT = 3
# An occurrence with at least this value in `TermMatches.shares` is the word itself or an inflected form.
EXACT_SHARE = 0.9
# A segment with all rare words is an exact match only if it contains at least this share of the query.
MIN_EXACT_SHARE = 0.5


@dataclass(frozen=True)
class TermMatches:
    """The segments that contain a term of the query.

    Attributes:
        segment_ids: Ids of the segments, ascending, shape (n,).
        frequencies: Occurrences in each segment, weighted by how exact they are, shape (n,).
        shares: How exact the best occurrence in each segment is: 1 for the term itself, less for another form, shape
            (n,).
        count: How often the term occurs in the query.
        is_special: Whether it is a number, an identifier or a name.
    """

    segment_ids: Ids
    frequencies: Vectors
    shares: Vectors
    count: int = 1
    is_special: bool = False


@dataclass(frozen=True)
class LexicalMatches:
    """The segments that contain any term of a query, by ascending id. All arrays have the shape (n,).

    Attributes:
        segment_ids: Ids of the segments.
        bm25: The BM25 score.
        strength: The BM25 score as a share of the highest that any text could reach, 0 to 1.
        contained_share: The share of the query that the segment contains, 0 to 1. Terms are weighted by inverse
            document frequency.
        exact: Whether the segment contains every rare term, and at least half of the query.
    """

    segment_ids: Ids
    bm25: Vectors
    strength: Vectors
    contained_share: Vectors
    exact: Flags

    def select(self, chosen: Flags) -> "LexicalMatches":
        """Return the matches with a true flag; `chosen` has the shape (n,)."""
        return self if chosen.all() else LexicalMatches(**{name: values[chosen] for name, values in vars(self).items()})

    def find(self, segments: Ids) -> tuple[Ids, Flags]:
        """Return the index of each of some segments, and whether it is a match.

        Args:
            segments: Ids of segments, shape (m,).

        Returns:
            The indexes, valid where the flag is set, and the flags, both of shape (m,).
        """
        places = np.searchsorted(self.segment_ids, segments)
        places = np.minimum(places, max(len(self.segment_ids) - 1, 0))
        is_match = self.segment_ids[places] == segments if len(self.segment_ids) else np.zeros(len(segments), bool)
        return places, is_match


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
    size = max((int(term.segment_ids[-1]) + 1 for term in terms if len(term.segment_ids)), default=0)
    idfs = np.array([compute_idf(len(term.segment_ids), total) for term in terms], np.float32)
    counts = np.array([term.count for term in terms], np.float32)
    bm25, contained_idf = np.zeros((2, size), np.float32)
    for term, idf in zip(terms, idfs, strict=True):
        norm = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * lengths[term.segment_ids] / average)
        bm25[term.segment_ids] += term.count * idf * term.frequencies / (term.frequencies + norm)
        contained_idf[term.segment_ids] += idf * term.shares
    segments = np.flatnonzero(contained_idf)
    contained_share = contained_idf[segments] / max(float(idfs.sum()), 1e-6)
    return LexicalMatches(
        segment_ids=segments,
        bm25=bm25[segments],
        strength=bm25[segments] / max(float(idfs @ counts), 1e-6),
        contained_share=contained_share,
        exact=find_exact(terms, total, size)[segments] & (contained_share >= MIN_EXACT_SHARE),
    )


def find_exact(terms: Sequence[TermMatches], total: int, size: int) -> Flags:
    """Return whether each segment contains every rare or special term of the query, by segment id, shape (size,).

    If the query has no such term, every term is required.

    Args:
        terms: The terms of the query.
        total: The number of segments.
        size: The number of flags; higher than any segment id of the matches.
    """
    max_rare = max(MAX_RARE_COUNT, MAX_RARE_SHARE * total)
    required = [term for term in terms if term.is_special or len(term.segment_ids) <= max_rare] or list(terms)
    contained = np.zeros(size, np.int32)
    for term in required:
        contained[term.segment_ids[term.shares >= EXACT_SHARE]] += 1
    flags: Flags = contained == len(required)
    return flags
