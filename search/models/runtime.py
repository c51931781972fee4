"""What runs a model, and where: chosen once by measuring."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from search.records import Ids, Vectors

# A faster way is taken when its vectors are as near to the exact ones as this, the worst of them (cosine).
NEAR_ENOUGH = 0.99
ROUNDS = 3
# A way that takes so many times as long as the fastest right one so far is not run again: bfloat16 on a processor that
# does not know it takes minutes.
HOPELESS = 3.0


@dataclass(frozen=True)
class Machine:
    """What models may use.

    threads: of the CPU; device: `auto`, `cpu`, `cuda` or `cuda:1`; idle: seconds until they are let go of, 0 for never.
    """

    threads: int = 1
    device: str = "auto"
    idle: float = 0.0


@dataclass(frozen=True)
class Trial:
    """A way to run a model. name: as cards have it; run: gives the vectors of a sample, shape (n, d)."""

    name: str
    run: Callable[[], Vectors]


@dataclass(frozen=True)
class Findings:
    """Which way is the fastest that is right. rates: pictures or texts a second by way; nearness: the worst cosine."""

    best: str
    rates: dict[str, float] = field(default_factory=dict)
    nearness: dict[str, float] = field(default_factory=dict)


def measure_trials(trials: list[Trial], count: int) -> Findings:
    """Run each way over a sample of `count`; the first is the one that the others are held against.

    A way in which a model cannot run at all (not every layer exists in every precision) has a rate of 0.
    """
    rates, nearness = {}, {}
    exact = trials[0].run()
    fastest = float("inf")
    for trial in trials:
        try:
            first, rows = (0.0, exact) if trial is trials[0] else _time_run(trial)
        except RuntimeError:
            rates[trial.name], nearness[trial.name] = 0.0, -1.0
            continue
        nearness[trial.name] = float((rows * exact).sum(axis=1).min())
        # The first run of each warms it up, and counts only where it tells enough.
        rounds = 0 if first > HOPELESS * fastest else ROUNDS
        seconds = [_time_run(trial)[0] for _ in range(rounds)] or [first]
        rates[trial.name] = round(count / statistics.median(seconds), 2)
        if nearness[trial.name] >= NEAR_ENOUGH:
            fastest = min(fastest, statistics.median(seconds))
    right = [name for name in rates if nearness[name] >= NEAR_ENOUGH]
    return Findings(max(right, key=rates.__getitem__), rates, nearness)


def _time_run(trial: Trial) -> tuple[float, Vectors]:
    began = time.perf_counter()
    rows = trial.run()
    return time.perf_counter() - began, rows


def measure_agreement(exact: Vectors, other: Vectors, depth: int = 10) -> float:
    """Give which share of each vector's nearest `depth` neighbours is the same by both, 0 to 1: agreement@depth."""
    shared = []
    depth = min(depth, len(exact) - 1)
    for rows in zip(_rank(exact, depth), _rank(other, depth), strict=True):
        shared.append(len(np.intersect1d(*rows)) / depth)
    return float(np.mean(shared))


def _rank(rows: Vectors, depth: int) -> Ids:
    scores = rows @ rows.T
    np.fill_diagonal(scores, -np.inf)
    order: Ids = np.argsort(-scores, axis=1)[:, :depth]
    return order
