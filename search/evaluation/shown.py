"""Quality of the set of shown results: above the relevance cut, and above other cuts of the same scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from search.evaluation.metrics import (
    Floats,
    Grading,
    SetQuality,
    compute_best_f1,
    compute_calibration_error,
    compute_graded_average_precision,
    compute_set_quality,
)

PRECISION_DEPTH = 20
# The scores that a sweep uses as cuts, dense near 0 and 1, where most results are.
CUTS = (
    *(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45),
    *(0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999),
)


@dataclass(frozen=True)
class Scored(Grading):
    """The graded results of one query.

    Attributes:
        scores: The score of each result, shape (n,), 0 to 1.
    """

    scores: Floats

    def pair_first(self, count: int) -> list[tuple[float, bool]]:
        """Return the score of each of the first `count` results, and whether the result is relevant."""
        return list(zip(self.scores[:count].tolist(), self.right[:count].tolist(), strict=True))

    def cut(self, min_score: float) -> "Scored":
        """Return the same ranking with another cut: results with at least `min_score` are shown."""
        return Scored(self.right, self.strong, self.scores >= min_score, self.total, self.scores)


@dataclass(frozen=True)
class ShownFigures:
    """Means over the queries of one kind.

    Attributes:
        queries: The number of queries.
        precision: Precision of what is shown; 0 for a query that shows nothing.
        recall: Recall of what is shown.
        f1: F1 of what is shown.
        best_f1: F1 of the best cut of each query.
        average_precision: Average precision of the ranking.
        precision_20: Precision of the first 20 results.
        nothing: The share of queries answered with "nothing relevant".
        calibration_error: Expected calibration error over all results that were read.
        calibration_error_shown: The same over results above the cut.
        results: The mean number of shown results; only results that count.
        precision_if_shown: Precision over the queries that show something.
    """

    queries: int
    precision: float
    recall: float
    f1: float
    best_f1: float
    average_precision: float
    precision_20: float
    nothing: float
    calibration_error: float
    calibration_error_shown: float
    results: float
    precision_if_shown: float


@dataclass(frozen=True)
class CutPoint:
    """What another cut would show.

    Attributes:
        cut: The lowest score that is shown.
        recall: Mean recall.
        precision: Mean precision over the queries that show something.
        false: The mean number of wrong results per query.
        silent: The share of queries that show nothing.
    """

    cut: float
    recall: float
    precision: float
    false: float
    silent: float


def measure_shown(rankings: Sequence[Scored], nothing: Sequence[bool]) -> ShownFigures:
    """Compute the figures of one kind of query.

    Args:
        rankings: One per query, with at least one strongly relevant item each.
        nothing: Whether each query was answered with "nothing relevant".

    Returns:
        The means over the queries; the calibration errors are computed over the results of all queries together.
    """
    sets = [compute_set_quality(ranking) for ranking in rankings]
    scores, right, shown = (
        np.concatenate([getattr(ranking, name) for ranking in rankings]) for name in ("scores", "right", "shown")
    )
    return ShownFigures(
        queries=len(rankings),
        precision=float(np.mean([quality.precision for quality in sets])),
        recall=float(np.mean([quality.recall for quality in sets])),
        f1=float(np.mean([quality.f1 for quality in sets])),
        best_f1=_average(compute_best_f1, rankings),
        average_precision=_average(compute_graded_average_precision, rankings),
        precision_20=_average(lambda ranking: float(ranking.right[:PRECISION_DEPTH].sum()) / PRECISION_DEPTH, rankings),
        nothing=float(np.mean(nothing)),
        calibration_error=compute_calibration_error(scores, right),
        calibration_error_shown=compute_calibration_error(scores[shown], right[shown]),
        results=float(shown.sum()) / len(rankings),
        precision_if_shown=_average_shown(rankings, sets),
    )


def sweep_cut(rankings: Sequence[Scored], cuts: Sequence[float] = CUTS) -> list[CutPoint]:
    """Compute what other cuts of the same scores would show, from the lowest cut to the highest."""
    points = []
    for score in cuts:
        cut_rankings = [ranking.cut(score) for ranking in rankings]
        sets = [compute_set_quality(ranking) for ranking in cut_rankings]
        silent = sum(not ranking.shown.any() for ranking in cut_rankings)
        points.append(
            CutPoint(
                cut=score,
                recall=float(np.mean([quality.recall for quality in sets])),
                precision=_average_shown(cut_rankings, sets),
                false=float(np.mean([(ranking.shown & ~ranking.right).sum() for ranking in cut_rankings])),
                silent=silent / len(cut_rankings),
            )
        )
    return points


def _average_shown(rankings: Sequence[Scored], sets: Sequence[SetQuality]) -> float:
    """Return the mean precision over the queries that show something, 1 if none does."""
    values = [quality.precision for quality, ranking in zip(sets, rankings, strict=True) if ranking.shown.any()]
    return float(np.mean(values)) if values else 1.0


def _average(measure: Callable[[Scored], float], rankings: Sequence[Scored]) -> float:
    return float(np.mean([measure(ranking) for ranking in rankings]))
