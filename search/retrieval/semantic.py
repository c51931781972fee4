"""The semantic retriever: sentence embeddings, compared with fixed reference texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.errors import UsageError
from search.records import Vectors
from search.scoring.fusion import Evidence, Weights, compute_log_odds, make_semantic_features
from search.scoring.semantic import (
    QueryBaseline,
    Reference,
    measure_hubs,
    measure_query,
    remove_directions,
    standardize,
)


@dataclass(frozen=True)
class SemanticPart:
    """One part of a query: its vector, shape (d,), unit length, and its weight."""

    vector: Vectors
    weight: float = 1.0


@dataclass(frozen=True)
class _Measured:
    """A part of a query without language directions, and how it compares with the reference."""

    vector: Vectors
    share: float
    baseline: QueryBaseline


class SemanticQuery:
    """The parts of a query, ready to be compared with passages."""

    def __init__(self, parts: Sequence[SemanticPart], reference: Reference) -> None:
        """Compare the parts with the reference; at least one must have a weight above zero."""
        self._reference = reference
        total = sum(part.weight for part in parts if part.weight > 0)
        rows = remove_directions(np.stack([part.vector for part in parts]), reference.directions)
        measured = [
            _Measured(row, part.weight / total, measure_query(row, reference))
            for row, part in zip(rows, parts, strict=True)
        ]
        self._wanted = [one for one in measured if one.share > 0]
        self._unwanted = [one for one in measured if one.share <= 0]
        # To be somewhat like each of several parts is rarer than to be so like one.
        unrelated = self._combine(reference.passages)
        self._spread = max(float(unrelated.std()), 1e-3) if len(self._wanted) > 1 else 1.0
        self._nearest = sum(one.share * one.baseline.nearest for one in self._wanted)

    def make_search_vector(self) -> Vectors:
        """Return the vector to search by, shape (d,). Raise UsageError when the parts cancel each other out."""
        parts = [*self._wanted, *self._unwanted]
        total = np.sum([one.share * one.vector / one.baseline.deviation for one in parts], axis=0)
        length = float(np.linalg.norm(total))
        if length < 1e-6:
            raise UsageError("the parts of the query cancel each other out")
        result: Vectors = (total / length).astype(np.float32)
        return result

    def measure(self, passages: Vectors) -> tuple[dict[str, Vectors], Vectors]:
        """Return the features of passages, and their cosines with the wanted parts, each of shape (n,).

        Args:
            passages: Vectors as they are stored, shape (n, d).
        """
        rows = remove_directions(passages, self._reference.directions)
        similarity = self._combine(rows) / self._spread
        cosines = np.sum([one.share * (rows @ one.vector) for one in self._wanted], axis=0)
        hubs = measure_hubs(rows, self._reference)
        return make_semantic_features(similarity, hubs, self._nearest), cosines.astype(np.float32)

    def penalize(self, passages: Vectors, weights: Weights) -> Vectors:
        """Return what the unwanted parts add to the log-odds of passages, at most 0, shape (n,).

        The odds are multiplied by the probability of not being like a part, to the power of its weight.
        """
        penalty = np.zeros(len(passages), np.float32)
        if self._unwanted:
            rows = remove_directions(passages, self._reference.directions)
            hubs = measure_hubs(rows, self._reference)
            for one in self._unwanted:
                similarity = standardize(rows @ one.vector, one.baseline)
                features = make_semantic_features(similarity, hubs, one.baseline.nearest)
                likeness = compute_log_odds(Evidence(features), weights)
                penalty += np.float32(one.share) * np.logaddexp(np.float32(0), likeness)
        return penalty

    def _combine(self, rows: Vectors) -> Vectors:
        scores = [one.share * standardize(rows @ one.vector, one.baseline) for one in self._wanted]
        result: Vectors = np.sum(scores, axis=0).astype(np.float32)
        return result
