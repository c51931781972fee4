"""The features of text segments, and one probability of relevance from those of both text retrievers.

The probability is a logistic function of what the lexical and the semantic retriever measure for the same segment.
Its weights are fitted by `training/fit_text.py` on questions with known answers and packaged in `text_weights.json`:
one set for each retriever alone, and one for both together.

Vectors of texts in one language are close to each other, whatever they say. The directions in which languages differ
are removed: Yang et al., "A Simple and Effective Method To Eliminate the Self Language Bias in Multilingual
Representations" (EMNLP 2021). What a similarity means differs by query and by passage, so both are compared with
fixed texts that do not depend on the library: the query with reference passages, the passage with reference
questions.
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
# BM25 is more reliable for more terms: in a short query, one word that matches by chance is a large share.
TERMS_PRIOR = 8
# In longer queries than this, more terms must match.
SHORT_QUERY = 6
# The log-odds of a segment with a quoted phrase or all rare words of a query: a probability of 0.82.
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
    """The fitted functions.

    Attributes:
        semantic: For the semantic features.
        lexical: For the lexical features.
        both: For the features of both retrievers.
    """

    semantic: Weights
    lexical: Weights
    both: Weights


@dataclass(frozen=True)
class TextFeatures:
    """The features of n segments, each of shape (n,), by name.

    Attributes:
        values: Those of `SEMANTIC_FEATURES`, of `LEXICAL_FEATURES`, or both.
        exact: Which segments hold all rare words of the query or a quoted phrase, shape (n,).
    """

    values: Mapping[str, Vectors]
    exact: Flags = field(default_factory=lambda: np.zeros(0, bool))

    def stack(self, names: Sequence[str]) -> Vectors:
        """Return features as columns, shape (n, k)."""
        result: Vectors = np.stack([self.values[name] for name in names], axis=1).astype(np.float32)
        return result


def make_semantic_features(similarity: Vectors, hub: Vectors, nearest: float) -> dict[str, Vectors]:
    """Return the features of the semantic retriever by name.

    Args:
        similarity: Similarities in deviations above unrelated texts, shape (n,).
        hub: The similarity of each segment to unrelated questions, in deviations, shape (n,).
        nearest: The similarity of the query to unrelated passages, in deviations.
    """
    return {"similarity": similarity, "hub": hub, "nearest": np.full(len(similarity), nearest, np.float32)}


def make_lexical_features(strength: Vectors, coverage: Vectors, terms: int) -> dict[str, Vectors]:
    """Return the features of the lexical retriever by name.

    Args:
        strength: The BM25 score of each segment as a share of the highest possible one, shape (n,).
        coverage: The share of the query that each segment contains, shape (n,).
        terms: The number of different terms in the query.
    """
    excess = max(0.0, 1 - (1 + SHORT_QUERY) / (1 + terms))
    return {
        "strength": strength * np.float32(terms / (terms + TERMS_PRIOR)),
        "coverage": coverage,
        "length": np.full(len(strength), excess, np.float32),
    }


def compute_log_odds(features: TextFeatures, weights: Weights) -> Vectors:
    """Compute the log-odds of relevance, shape (n,); at least `EXACT_LOGIT` for exact matches."""
    columns = features.stack(weights.features)
    logits: Vectors = columns @ np.array([*weights.weights.values()], np.float32) + np.float32(weights.bias)
    if len(features.exact):
        # A soft maximum, so that exact matches keep their order.
        logits = np.where(features.exact, np.logaddexp(np.float32(EXACT_LOGIT), logits), logits)
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


# The number of nearest reference texts that are averaged.
NEAREST = 5
MAX_DIRECTIONS = 15


@dataclass(frozen=True)
class ReferenceTexts:
    """The embeddings of the fixed texts by one text encoder. All vectors have unit length.

    Attributes:
        directions: An orthonormal basis of the differences between languages, shape (k, d).
        passages: Reference passages without those directions, shape (m, d).
        questions: Reference questions without those directions, shape (b, d).
        hub_center: The mean similarity of an unrelated passage to its nearest questions.
        hub_spread: The standard deviation of that similarity over passages.
    """

    directions: Vectors
    passages: Vectors
    questions: Vectors
    hub_center: float
    hub_spread: float


@dataclass(frozen=True)
class QueryBaseline:
    """The similarities of a query with the reference passages.

    Attributes:
        mean: The mean similarity.
        deviation: The standard deviation.
        nearest: The similarity of the nearest passages, in deviations above the mean.
    """

    mean: float
    deviation: float
    nearest: float


def make_reference_texts(
    languages: Sequence[str], parallel: Sequence[Vectors], passages: Vectors, questions: Vectors
) -> ReferenceTexts:
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
    return ReferenceTexts(directions, passages, questions, float(hubs.mean()), max(float(hubs.std()), 1e-3))


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
    """Compute the mean of the highest similarities in each row, shape (n,)."""
    kept = min(NEAREST, similarities.shape[1])
    result: Vectors = np.partition(similarities, -kept, axis=1)[:, -kept:].mean(axis=1)
    return result


def measure_query(query: Vectors, reference: ReferenceTexts) -> QueryBaseline:
    """Compare a query without language directions, shape (d,), with the reference passages."""
    similarities = reference.passages @ query
    mean, deviation = float(similarities.mean()), max(float(similarities.std()), 1e-3)
    nearest = float(average_nearest(similarities[None])[0])
    return QueryBaseline(mean, deviation, (nearest - mean) / deviation)


def measure_hubs(passages: Vectors, reference: ReferenceTexts) -> Vectors:
    """Compute the similarity of passages to unrelated questions, in deviations, shape (n,)."""
    if not len(passages):
        return np.zeros(0, np.float32)
    nearness = average_nearest(passages @ reference.questions.T)
    result: Vectors = (nearness - reference.hub_center) / reference.hub_spread
    return result


def standardize(similarities: Vectors, baseline: QueryBaseline) -> Vectors:
    """Return similarities with a query in deviations above unrelated texts, shape (n,)."""
    result: Vectors = (similarities - baseline.mean) / baseline.deviation
    return result
