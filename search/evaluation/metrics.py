"""Measures of rankings. Pure functions; a ranking is a list of grades, best result first, 0 if not relevant."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
BOOTSTRAP_ROUNDS = 1000


@dataclass(frozen=True)
class Grading:
    """A ranking with relevance labels, best result first.

    Attributes:
        right: Whether each result is at least weakly relevant, shape (n,).
        strong: Whether each result is strongly relevant, shape (n,).
        shown: Whether each result is above the relevance cut, shape (n,).
        total: The number of strongly relevant items, retrieved or not.
    """

    right: Flags
    strong: Flags
    shown: Flags
    total: int


@dataclass(frozen=True)
class SetQuality:
    """Precision, recall and their harmonic mean for a set of results."""

    precision: float
    recall: float
    f1: float


def compute_recall(grades: Sequence[float], relevant: int, k: int) -> float:
    """Return the share of the relevant items that is among the first k results.

    Args:
        grades: The grades of the ranking.
        relevant: The number of relevant items, retrieved or not; above 0.
        k: The number of results that count.
    """
    return sum(grade > 0 for grade in grades[:k]) / relevant


def compute_precision(grades: Sequence[float], k: int) -> float:
    """Return the share of the first k results that is relevant; missing results count as not relevant."""
    return sum(grade > 0 for grade in grades[:k]) / k


def compute_reciprocal_rank(grades: Sequence[float]) -> float:
    """Return one divided by the rank of the first relevant result, 0 if there is none."""
    return next((1 / rank for rank, grade in enumerate(grades, 1) if grade > 0), 0.0)


def compute_average_precision(grades: Sequence[float], relevant: int) -> float:
    """Return the mean of the precision at the rank of each relevant item; items not retrieved count 0."""
    right = 0
    total = 0.0
    for rank, grade in enumerate(grades, 1):
        if grade > 0:
            right += 1
            total += right / rank
    return total / relevant


def compute_ndcg(grades: Sequence[float], ideal: Sequence[float], k: int) -> float:
    """Return the normalized discounted cumulative gain of the first k (Järvelin and Kekäläinen, TOIS 2002).

    Args:
        grades: The grades of the ranking.
        ideal: The grades of everything relevant, in any order.
        k: The number of results that count.
    """
    best = _compute_dcg(sorted(ideal, reverse=True)[:k])
    return _compute_dcg(grades[:k]) / best if best else 0.0


def compute_auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return the area under the ROC curve: the probability that a positive has a higher score than a negative.

    Ties count half. Hanley and McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC)
    curve", Radiology, 1982.

    Args:
        positive: The scores of the positives.
        negative: The scores of the negatives.

    Returns:
        0 to 1; NaN if one of the two is empty.
    """
    positives, negatives = np.asarray(positive, np.float64), np.asarray(negative, np.float64)
    if not len(positives) or not len(negatives):
        return float("nan")
    above = (positives[:, None] > negatives[None]).mean() + 0.5 * (positives[:, None] == negatives[None]).mean()
    return float(above)


def compute_calibration_error(scores: Sequence[float] | Floats, right: Sequence[bool] | Flags, bins: int = 10) -> float:
    """Return the expected calibration error: the mean distance of scores from the share that is right, by bin.

    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.

    Args:
        scores: Probabilities, 0 to 1, shape (n,).
        right: Whether each result is relevant, shape (n,).
        bins: The number of bins of equal width.

    Returns:
        0 to 1; NaN if there are no scores.
    """
    values, labels = np.asarray(scores, np.float64), np.asarray(right, np.float64)
    if not len(values):
        return float("nan")
    bin_of_score = np.minimum((values * bins).astype(int), bins - 1)
    error = 0.0
    for index in range(bins):
        in_bin = bin_of_score == index
        if in_bin.any():
            error += in_bin.mean() * abs(values[in_bin].mean() - labels[in_bin].mean())
    return float(error)


def compute_f1(precision: float, recall: float) -> float:
    """Return the harmonic mean of precision and recall, 0 when both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def compute_set_quality(grading: Grading) -> SetQuality:
    """Compute precision, recall and F1 of what is shown.

    Recall counts strongly relevant items, precision counts relevant items of any grade: weakly relevant items are
    never wrong and never missing. If nothing is shown, all three are 0.
    """
    shown = int(grading.shown.sum())
    precision = float((grading.right & grading.shown).sum()) / shown if shown else 0.0
    recall = float((grading.strong & grading.shown).sum()) / grading.total
    return SetQuality(precision, recall, compute_f1(precision, recall))


def compute_best_f1(grading: Grading) -> float:
    """Compute the highest F1 that any cut of the ranking reaches.

    Calibration is responsible for the distance between the F1 of what is shown and this value; the ranking is
    responsible for the distance between this value and 1.
    """
    if not len(grading.right):
        return 0.0
    precision = np.cumsum(grading.right) / np.arange(1, len(grading.right) + 1)
    recall = np.cumsum(grading.strong) / grading.total
    total = precision + recall
    return float(np.max(np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)))


def compute_graded_average_precision(grading: Grading) -> float:
    """Compute the mean over strongly relevant items of the precision at their ranks.

    Precision counts relevant items of any grade. Items that are not retrieved count 0. With a single grade
    this is ordinary average precision.
    """
    precision = np.cumsum(grading.right) / np.arange(1, len(grading.right) + 1)
    return float(precision[grading.strong].sum()) / grading.total


def bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the mean by the percentile bootstrap, with a fixed seed.

    Efron and Tibshirani, "An introduction to the bootstrap", 1993.

    Args:
        values: One value per query; queries are resampled with replacement.

    Returns:
        The lower and the upper end; NaN if there are no values.
    """
    array = np.asarray(values, np.float64)
    if not len(array):
        return float("nan"), float("nan")
    rng = np.random.default_rng(0)
    estimates = array[rng.integers(len(array), size=(BOOTSTRAP_ROUNDS, len(array)))].mean(axis=1)
    low, high = np.percentile(estimates, [2.5, 97.5])
    return float(low), float(high)


def _compute_dcg(grades: Sequence[float]) -> float:
    return float(sum((2.0**grade - 1) / np.log2(rank + 1) for rank, grade in enumerate(grades, 1)))
