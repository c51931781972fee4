"""Choose the fastest runtime of a model by measurement."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from search.records import Ids, Vectors

# A faster runtime may only be used if the cosine of each of its vectors with the exact vector is at least this.
MIN_COSINE = 0.99
# The rate is the median of this many runs.
ROUNDS = 3
# Each runtime first encodes this many samples. A runtime that is slower than the fastest correct one by more than the
# factor MAX_SLOWDOWN is not measured further: bfloat16 on a processor without support for it would take minutes.
QUICK_SAMPLES = 8
MAX_SLOWDOWN = 3.0
# An array of images, or a list of texts.
TrialInput = Any
# Returns vectors of shape (n, d) for n images or texts.
Encode = Callable[[TrialInput], Vectors]


@dataclass(frozen=True)
class Machine:
    """The resources for models.

    Attributes:
        threads: The number of CPU threads.
        device: `auto`, `cpu`, `cuda` or `cuda:1`.
        idle: The seconds until an idle model is unloaded; 0 for never.
    """

    threads: int = 1
    device: str = "auto"
    idle: float = 0.0


@dataclass(frozen=True)
class Trial:
    """A runtime to measure.

    Attributes:
        name: The name of the runtime in manifests, such as `torch-bf16`.
        encode: Runs the model.
    """

    name: str
    encode: Encode


@dataclass(frozen=True)
class TrialResults:
    """The measured runtimes of a model.

    Attributes:
        best: The name of the fastest correct runtime.
        rates: Images or texts per second by runtime.
        nearness: The lowest cosine with the exact vectors, by runtime.
    """

    best: str
    rates: dict[str, float] = field(default_factory=dict)
    nearness: dict[str, float] = field(default_factory=dict)


def measure_trials(trials: list[Trial], sample: TrialInput) -> TrialResults:
    """Run each runtime on a sample and compare its vectors with those of the first one.

    A runtime that fails (some layers do not exist in every precision) has a rate of 0. The rate of a runtime that is
    far too slow is an estimate from a few samples.

    Args:
        trials: The runtimes. The first one is exact and must work.
        sample: Images or texts.
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
    return TrialResults(best.name, {name: round(rate, 2) for name, rate in rates.items()}, nearness)


def measure_rate(encode: Encode, sample: TrialInput) -> tuple[float, Vectors]:
    """Return the samples per second and the vectors, shape (n, d). The runtime must be warmed up."""
    from statistics import median

    rounds = [_time_run(encode, sample) for _ in range(ROUNDS)]
    return len(sample) / median(seconds for seconds, _ in rounds), rounds[0][1]


def _run_quickly(trial: Trial, sample: TrialInput) -> tuple[float, Vectors]:
    """Return the seconds for a few samples after a warm-up, and their vectors."""
    trial.encode(sample[:QUICK_SAMPLES])
    return _time_run(trial.encode, sample[:QUICK_SAMPLES])


def _time_run(encode: Encode, sample: TrialInput) -> tuple[float, Vectors]:
    start = time.perf_counter()
    rows = encode(sample)
    return time.perf_counter() - start, rows


def measure_agreement(exact: Vectors, other: Vectors, depth: int = 10) -> float:
    """Return agreement@depth: the mean share of common nearest neighbors, 0 to 1.

    Args:
        exact: The exact vectors, shape (n, d).
        other: The vectors of another runtime, shape (n, d).
        depth: The number of nearest neighbors.
    """
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
