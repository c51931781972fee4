"""What is usual in a space: how unrelated queries and unrelated pictures lie to what it holds."""

from dataclasses import dataclass

import numpy as np

from search.records import Sample, Vectors

MAD_TO_DEVIATION = 1.4826
# As many of the bank's queries, and of the sample's vectors, say enough.
MOST = 256
# Of fewer than so many nothing is said apart.
FEW = 16


@dataclass(frozen=True)
class Usual:
    """Medians over many queries of the robust centre and spread of their products with what the space holds.

    text: of unrelated texts with what is seen or read, spoken: with what was said; own: of its own vectors, which is
    what a query by example gives. hub: centre and spread of hubness.
    """

    text: tuple[float, float]
    spoken: tuple[float, float]
    own: tuple[float, float]
    hub: tuple[float, float]


def measure_usual(sample: Sample, bank: Vectors) -> Usual:
    """Measure it on a random sample of the space by unrelated queries, shape (b, d)."""
    vectors = sample.vectors
    if len(sample) < 2:
        return Usual((0.0, 0.1), (0.0, 0.1), (0.0, 0.1), (0.0, 0.1))
    products = bank @ vectors.T
    asked = products[:: max(1, len(bank) // MOST)]
    own = vectors[:MOST] @ vectors.T
    # A vector says nothing about others by lying at its own place.
    np.fill_diagonal(own, np.nan)
    plain, spoken = (
        _describe(asked[:, chosen] if chosen.sum() >= FEW else asked) for chosen in (~sample.spoken, sample.spoken)
    )
    return Usual(plain, spoken, _describe(own), _measure(products.max(axis=0)))


def _describe(rows: Vectors) -> tuple[float, float]:
    medians = np.nanmedian(rows, axis=1, keepdims=True)
    deviations = np.nanmedian(np.abs(rows - medians), axis=1) * MAD_TO_DEVIATION
    return float(np.median(medians)), float(max(np.median(deviations), 1e-3))


def _measure(values: Vectors) -> tuple[float, float]:
    median = float(np.median(values))
    return median, float(max(np.median(np.abs(values - median)) * MAD_TO_DEVIATION, 1e-3))
