"""From the evidence of the lexical and the semantic retriever to one probability of relevance.

A logistic function of what both say of the same segment. Its weights are fitted by `training/fit_text.py` on questions
with known answers and are packaged in `text_weights.json`; there is one set of weights for each retriever used by
itself, and one for both together.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from search.records import Flags, Vectors

WEIGHTS_FILE = Path(__file__).parent / "text_weights.json"
SEMANTIC_FEATURES = ("similarity", "hub", "nearest")
LEXICAL_FEATURES = ("strength", "coverage", "length")
# BM25 tells more the more terms there are: in a short query one chance word is a large share of it.
TERMS_PRIOR = 8
# Of longer queries than this, more must match.
SHORT_QUERY = 6
# Log-odds of a segment that holds a quoted phrase, or all rare words of a query: 0.82 as a probability.
EXACT_LOGIT = 1.5


@dataclass(frozen=True)
class Weights:
    """A logistic function: log-odds = bias + the sum of weight x feature."""

    bias: float
    weights: Mapping[str, float]

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features, in order."""
        return tuple(self.weights)


@dataclass(frozen=True)
class TextWeights:
    """The fitted functions: of each retriever by itself, and of both."""

    semantic: Weights
    lexical: Weights
    both: Weights


@dataclass(frozen=True)
class Evidence:
    """What the retrievers say of n segments: features of shape (n,) by name.

    Attributes:
        features: Those of `SEMANTIC_FEATURES`, of `LEXICAL_FEATURES`, or both.
        exact: Which segments hold all rare words of the query or a quoted phrase, shape (n,).
    """

    features: Mapping[str, Vectors]
    exact: Flags = field(default_factory=lambda: np.zeros(0, bool))

    def stack(self, names: Sequence[str]) -> Vectors:
        """Return features as columns, shape (n, k)."""
        result: Vectors = np.stack([self.features[name] for name in names], axis=1).astype(np.float32)
        return result


def make_semantic_features(similarity: Vectors, hub: Vectors, nearest: float) -> dict[str, Vectors]:
    """Return the features of the semantic retriever by name.

    Args:
        similarity: In deviations above unrelated texts, shape (n,).
        hub: How near each segment comes to unrelated questions, in deviations, shape (n,).
        nearest: How near the query comes to unrelated passages, in deviations.
    """
    return {"similarity": similarity, "hub": hub, "nearest": np.full(len(similarity), nearest, np.float32)}


def make_lexical_features(strength: Vectors, coverage: Vectors, terms: int) -> dict[str, Vectors]:
    """Return the features of the lexical retriever by name.

    Args:
        strength: The share of the highest possible BM25 score that each segment reaches, shape (n,).
        coverage: The share of the query that each segment holds, shape (n,).
        terms: The number of different terms in the query.
    """
    excess = max(0.0, 1 - (1 + SHORT_QUERY) / (1 + terms))
    return {
        "strength": strength * np.float32(terms / (terms + TERMS_PRIOR)),
        "coverage": coverage,
        "length": np.full(len(strength), excess, np.float32),
    }


def compute_log_odds(evidence: Evidence, weights: Weights) -> Vectors:
    """Return the log-odds of relevance, shape (n,); never below `EXACT_LOGIT` where the match is exact."""
    columns = evidence.stack(weights.features)
    logits: Vectors = columns @ np.array([*weights.weights.values()], np.float32) + np.float32(weights.bias)
    if len(evidence.exact):
        # A soft maximum, so that exact matches keep their order.
        logits = np.where(evidence.exact, np.logaddexp(np.float32(EXACT_LOGIT), logits), logits)
    return logits


@cache
def read_weights() -> TextWeights:
    """Return the packaged weights."""
    return parse_weights(json.loads(WEIGHTS_FILE.read_text(encoding="utf-8")))


def parse_weights(document: Mapping[str, Mapping[str, float]]) -> TextWeights:
    """Return weights from the document that `describe_weights` makes."""
    parsed = {}
    for name in ("semantic", "lexical", "both"):
        values = dict(document[name])
        parsed[name] = Weights(values.pop("bias"), values)
    return TextWeights(**parsed)


def describe_weights(weights: TextWeights) -> dict[str, dict[str, float]]:
    """Return the document that is packaged."""
    return {name: {"bias": one.bias, **one.weights} for name, one in vars(weights).items()}
