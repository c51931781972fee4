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


# How many of the nearest reference texts tell how near a text lies to everything.
NEAREST = 5
MAX_DIRECTIONS = 15


@dataclass(frozen=True)
class Reference:
    """What a sentence model makes of the fixed texts. All vectors have unit length.

    Attributes:
        directions: An orthonormal basis of what tells languages apart, shape (k, d).
        passages: Reference passages without those directions, shape (m, d).
        questions: Reference questions without those directions, shape (b, d).
        hub_center: The usual nearness of an unrelated passage to its nearest questions.
        hub_spread: How much that nearness varies from passage to passage.
    """

    directions: Vectors
    passages: Vectors
    questions: Vectors
    hub_center: float
    hub_spread: float


@dataclass(frozen=True)
class QueryBaseline:
    """A query against the reference passages: mean and deviation of its similarities, and of the nearest, z-scored."""

    mean: float
    deviation: float
    nearest: float


def make_reference(
    languages: Sequence[str], parallel: Sequence[Vectors], passages: Vectors, questions: Vectors
) -> Reference:
    """Build a reference from vectors of unit length.

    Args:
        languages: The language of each parallel text, length n.
        parallel: Vectors of the same sentences in all languages, as passages and as queries, shape (n, d) each.
        passages: Vectors of reference passages, shape (m, d).
        questions: Vectors of reference questions, shape (b, d).
    """
    directions = find_directions(languages, parallel)
    passages, questions = (remove_directions(rows, directions) for rows in (passages, questions))
    hubs = average_nearest(passages @ questions.T)
    return Reference(directions, passages, questions, float(hubs.mean()), max(float(hubs.std()), 1e-3))


def find_directions(languages: Sequence[str], parallel: Sequence[Vectors]) -> Vectors:
    """Return an orthonormal basis of the differences between the mean vectors of languages, shape (k, d)."""
    labels = np.array(languages)
    names = sorted(set(languages))
    rows = []
    for vectors in parallel:
        means = np.stack([vectors[labels == name].mean(axis=0) for name in names])
        rows.append(means - means.mean(axis=0))
    _, strengths, basis = np.linalg.svd(np.concatenate(rows), full_matrices=False)
    kept = min(MAX_DIRECTIONS, len(names) - 1, int((strengths > 1e-4).sum()))
    directions: Vectors = basis[:kept].astype(np.float32)
    return directions


def remove_directions(vectors: Vectors, directions: Vectors) -> Vectors:
    """Return vectors of shape (n, d) without the directions, at unit length."""
    rest = vectors - (vectors @ directions.T) @ directions
    result: Vectors = (rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-6)).astype(np.float32)
    return result


def average_nearest(similarities: Vectors) -> Vectors:
    """Return the mean of the highest similarities of each row, shape (n,)."""
    kept = min(NEAREST, similarities.shape[1])
    result: Vectors = np.partition(similarities, -kept, axis=1)[:, -kept:].mean(axis=1)
    return result


def measure_query(query: Vectors, reference: Reference) -> QueryBaseline:
    """Compare a query without language directions, shape (d,), with the reference passages."""
    similarities = reference.passages @ query
    mean, deviation = float(similarities.mean()), max(float(similarities.std()), 1e-3)
    nearest = float(average_nearest(similarities[None])[0])
    return QueryBaseline(mean, deviation, (nearest - mean) / deviation)


def measure_hubs(passages: Vectors, reference: Reference) -> Vectors:
    """Return how near passages without language directions come to unrelated questions, z-scored, shape (n,)."""
    if not len(passages):
        return np.zeros(0, np.float32)
    nearness = average_nearest(passages @ reference.questions.T)
    result: Vectors = (nearness - reference.hub_center) / reference.hub_spread
    return result


def standardize(similarities: Vectors, baseline: QueryBaseline) -> Vectors:
    """Return similarities to a query in deviations above what is unrelated to it, shape (n,)."""
    result: Vectors = (similarities - baseline.mean) / baseline.deviation
    return result
