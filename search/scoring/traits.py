"""What is known of a text before any image is scored: the traits that visual calibrators take as inputs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.records import Vectors
from search.scoring.visual import MEASURES, Unit, measure_images

MAX_COUNTED_WORDS = 16
HIGH_SHARE = 0.98
# The quantiles over the reference images that describe a query.
STANDING_QUANTILES = (0.5, 0.8, 0.9, 0.95, 0.98)
SIMILARITY_QUANTILES = (0.5, 0.9, 0.98)
# The likeness to a class name from which a text may name that class, and from which it certainly does.
MIN_RECOGNIZED, MAX_RECOGNIZED = 0.65, 0.75


@dataclass(frozen=True)
class ReferenceImages:
    """Fixed images that do not depend on the library.

    Attributes:
        vectors: Shape (r, d).
        baselines: The scores of the query bank for each image, shape (r, k).
    """

    vectors: Vectors
    baselines: Vectors


def describe_text(kinds: Vectors, words: int) -> Vectors:
    """Compute traits from the words of a text, shape (3,). They do not depend on the image encoder.

    Args:
        kinds: The probabilities that the text names a thing, describes a scene, or does neither.
        words: The number of words.

    Returns:
        How much the text is a name rather than a description; the probability of neither; its length, from 0 for one
        word to 1 for 16 words.
    """
    name, scene, other = (float(one) for one in kinds)
    length = np.log2(min(max(words, 1), MAX_COUNTED_WORDS)) / np.log2(MAX_COUNTED_WORDS)
    return np.array([name / max(name + scene, 1e-6), other, length], np.float32)


def describe_crowding(query: Vectors, bank: Vectors, units: Sequence[Unit]) -> Vectors:
    """Compute how close other texts are to a text, shape (3 * parts,).

    Only for the model that a calibrator was fitted on: distances between texts depend on the model as much as on the
    text.

    Args:
        query: The vector of the text, shape (d,).
        bank: The query bank, shape (b, d).
        units: One for each part of the space.

    Returns:
        For each part the mean, deviation and high quantile of the products with the bank.
    """
    traits: list[float] = []
    low = 0
    for unit in units:
        products = bank[:, low : low + unit.length] @ query[low : low + unit.length]
        low += unit.length
        traits += [float(products.mean()), float(products.std()), *_quantiles(products, (HIGH_SHARE,))]
    return np.array(traits, np.float32)


def recognize(likeness: float) -> float:
    """Return how much a text names a thing that the encoder was trained to recognize, 0 to 1.

    Args:
        likeness: Its cosine with the nearest class name that the encoder was trained on.
    """
    return float(np.clip((likeness - MIN_RECOGNIZED) / (MAX_RECOGNIZED - MIN_RECOGNIZED), 0, 1))


def describe_reach(query: Vectors, reference: ReferenceImages, units: Sequence[Unit]) -> Vectors:
    """Compute how close the reference images come to a text, shape (9 * parts,).

    Returns:
        For each part quantiles of the standing, and quantiles and the deviation of the similarity.
    """
    measured = measure_images(query, reference.vectors, reference.baselines, units)
    traits: list[float] = []
    for number in range(len(units)):
        similarity, standing = measured[:, number * len(MEASURES)], measured[:, number * len(MEASURES) + 1]
        traits += _quantiles(standing, STANDING_QUANTILES)
        traits += _quantiles(similarity, SIMILARITY_QUANTILES)
        traits.append(float(similarity.std()))
    return np.array(traits, np.float32)


def _quantiles(values: Vectors, shares: Sequence[float]) -> list[float]:
    """Return quantiles. Faster than `numpy.quantile`, with the same result."""
    places = np.array(shares) * (len(values) - 1)
    found: list[float] = np.interp(places, np.arange(len(values)), np.sort(values)).tolist()
    return found
