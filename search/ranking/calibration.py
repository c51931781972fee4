"""Raw similarity to probability of relevance, against the query's own background.

A cosine of 0.3 means much for a picture and nothing for a passage. What it means for this query is told by
the similarities of a random sample of the library: the score is expressed in robust standard deviations
above that sample's median, then passed through a logistic curve. Its constants start from labelled
queries (`benchmarks/calibration.py`); the middles were then set lower by hand, so as to hide little that is right.
"""

from dataclasses import dataclass

import numpy as np

from search.records import Lane, Vectors

# The probability below which a hit counts as not relevant.
RELEVANCE_CUT = 0.5
MAD_TO_DEVIATION = 1.4826


@dataclass(frozen=True)
class Curve:
    """Constants of a lane and kind of query. median, deviation: of unrelated pairs, as a prior.

    slope, middle: of the logistic curve over standard deviations above the background; prior: how many
    vectors of the library the prior weighs as much as. It is heavy for pictures: what is common in a library
    (dogs, in one of dogs) must not count as background.
    """

    median: float
    deviation: float
    slope: float
    middle: float
    prior: int


TEXT_CURVES = {
    Lane.PICTURE: Curve(median=0.06, deviation=0.08, slope=1.8, middle=2.4, prior=3000),
    Lane.MEANING: Curve(median=0.11, deviation=0.065, slope=2.5, middle=3.0, prior=100),
}
PICTURE_CURVE = Curve(median=0.10, deviation=0.09, slope=1.5, middle=3.8, prior=3000)


@dataclass(frozen=True)
class Background:
    """What unrelated segments score for one query."""

    median: float
    deviation: float


def measure_background(query: Vectors, sample: Vectors, curve: Curve) -> Background:
    """Give the robust centre and spread of a query's similarities to a sample of the library.

    query: shape (d,); sample: shape (m, d), m may be 0.
    """
    if not len(sample):
        return Background(curve.median, curve.deviation)
    scores = sample @ query
    median = float(np.median(scores))
    deviation = float(np.median(np.abs(scores - median))) * MAD_TO_DEVIATION
    share = len(sample) / (len(sample) + curve.prior)
    return Background(
        share * median + (1 - share) * curve.median,
        share * deviation + (1 - share) * curve.deviation,
    )


def calibrate(scores: Vectors, background: Background, curve: Curve) -> Vectors:
    """Give the probability of relevance of raw scores of any shape, each 0 to 1."""
    z = (np.asarray(scores, np.float32) - background.median) / max(background.deviation, 1e-6)
    result: Vectors = 1 / (1 + np.exp(-curve.slope * (z - curve.middle)))
    return result


def calibrate_words(shares: Vectors, lengths: Vectors) -> Vectors:
    """Give the probability that a segment holding a share of the query's word mass is relevant.

    shares: matched part of the sum of inverse document frequencies, 0 to 1; lengths: number of different
    query words matched, since one word shared by chance says less than three.
    """
    result: Vectors = (shares**3 * (1 - 0.4 ** np.maximum(lengths, 1)) ** 0.5).astype(np.float32)
    return result
