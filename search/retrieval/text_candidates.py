"""The query and the candidates of the text retriever, and the lookups between them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from search.records import EVERYTHING, Ids, Retriever, Rights, RowMetadata, Vectors
from search.retrieval.semantic import SemanticPart
from search.scoring.lexical import LexicalMatches, TermMatches, score_terms
from search.scoring.text import TextFeatures
from search.storage.filters import match_phrase
from search.storage.lexical.index import WordIndex
from search.storage.snapshot import Snapshot
from search.text.terms import Term

# The index among the lexical matches of a segment that is not one of them.
NO_MATCH = -1


@dataclass(frozen=True)
class TextQuery:
    """A query as the text retriever needs it.

    Attributes:
        terms: Its terms; empty if lexical retrieval is turned off.
        parts: Its parts as vectors; empty if semantic retrieval is turned off.
        excluded: Vectors of what is excluded, shape (d,) each.
        phrases: Quoted phrases.
        language: Its language (ISO 639-1), if it was detected.
        oddness_penalty: Subtracted from the log-odds of segments without an exact match; above 0 if the query looks
            like random letters.
        coverage: The share of the query that each retriever can score.
    """

    terms: Sequence[Term] = ()
    parts: Sequence[SemanticPart] = ()
    excluded: Sequence[Vectors] = ()
    phrases: Sequence[str] = ()
    language: str | None = None
    oddness_penalty: float = 0.0
    coverage: dict[Retriever, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CandidateSet:
    """Segments found for a query. All arrays have one row per segment, except `vectors`.

    Attributes:
        segment_ids: Ids of the segments, shape (n,).
        item_ids: Ids of their items, shape (n,).
        places: Their indexes among the lexical matches, `NO_MATCH` where there is none, shape (n,).
        cosines: Cosines with the query, shape (n,); NaN where the segment was not compared.
        probabilities: Probabilities of relevance, shape (n,).
        vectors: Vectors of the first m segments, those compared by their embeddings, shape (m, d).
        features: The features that the probabilities were computed from.
        max_remaining: An estimate of the highest probability of the segments that the index has not returned yet.
        exhausted: Whether a text retriever has no more segments, for each of the two.
    """

    segment_ids: Ids
    item_ids: Ids
    places: Ids
    cosines: Vectors
    probabilities: Vectors
    vectors: Vectors
    features: TextFeatures
    max_remaining: float
    exhausted: dict[Retriever, bool]


def match_terms(
    index: WordIndex,
    terms: Sequence[Term],
    language: str | None = None,
    rights: Rights = EVERYTHING,
    revision: int = 0,
) -> LexicalMatches:
    """Return every segment that contains any of the terms and that the caller may read, scored among these.

    Args:
        index: The full-text index.
        terms: The terms of the query.
        language: The language of the query (ISO 639-1), if it was detected.
        rights: What the caller may read.
        revision: The revision of the catalog.
    """
    wanted, total = index.expand([term.word for term in terms], language, rights)
    found = index.find(wanted)
    highest = max((int(one.segments[-1]) for one in found if len(one.segments)), default=0)
    lengths, average = index.read_lengths(highest)
    if not rights.are_complete:
        readable = index.mark_readable(rights, revision, max(len(lengths), highest + 1))
        found = [one.select(readable[one.segments]) for one in found]
        own = lengths[readable[: len(lengths)] & (lengths > 0)]
        total, average = len(own), float(own.mean()) if len(own) else 1.0
    matches = [
        TermMatches(occurrences.segments, occurrences.frequencies, occurrences.shares, term.count, term.is_special)
        for term, occurrences in zip(terms, found, strict=True)
    ]
    # The count of segments may be older than the index.
    total = max([total, *(len(match.segment_ids) for match in matches)])
    return score_terms(matches, lengths, average, total)


def find_phrases(index: WordIndex, phrases: Sequence[str]) -> Ids:
    """Return the ids of the segments that contain any of the quoted phrases, ascending, shape (n,)."""
    if not phrases:
        return np.zeros(0, np.int64)
    found = [index.match(match_phrase(phrase)) for phrase in phrases]
    return np.unique(np.concatenate(found))


Owner = Literal["segment", "item"]
# The number of cached sort orders: one for each generation or delta and each kind of owner.
MAX_SORT_ORDERS = 16


@dataclass(frozen=True)
class _SortedRows:
    """The rows of a generation or a delta, sorted by their owners.

    Attributes:
        metadata: The rows. Kept here so that their `id()`, the key of the cache, is not reused.
        owners: The ids of the owners, ascending, shape (n,).
        ids: The ids of the embeddings in the same order, shape (n,).
    """

    metadata: RowMetadata
    owners: Ids
    ids: Ids


_sorted_rows: dict[tuple[int, Owner], _SortedRows] = {}


def find_embeddings(snapshot: Snapshot, owner: Owner, wanted: Ids) -> Ids:
    """Return the ids of all embeddings of some segments or items.

    Those in the generation come first, then those in the delta, both in the order of `wanted`.

    Args:
        snapshot: The state of the index.
        owner: Whether `wanted` are segments or items.
        wanted: Ids of the owners, shape (n,). Those without an embedding are left out.
    """
    parts = [snapshot.delta] if snapshot.generation is None else [snapshot.generation.rows, snapshot.delta]
    found = [np.zeros(0, np.int64)]
    for rows in parts:
        ordered = _sort_rows(rows.metadata, rows.ids, owner)
        first = np.searchsorted(ordered.owners, wanted, "left")
        count = np.searchsorted(ordered.owners, wanted, "right") - first
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        found.append(ordered.ids[np.repeat(first, count) + within])
    return np.concatenate(found)


def _sort_rows(metadata: RowMetadata, ids: Ids, owner: Owner) -> _SortedRows:
    """Return rows sorted by their owners, from the cache if they were sorted before."""
    key = id(metadata), owner
    known = _sorted_rows.get(key)
    if known is not None and known.metadata is metadata:
        return known
    owners = np.ascontiguousarray(metadata[owner])
    order = np.argsort(owners, kind="stable")
    while len(_sorted_rows) >= MAX_SORT_ORDERS:
        _sorted_rows.pop(next(iter(_sorted_rows)), None)
    ordered = _sorted_rows[key] = _SortedRows(metadata, owners[order], ids[order])
    return ordered
