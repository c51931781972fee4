"""What the text retrievers are asked, and what they find."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from search.records import Ids, Retriever, Vectors
from search.retrieval.semantic import SemanticPart
from search.scoring.fusion import Evidence
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
