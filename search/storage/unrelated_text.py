"""The similarities of unrelated vectors of a space, the unit in which a model's similarities are measured."""

from dataclasses import dataclass

import numpy as np

from search.records import Sample, Vectors

# The number of queries of the bank, and of vectors of the sample, that are compared.
MAX_COMPARED = 256


@dataclass(frozen=True)
class Unrelated:
    """Mean and standard deviation of the inner products of unrelated vectors.

    Attributes:
        text: Of the texts of the query bank with the vectors of the space.
        own: Of the vectors of the space with each other.
    """

    text: tuple[float, float]
    own: tuple[float, float]


def measure_unrelated(sample: Sample, bank: Vectors) -> Unrelated:
    """Compute them from a random sample of a space and the texts of a query bank, shape (b, d)."""
    vectors = sample.vectors
    if len(sample) < 2:
        return Unrelated((0.0, 0.1), (0.0, 0.1))
    own = vectors[:MAX_COMPARED] @ vectors.T
    # The product of a vector with itself does not count.
    np.fill_diagonal(own, np.nan)
    return Unrelated(_describe(bank[:: max(1, len(bank) // MAX_COMPARED)] @ vectors.T), _describe(own))


def _describe(products: Vectors) -> tuple[float, float]:
    return float(np.nanmean(products)), max(float(np.nanstd(products)), 1e-3)
