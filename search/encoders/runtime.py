"""What runs a model, and where: chosen once by measuring."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from search.records import Ids, Vectors

# A faster way is taken when its vectors are as near to the exact ones as this, the worst of them (cosine).
MIN_COSINE = 0.99
ROUNDS = 3
# Each way is first run over so many of the sample. One that takes so many times as long for them as the fastest right
# one is not run over the others: bfloat16 on a processor that does not know it would take minutes.
QUICK_SAMPLES = 8
MAX_SLOWDOWN = 3.0
# What is run: gives vectors, shape (n, d), of n of a sample, which are images or texts.
TrialInput = Any
Encode = Callable[[TrialInput], Vectors]


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
    """A way to run a model. name: as manifests have it."""

    name: str
    encode: Encode


@dataclass(frozen=True)
class Findings:
    """Which way is the fastest that is right. rates: images or texts a second by way; nearness: the worst cosine."""

    best: str
    rates: dict[str, float] = field(default_factory=dict)
    nearness: dict[str, float] = field(default_factory=dict)


def measure_trials(trials: list[Trial], sample: TrialInput) -> Findings:
    """Run each way over a sample; the first, which must run, is the one that the others are held against.

    A way in which a model cannot run at all (not every layer exists in every precision) has a rate of 0; the rate of
    one that is far too slow is that of a glance.
    """
    best, *others = trials
    quick_times = {best.name: _run_quickly(best, sample)[0]}
    rate, exact = measure_rate(best.encode, sample)
    rates, nearness = {best.name: rate}, {best.name: 1.0}
    for trial in others:
        try:
            quick_times[trial.name], rows = _run_quickly(trial, sample)
            share = quick_times[best.name] / quick_times[trial.name]
            rates[trial.name] = rates[best.name] * share
            if share * MAX_SLOWDOWN >= 1:
                rates[trial.name], rows = measure_rate(trial.encode, sample)
        except RuntimeError:
            rates[trial.name], nearness[trial.name] = 0.0, -1.0
            continue
        nearness[trial.name] = float((rows * exact[: len(rows)]).sum(axis=1).min())
        if nearness[trial.name] >= MIN_COSINE and rates[trial.name] > rates[best.name]:
            best = trial
    return Findings(best.name, {name: round(rate, 2) for name, rate in rates.items()}, nearness)


def measure_rate(encode: Encode, sample: TrialInput) -> tuple[float, Vectors]:
    """Return how many of a sample a second are embedded, and their vectors. What runs them is to be warm."""
    rounds = [_time_run(encode, sample) for _ in range(ROUNDS)]
    return len(sample) / statistics.median(seconds for seconds, _ in rounds), rounds[0][1]


def _run_quickly(trial: Trial, sample: TrialInput) -> tuple[float, Vectors]:
    """Return the seconds that a few take, after they have warmed it up, and their vectors."""
    trial.encode(sample[:QUICK_SAMPLES])
    return _time_run(trial.encode, sample[:QUICK_SAMPLES])


def _time_run(encode: Encode, sample: TrialInput) -> tuple[float, Vectors]:
    began = time.perf_counter()
    rows = encode(sample)
    return time.perf_counter() - began, rows


def measure_agreement(exact: Vectors, other: Vectors, depth: int = 10) -> float:
    """Return which share of each vector's nearest `depth` neighbors is the same by both, 0 to 1: agreement@depth."""
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
