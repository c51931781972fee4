"""How unrelated queries and vectors of a space compare: the unit in which a model's similarities are counted."""

from dataclasses import dataclass

import numpy as np

from search.records import Sample, Vectors

# So many of the bank's queries, and of the sample's vectors, are enough.
MAX_COMPARED = 256


@dataclass(frozen=True)
class Unrelated:
    """Mean and standard deviation of products between things that have nothing to do with each other.

    Attributes:
        text: Of the texts of the query bank with what the space holds.
        own: Of what the space holds with one another.
    """

    text: tuple[float, float]
    own: tuple[float, float]


def measure_unrelated(sample: Sample, bank: Vectors) -> Unrelated:
    """Measure a random sample of a space with the texts of a query bank, shape (b, d)."""
    vectors = sample.vectors
    if len(sample) < 2:
        return Unrelated((0.0, 0.1), (0.0, 0.1))
    own = vectors[:MAX_COMPARED] @ vectors.T
    # A vector says nothing of others by its similarity to itself.
    np.fill_diagonal(own, np.nan)
    return Unrelated(_describe(bank[:: max(1, len(bank) // MAX_COMPARED)] @ vectors.T), _describe(own))


def _describe(products: Vectors) -> tuple[float, float]:
    return float(np.nanmean(products)), max(float(np.nanstd(products)), 1e-3)
