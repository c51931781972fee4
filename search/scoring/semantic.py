"""How near a passage comes to a query, compared with what unrelated texts come to, whatever their languages.

Vectors of one language lie together, so that two texts in it seem alike whatever they say. The directions in which
languages differ are removed: Yang et al., "A Simple and Effective Method To Eliminate the Self Language Bias in
Multilingual Representations" (EMNLP 2021). What a similarity means differs by query and by passage; it is compared with
fixed texts that no library can change: reference passages for the query, reference questions for the passage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.records import Vectors

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
