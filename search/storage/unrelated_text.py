"""The similarities of unrelated vectors of a space, the unit in which a model's similarities are measured."""

from dataclasses import dataclass

import numpy as np

from search.records import Sample, Vectors

# At most this many queries of the bank, and this many vectors of the sample, are compared with the sample.
MAX_COMPARED = 256
# Mean and standard deviation for a space with fewer than two vectors.
DEFAULT_STATISTICS = (0.0, 0.1)
# Similarities are divided by the standard deviation, so it must not be zero.
MIN_DEVIATION = 1e-3


@dataclass(frozen=True)
class UnrelatedStatistics:
    """Statistics of the inner products of unrelated vectors, each a mean and a standard deviation.

    Attributes:
        text: The products of the query bank with the vectors of the space.
        image: The products of the vectors of the space with each other.
    """

    text: tuple[float, float]
    image: tuple[float, float]


def measure_unrelated(sample: Sample, bank: Vectors) -> UnrelatedStatistics:
    """Compute the statistics of unrelated vectors.

    Args:
        sample: Random vectors of the space.
        bank: The vectors of the query bank, shape (b, d).
    """
    vectors = sample.vectors
    if len(sample) < 2:
        return UnrelatedStatistics(DEFAULT_STATISTICS, DEFAULT_STATISTICS)
    pairwise = vectors[:MAX_COMPARED] @ vectors.T
    # The product of a vector with itself does not count.
    np.fill_diagonal(pairwise, np.nan)
    return UnrelatedStatistics(
        _compute_mean_and_deviation(bank[:: max(1, len(bank) // MAX_COMPARED)] @ vectors.T),
        _compute_mean_and_deviation(pairwise),
    )


def _compute_mean_and_deviation(products: Vectors) -> tuple[float, float]:
    return float(np.nanmean(products)), max(float(np.nanstd(products)), MIN_DEVIATION)
