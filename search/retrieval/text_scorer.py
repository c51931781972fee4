"""Scores of text segments for one query, from their lexical and semantic features."""

import numpy as np

from search.records import Flags, Retriever, Vectors
from search.retrieval.semantic import SemanticQuery
from search.retrieval.text_candidates import CandidateSet, TextQuery
from search.scoring.candidates import to_probability
from search.scoring.text import TextFeatures, Weights, compute_log_odds, read_weights

# No more segments are retrieved by their vectors if the next ones are less likely than this, since they would not make
# a result relevant, or after this many.
NEXT_SEGMENTS_CUT = 0.3
MAX_SCORED = 4096
# The probability of the next segments is estimated from this many last segments that the vector index returned.
TAIL = 16


class TextScorer:
    """Computes the log-odds of segments for one query.

    Attributes:
        weights: The weights of the features.
    """

    def __init__(self, query: TextQuery, semantic: SemanticQuery | None) -> None:
        """Prepare scoring.

        Args:
            query: The query.
            semantic: Its semantic part; None if it has none.
        """
        self.weights = read_weights()
        self._query = query
        self._semantic = semantic

    def compute_logits(self, features: dict[str, Vectors], exact: Flags, vectors: Vectors) -> Vectors:
        """Compute log-odds of relevance, shape (n,).

        Args:
            features: The features of n segments.
            exact: Which segments match exactly, shape (n,).
            vectors: The vectors of the first m segments, shape (m, d). The others are scored by lexical features only.
        """
        known = TextFeatures(features, exact)
        if not self._query.terms:
            logits = compute_log_odds(known, self.weights.semantic)
        elif not self._query.parts:
            logits = compute_log_odds(known, self.weights.lexical)
        else:
            both = compute_log_odds(known, self.weights.both)
            lexical = compute_log_odds(known, self.weights.lexical)
            logits = np.where(np.arange(len(exact)) < len(vectors), both, lexical)
        logits = logits - np.where(exact, np.float32(0), np.float32(self._query.oddness_penalty))
        if self._semantic is not None and len(vectors):
            logits[: len(vectors)] += self._semantic.penalize(vectors, self.weights.semantic)
        return logits

    def estimate_floor(self, features: dict[str, Vectors], count: int) -> float:
        """Estimate the highest probability of the segments that the vector index has not returned.

        It is that of the last ones among the first `count` segments, which the index has returned, if they contained no
        word of the query.
        """
        if not count:
            return 0.0
        tail = {
            name: values[max(0, count - TAIL) : count] * (name not in ("strength", "contained_share"))
            for name, values in features.items()
        }
        logits = compute_log_odds(TextFeatures(tail), self._query_weights)
        highest = float(to_probability(logits).max(initial=0.0))
        return highest if highest >= NEXT_SEGMENTS_CUT and count < MAX_SCORED else 0.0

    def explain(self, retriever: Retriever, found: CandidateSet, at: int) -> dict[str, float]:
        """Return the terms of the log-odds of a segment by name."""
        weights = self._query_weights
        if np.isnan(found.cosines[at]) and self._query.terms:
            weights = self.weights.lexical
        terms = {"coverage": self._query.coverage.get(retriever, 1.0), "bias": weights.bias}
        for name, weight in weights.weights.items():
            terms[name] = float(found.features.values[name][at])
            terms[f"{name} weight"] = weight
        return terms

    @property
    def _query_weights(self) -> Weights:
        """The weights of the features that the query has."""
        if self._query.terms and self._query.parts:
            return self.weights.both
        return self.weights.lexical if self._query.terms else self.weights.semantic
