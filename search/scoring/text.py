"""Scoring of text segments: one probability of relevance from lexical and semantic features.

The probability is a logistic function of the features of a segment. Its weights are fitted by `training/fit_text.py` on
questions with known answers and packaged in `text_weights.json`. There are three sets of weights: for the lexical
features, for the semantic features, and for both.

The vectors of texts in one language are close to each other, regardless of their content. So the directions in which
languages differ are removed: Yang et al., "A Simple and Effective Method To Eliminate the Self Language Bias in
Multilingual Representations" (EMNLP 2021).

How high a similarity must be to indicate relevance differs by query and by passage. So both are compared with fixed
texts that do not depend on the library: the query with reference passages, the passage with reference questions.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from search.records import Flags, Vectors

WEIGHTS_FILE = Path(__file__).parent / "text_weights.json"
SEMANTIC_FEATURES = ("similarity", "hub", "nearest")
LEXICAL_FEATURES = ("strength", "contained_share", "query_length")
# BM25 is less reliable for few terms, since one word that matches by chance is a large share of the query. So the score
# of n terms is multiplied by n / (n + this).
TERMS_PRIOR = 8
# If a query has more terms than this, the feature `query_length` is above 0.
SHORT_QUERY = 6
# The log-odds of a segment with a quoted phrase or all rare words of a query: a probability of 0.82.
EXACT_LOGIT = 1.5
# The probability of speech that was recognized with less confidence than this is reduced in proportion, unless it
# contains the words of the query.
MIN_SURE_CONFIDENCE = 0.5
# The same for recognized text of fewer words than this that contains no word of the query: a price, a code or a name is
# similar to anything.
MIN_SURE_WORDS = 5


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
    """The three fitted logistic functions.

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
        exact: Which segments contain all rare words of the query or a quoted phrase, shape (n,); empty for none.
    """

    values: Mapping[str, Vectors]
    exact: Flags = field(default_factory=lambda: np.zeros(0, bool))


def make_semantic_features(similarity: Vectors, hub: Vectors, nearest: float) -> dict[str, Vectors]:
    """Return the features of the semantic retriever by name.

    Args:
        similarity: Similarities, in standard deviations above those of unrelated texts, shape (n,).
        hub: The similarity of each segment to unrelated questions, in standard deviations, shape (n,).
        nearest: The similarity of the query to the nearest unrelated passages, in standard deviations.
    """
    return {"similarity": similarity, "hub": hub, "nearest": np.full(len(similarity), nearest, np.float32)}


def make_lexical_features(strength: Vectors, contained_share: Vectors, terms: int) -> dict[str, Vectors]:
    """Return the features of the lexical retriever by name.

    Args:
        strength: The BM25 score of each segment as a share of the highest possible one, shape (n,).
        contained_share: The share of the query that each segment contains, shape (n,).
        terms: The number of different terms in the query.
    """
    excess = max(0.0, 1 - (1 + SHORT_QUERY) / (1 + terms))
    return {
        "strength": strength * np.float32(terms / (terms + TERMS_PRIOR)),
        "contained_share": contained_share,
        "query_length": np.full(len(strength), excess, np.float32),
    }


def compute_log_odds(features: TextFeatures, weights: Weights) -> Vectors:
    """Compute the log-odds of relevance, shape (n,); at least `EXACT_LOGIT` for exact matches."""
    # Not as a product of matrices: for five columns, OpenBLAS on processors with AVX-512 now and then reports an
    # invalid value where there is none.
    columns = [
        features.values[name].astype(np.float32) * np.float32(weight) for name, weight in weights.weights.items()
    ]
    logits: Vectors = np.stack(columns).sum(axis=0) + np.float32(weights.bias)
    if len(features.exact):
        # A soft maximum, so that exact matches keep their order.
        logits = np.where(features.exact, np.logaddexp(np.float32(EXACT_LOGIT), logits), logits)
    return logits


def compute_confidence_factors(confidence: Vectors, contained_share: Vectors | None) -> Vectors:
    """Return a factor below 1 for speech that may be recognized wrongly, and 1 for everything else, shape (m,).

    Args:
        confidence: The confidence of recognized speech, 0 to 1; NaN for other segments, shape (m,).
        contained_share: The share of the query that each segment contains, shape (n,), n >= m; None without lexical
            features.
    """
    factors: Vectors = np.nan_to_num(np.minimum(1.0, confidence / MIN_SURE_CONFIDENCE), nan=1.0).astype(np.float32)
    return factors if contained_share is None else np.maximum(factors, contained_share[: len(factors)])


def compute_length_factors(words: Vectors, contained_share: Vectors | None) -> Vectors:
    """Return a factor below 1 for recognized text of few words without one of the query, else 1, shape (m,).

    Args:
        words: The number of words of each segment, shape (m,).
        contained_share: As in `compute_confidence_factors`.
    """
    factors: Vectors = np.minimum(1.0, words / MIN_SURE_WORDS).astype(np.float32)
    if contained_share is not None:
        factors[contained_share[: len(factors)] > 0] = 1.0
    return factors


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
    """Return weights as a document that can be packaged."""
    return {name: {"bias": function.bias, **function.weights} for name, function in vars(weights).items()}


# The number of nearest reference texts whose similarities are averaged.
NEAREST_TEXTS = 5
# The maximal number of directions in which languages differ that are removed.
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

    @cached_property
    def columns(self) -> Vectors:
        """The questions, then the directions, shape (b + k, d)."""
        # Stored in few bits, the questions have a small component in the directions.
        return np.concatenate([remove_directions(self.questions, self.directions), self.directions])


@dataclass(frozen=True)
class PassageComparison:
    """How similar passages without language directions are to queries and to unrelated questions.

    Attributes:
        similarities: The cosines of each query with the passages, shape (q, n).
        hubs: The similarity of the passages to their nearest unrelated questions, in standard deviations, shape (n,).
            A passage that is similar to many questions is a hub: Radovanovic, Nanopoulos and Ivanovic, "Hubs in Space"
            (JMLR 2010).
    """

    similarities: Vectors
    hubs: Vectors


@dataclass(frozen=True)
class QueryBaseline:
    """The similarities of a query with the reference passages.

    Attributes:
        mean: The mean similarity.
        deviation: The standard deviation.
        nearest: The mean similarity of the nearest passages, in standard deviations above the mean.
    """

    mean: float
    deviation: float
    nearest: float


def make_reference_texts(
    languages: Sequence[str], parallel: Sequence[Vectors], passages: Vectors, questions: Vectors
) -> ReferenceTexts:
    """Return the reference texts, from vectors of unit length.

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
    """Compute an orthonormal basis of the differences between the mean vectors of languages, shape (k, d).

    Args:
        languages: The language of each sentence, length n.
        parallel: Vectors of the same sentences, shape (n, d) each.
    """
    labels = np.array(languages)
    names = sorted(set(languages))
    rows = []
    for vectors in parallel:
        means = np.stack([vectors[labels == name].mean(axis=0) for name in names])
        rows.append(means - means.mean(axis=0))
    _, strengths, basis = np.linalg.svd(np.concatenate(rows), full_matrices=False)
    count = min(MAX_DIRECTIONS, len(names) - 1, int((strengths > 1e-4).sum()))
    directions: Vectors = basis[:count].astype(np.float32)
    return directions


def remove_directions(vectors: Vectors, directions: Vectors) -> Vectors:
    """Remove directions from vectors and scale them to unit length, shape (n, d).

    Args:
        vectors: Shape (n, d).
        directions: An orthonormal basis of the directions, shape (k, d).
    """
    rest = vectors - (vectors @ directions.T) @ directions
    result: Vectors = (rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-6)).astype(np.float32)
    return result


def average_nearest(similarities: Vectors) -> Vectors:
    """Compute the mean of the 5 highest similarities in each row, shape (n,), from similarities of shape (n, m)."""
    count = min(NEAREST_TEXTS, similarities.shape[1])
    result: Vectors = np.partition(similarities, -count, axis=1)[:, -count:].mean(axis=1)
    return result


def measure_query(query: Vectors, reference: ReferenceTexts) -> QueryBaseline:
    """Compare a query without language directions, shape (d,), with the reference passages."""
    similarities = reference.passages @ query
    mean, deviation = float(similarities.mean()), max(float(similarities.std()), 1e-3)
    nearest = float(average_nearest(similarities[None])[0])
    return QueryBaseline(mean, deviation, (nearest - mean) / deviation)


def compare_passages(passages: Vectors, queries: Vectors, reference: ReferenceTexts) -> PassageComparison:
    """Compare passages without language directions with queries, and with the unrelated questions.

    The directions are not removed from the passages, which would copy them several times: neither the queries nor the
    questions have a component in them, so they do not change any product, only the length that it is divided by.

    Args:
        passages: Vectors as the encoder makes them, shape (n, d).
        queries: Vectors without the directions, of unit length, shape (q, d).
        reference: The reference texts.
    """
    count, columns = len(queries), reference.columns
    products = passages @ np.concatenate([queries, columns]).T
    removed = products[:, count + len(reference.questions) :]
    lengths = np.einsum("ij,ij->i", passages, passages) - np.einsum("ij,ij->i", removed, removed)
    products /= np.sqrt(np.maximum(lengths, 1e-12))[:, None]
    nearest = average_nearest(products[:, count : count + len(reference.questions)])
    hubs: Vectors = (nearest - reference.hub_center) / reference.hub_spread
    return PassageComparison(products[:, :count].T, hubs)


def standardize(similarities: Vectors, baseline: QueryBaseline) -> Vectors:
    """Return similarities with a query in standard deviations above unrelated texts, shape (n,)."""
    result: Vectors = (similarities - baseline.mean) / baseline.deviation
    return result
