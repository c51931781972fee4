"""What is known of a text before any picture is seen: the traits that a calibrator of the visual retriever takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.records import Vectors
from search.scoring.visual import MEASURES, Unit, measure

MAX_COUNTED_WORDS = 16
HIGH_SHARE = 0.98
# Of the reference pictures: which quantiles of standing and of similarity describe a query.
STANDING_QUANTILES = (0.5, 0.8, 0.9, 0.95, 0.98)
SIMILARITY_QUANTILES = (0.5, 0.9, 0.98)
# How near a text is to the name of a class that names something else, and one that names the same.
MIN_RECOGNIZED, MAX_RECOGNIZED = 0.65, 0.75


@dataclass(frozen=True)
class Reference:
    """Fixed pictures that no library can change: vectors (r, d) and what the query bank scores against each (r, k)."""

    vectors: Vectors
    baselines: Vectors


def describe_text(kinds: Vectors, words: int) -> Vectors:
    """Describe a text by its words, whatever the picture model is, shape (3,).

    Args:
        kinds: The probabilities that it names a thing, describes a scene, or does neither.
        words: Its number of words.

    Returns:
        How much it is a name rather than a description; the probability of neither; its length from 0 for a word to 1
        for 16 words.
    """
    name, scene, other = (float(one) for one in kinds)
    length = np.log2(min(max(words, 1), MAX_COUNTED_WORDS)) / np.log2(MAX_COUNTED_WORDS)
    return np.array([name / max(name + scene, 1e-6), other, length], np.float32)


def describe_crowding(query: Vectors, bank: Vectors, units: Sequence[Unit]) -> Vectors:
    """Describe a text by how near other texts are, shape (3 * parts,).

    Only for the model that a calibrator was fitted on: how near texts are to one another says as much about the model
    as about the text.

    Args:
        query: Its vector, shape (d,).
        bank: The query bank, shape (b, d).
        units: One for each part of the space.

    Returns:
        For each part mean, deviation and high quantile of its products with the bank.
    """
    traits: list[float] = []
    low = 0
    for unit in units:
        products = bank[:, low : low + unit.length] @ query[low : low + unit.length]
        low += unit.length
        traits += [float(products.mean()), float(products.std()), *_quantiles(products, (HIGH_SHARE,))]
    return np.array(traits, np.float32)


def recognize(likeness: float) -> float:
    """Return how much a text names a thing that the tower was trained to recognize, 0 to 1.

    Args:
        likeness: Its cosine with the nearest name of a class that the tower was trained on.
    """
    return float(np.clip((likeness - MIN_RECOGNIZED) / (MAX_RECOGNIZED - MIN_RECOGNIZED), 0, 1))


def describe_reach(query: Vectors, reference: Reference, units: Sequence[Unit]) -> Vectors:
    """Describe a text by how near the reference pictures come to it, shape (9 * parts,).

    Returns:
        For each part quantiles of their standing, and quantiles and deviation of their similarity.
    """
    measured = measure(query, reference.vectors, reference.baselines, units)
    traits: list[float] = []
    for number in range(len(units)):
        similarity, standing = measured[:, number * len(MEASURES)], measured[:, number * len(MEASURES) + 1]
        traits += _quantiles(standing, STANDING_QUANTILES)
        traits += _quantiles(similarity, SIMILARITY_QUANTILES)
        traits.append(float(similarity.std()))
    return np.array(traits, np.float32)


def _quantiles(values: Vectors, shares: Sequence[float]) -> list[float]:
    """Return quantiles, as `numpy.quantile` does in several times as long."""
    places = np.array(shares) * (len(values) - 1)
    found: list[float] = np.interp(places, np.arange(len(values)), np.sort(values)).tolist()
    return found
