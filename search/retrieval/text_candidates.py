"""What the text retrievers search for, and the lookups that find it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from search.records import Ids, Retriever, RowMetadata, Vectors
from search.retrieval.semantic import SemanticPart
from search.scoring.lexical import LexicalMatches, TermMatches, score_terms
from search.scoring.text import TextFeatures
from search.storage.filters import match_phrase
from search.storage.lexical.index import WordIndex
from search.storage.space_index import Snapshot
from search.text.terms import Term

# The index of a segment without a word of the query.
NO_MATCH = -1


@dataclass(frozen=True)
class TextQuery:
    """A query as the text retrievers need it.

    Attributes:
        terms: Its terms; none if the lexical retriever is turned off.
        parts: Its parts as vectors; none if the semantic retriever is turned off.
        excluded: Vectors of what is excluded, shape (d,) each.
        phrases: Quoted phrases.
        language: Its language (ISO 639-1), if it was detected.
        doubt: Subtracted from the log-odds of segments without an exact match, if the query may not consist of words.
        coverage: The share of the query that each retriever can score.
    """

    terms: Sequence[Term] = ()
    parts: Sequence[SemanticPart] = ()
    excluded: Sequence[Vectors] = ()
    phrases: Sequence[str] = ()
    language: str | None = None
    doubt: float = 0.0
    coverage: dict[Retriever, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CandidateSet:
    """Segments found for a query. All arrays have one row per segment.

    Attributes:
        segments: Ids of the segments, shape (n,).
        items: Ids of their items, shape (n,).
        places: Their indexes among the lexical matches, `NO_MATCH` where there is none, shape (n,).
        cosines: Cosines with the query, shape (n,); NaN where the segment was not compared.
        probabilities: Probabilities of relevance, shape (n,).
        vectors: Vectors of the compared segments, which come first, shape (m, d).
        features: What the probabilities were computed from.
        floor: No segment that the vector index has not returned yet is more likely than this.
        exhausted: Whether each index has no more segments.
    """

    segments: Ids
    items: Ids
    places: Ids
    cosines: Vectors
    probabilities: Vectors
    vectors: Vectors
    features: TextFeatures
    floor: float
    exhausted: dict[Retriever, bool]


def match_terms(index: WordIndex, terms: Sequence[Term], language: str | None = None) -> LexicalMatches:
    """Return every segment that contains any of the terms, scored.

    Args:
        index: The full-text index.
        terms: The terms of the query.
        language: The language of the query (ISO 639-1), if it was detected.
    """
    wanted, total = index.expand([term.word for term in terms], language)
    found = index.find(wanted)
    matches = [
        TermMatches(one.segments, one.frequencies, one.shares, term.count, term.is_special)
        for term, one in zip(terms, found, strict=True)
    ]
    highest = max((int(one.segments[-1]) for one in found if len(one.segments)), default=0)
    lengths, average = index.read_lengths(highest)
    # The count of segments may lag behind the index.
    total = max([total, *(len(one.segments) for one in found)])
    return score_terms(matches, lengths, average, total)


def find_phrases(index: WordIndex, phrases: Sequence[str]) -> Ids:
    """Return the segments that contain any of the quoted phrases, ascending."""
    if not phrases:
        return np.zeros(0, np.int64)
    found = [index.match(match_phrase(phrase)) for phrase in phrases]
    return np.unique(np.concatenate(found))


Owner = Literal["segment", "item"]
# The number of sorted rows in memory: one for each generation or delta and each kind of owner.
MAX_SORTED_ROWS = 16
_orders: dict[tuple[int, Owner], tuple[RowMetadata, Ids, Ids]] = {}


def find_embeddings(snapshot: Snapshot, owner: Owner, wanted: Ids) -> Ids:
    """Return the ids of all embeddings of some segments or items, in their order in each generation.

    Args:
        snapshot: The state of the index.
        owner: Whether `wanted` are segments or items.
        wanted: Ids of the owners, shape (n,). Those without an embedding are left out.
    """
    parts = [snapshot.delta] if snapshot.generation is None else [snapshot.generation.rows, snapshot.delta]
    found = [np.zeros(0, np.int64)]
    for rows in parts:
        owners, ids = _order_rows(rows.metadata, rows.ids, owner)
        first = np.searchsorted(owners, wanted, "left")
        count = np.searchsorted(owners, wanted, "right") - first
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        found.append(ids[np.repeat(first, count) + within])
    return np.concatenate(found)


def _order_rows(owners: RowMetadata, ids: Ids, owner: Owner) -> tuple[Ids, Ids]:
    """Return the owners of rows in ascending order, and the ids of the rows in the same order."""
    key = id(owners), owner
    known = _orders.get(key)
    if known is not None and known[0] is owners:
        return known[1], known[2]
    values = np.ascontiguousarray(owners[owner])
    order = np.argsort(values, kind="stable")
    while len(_orders) >= MAX_SORTED_ROWS:
        _orders.pop(next(iter(_orders)), None)
    _orders[key] = (owners, values[order], ids[order])
    return values[order], ids[order]
