"""What the text retrievers search for, and the lookups that find it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from search.records import Ids, Retriever, RowMetadata, Vectors
from search.retrieval.semantic import SemanticPart
from search.scoring.lexical import LexicalMatches, TermMatches, score_terms
from search.scoring.text import Evidence
from search.storage.filters import match_phrase
from search.storage.lexical.index import WordIndex
from search.storage.space_index import Snapshot
from search.text.terms import Term

# The place of a segment that holds no word of the query.
NO_MATCH = -1


@dataclass(frozen=True)
class TextQuery:
    """A query as the text retrievers need it.

    Attributes:
        terms: Its terms; none if the lexical retriever is not asked.
        parts: Its parts as vectors; none if the semantic retriever is not asked.
        excluded: Vectors of what is excluded, shape (d,) each.
        phrases: Quoted phrases.
        language: Its language (ISO 639-1) if it is known.
        doubt: What is taken off the log-odds of what does not match exactly, since the words may be none.
        coverage: The share of the query that each retriever can judge.
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
    """Segments found for a query; all arrays have one row per segment.

    Attributes:
        segments: Ids, shape (n,).
        items: Ids of their items, shape (n,).
        places: Their places among the lexical matches, `NO_MATCH` where there is none, shape (n,).
        cosines: Cosines with the query, shape (n,); not a number where the segment was not compared.
        probabilities: Of relevance, shape (n,).
        vectors: Of those that were compared, which come first, shape (m, d).
        evidence: What the probabilities were computed from.
        floor: No segment that the vector index has not returned yet is more likely than this.
        exhausted: Whether the vector index and the full-text index have no more.
    """

    segments: Ids
    items: Ids
    places: Ids
    cosines: Vectors
    probabilities: Vectors
    vectors: Vectors
    evidence: Evidence
    floor: float
    exhausted: dict[Retriever, bool]


def match_terms(index: WordIndex, terms: Sequence[Term], language: str | None = None) -> LexicalMatches:
    """Return every segment that holds any of the terms, scored.

    Args:
        index: The full-text index.
        terms: The terms of the query.
        language: The language of the query (ISO 639-1) if it is known.
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
    """Return the segments that hold any of the quoted phrases, ascending."""
    if not phrases:
        return np.zeros(0, np.int64)
    found = [index.match(match_phrase(phrase)) for phrase in phrases]
    return np.unique(np.concatenate(found))


Owner = Literal["segment", "item"]
# The rows of so many generations and deltas are kept in order, by each kind of owner.
MAX_KEPT = 16
_orders: dict[tuple[int, Owner], tuple[RowMetadata, Ids, Ids]] = {}


def find_embeddings(snapshot: Snapshot, owner: Owner, wanted: Ids) -> Ids:
    """Return the ids of all embeddings of some segments or items, in the order of these in each generation.

    Args:
        snapshot: What searches see.
        owner: Whether `wanted` are segments or items.
        wanted: Ids of the owners, shape (n,); those without an embedding are left out.
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
    while len(_orders) >= MAX_KEPT:
        _orders.pop(next(iter(_orders)), None)
    _orders[key] = (owners, values[order], ids[order])
    return values[order], ids[order]
