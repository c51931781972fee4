"""Traits of a text that visual calibrators take as inputs. They do not depend on the images of the library."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.records import BANK_QUANTILE, Vectors
from search.scoring.visual import MEASURES, Unit, measure_images

# Longer texts count as this long.
MAX_COUNTED_WORDS = 16
# The quantiles of two measures over the reference images that are traits of a text.
STANDING_QUANTILES = (0.5, 0.8, 0.9, 0.95, 0.98)
SIMILARITY_QUANTILES = (0.5, 0.9, 0.98)
# A text with at most the first cosine with a class name does not name that class, with at least the second it does.
MIN_CLASS_MATCH, MAX_CLASS_MATCH = 0.65, 0.75


@dataclass(frozen=True)
class ReferenceImages:
    """Fixed images that do not depend on the library.

    Attributes:
        vectors: Their vectors, shape (r, d).
        baselines: The scores of the query bank for each image, shape (r, 4 * parts).
    """

    vectors: Vectors
    baselines: Vectors


def describe_text(kinds: Vectors, words: int) -> Vectors:
    """Compute the traits of a text that do not depend on the image encoder, shape (3,).

    Args:
        kinds: The probabilities that the text names a thing, describes a scene, or does neither, shape (3,).
        words: The number of words.

    Returns:
        How much the text is a name rather than a description, the probability that it is neither, and its length, from
        0 for one word to 1 for at least 16 words.
    """
    name, scene, other = map(float, kinds)
    length = np.log2(min(max(words, 1), MAX_COUNTED_WORDS)) / np.log2(MAX_COUNTED_WORDS)
    return np.array([name / max(name + scene, 1e-6), other, length], np.float32)


def measure_bank_closeness(query: Vectors, bank: Vectors, units: Sequence[Unit]) -> Vectors:
    """Compute how close the texts of the query bank are to a text, shape (3 * parts,).

    These traits depend on the model as much as on the text, so they are only for the model that a calibrator was fitted
    with.

    Args:
        query: The vector of the text, shape (d,).
        bank: The query bank, shape (b, d).
        units: One for each part of the space.

    Returns:
        For each part the mean, standard deviation and 0.98 quantile of the products with the bank.
    """
    traits: list[float] = []
    start = 0
    for unit in units:
        products = bank[:, start : start + unit.length] @ query[start : start + unit.length]
        start += unit.length
        traits += [float(products.mean()), float(products.std()), *_quantiles(products, (BANK_QUANTILE,))]
    return np.array(traits, np.float32)


def measure_class_match(likeness: float) -> float:
    """Return how much a text names a thing that the encoder was trained to measure_class_match, 0 to 1.

    Args:
        likeness: Its cosine with the nearest class name that the encoder was trained on.
    """
    return float(np.clip((likeness - MIN_CLASS_MATCH) / (MAX_CLASS_MATCH - MIN_CLASS_MATCH), 0, 1))


def measure_reference_closeness(query: Vectors, reference: ReferenceImages, units: Sequence[Unit]) -> Vectors:
    """Compute how close the reference images are to a text, shape (9 * parts,).

    Args:
        query: The vector of the text, shape (d,).
        reference: The reference images of the model.
        units: One for each part of the space.

    Returns:
        For each part quantiles of the standing, then quantiles and the standard deviation of the similarity. See
        `measure_images`.
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
    """Compute quantiles by linear interpolation. Faster than `numpy.quantile`, with the same result."""
    places = np.array(shares) * (len(values) - 1)
    found: list[float] = np.interp(places, np.arange(len(values)), np.sort(values)).tolist()
    return found
