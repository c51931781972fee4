"""How likely each candidate of a vector lane is what a query asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from search.engine.encoding import Probe
from search.errors import UsageError
from search.ranking.calibration import (
    Background,
    Candidates,
    Curve,
    compute_features,
    compute_logits,
    measure_spread,
    mix_background,
    score_parts,
    split_logits,
    standardize,
)
from search.records import Flags, Sample, Vectors

# Fewer unrelated candidates than this say nothing of how evidence is spread.
FEW = 16
# The curves that judge a probe, each with its share and with what unrelated candidates score by it.
Measured = list[tuple[float, Curve, Background]]


@dataclass(frozen=True)
class Pool:
    """Candidates of a lane: vectors (n, d); baselines (n, k); which are speech (n,); how many the lane has of either.

    What was said is judged on a scale of its own, beside what else was said: it lies elsewhere than what is written.
    """

    vectors: Vectors
    baselines: Vectors
    spoken: Flags
    counts: tuple[int, int]

    @property
    def hubs(self) -> Vectors:
        """How near each is to the nearest of unrelated queries, (n,)."""
        return self.baselines[:, 3]

    def split(self) -> Iterator[tuple[bool, Flags, Candidates]]:
        """Give the candidates that one curve judges: whether they are speech, which they are (n,), and they."""
        for spoken in (False, True):
            here = self.spoken == spoken
            if here.all() and len(here):
                yield spoken, here, Candidates(self.vectors, self.hubs, self.counts[spoken])
            elif here.any():
                yield spoken, here, Candidates(self.vectors[here], self.hubs[here], self.counts[spoken])


def judge_all(probes: Sequence[Probe], pool: Pool, sample: Sample) -> Vectors:
    """Give the log-odds that each candidate is what the parts of a query together ask for, shape (n,).

    Parts that are wanted are judged together. One that pushes away multiplies the odds by the probability of not being
    like it, to the power of its weight: not to be like one thing makes nothing more like another.
    """
    wanted = [probe for probe in probes if probe.weight > 0]
    total = sum(probe.weight for probe in wanted)
    logits = np.zeros(len(pool.vectors), np.float32)
    if wanted and wanted[0].scorer is not None:
        logits = _score_together(wanted, pool, sample)
    else:
        for spoken, here, candidates in pool.split():
            logits[here] = _judge_together(wanted, candidates, sample.select(spoken), spoken)
    for probe in probes:
        if probe.weight <= 0:
            logits += probe.weight / total * np.logaddexp(np.float32(0), judge(probe, pool, sample))
    return logits


def judge(probe: Probe, pool: Pool, sample: Sample) -> Vectors:
    """Give the log-odds that each candidate is what a probe asks for, shape (n,)."""
    if probe.scorer is not None:
        return probe.scorer.score(pool.vectors, pool.baselines)
    logits = np.zeros(len(pool.vectors), np.float32)
    for spoken, here, candidates in pool.split():
        logits[here] = sum(_weigh(probe, candidates, _measure(probe, sample.select(spoken), spoken)))
    return logits


@dataclass(frozen=True)
class Balance:
    """How the evidence of parts is joined. spreads: of each among unrelated candidates; joint: of their mean.

    Each part's evidence counts in units of its own spread, so that a picture is not drowned by the words beside it; and
    their mean in units of its own: to be somewhat like each of them is rarer than to be so like one.
    """

    shares: tuple[float, ...]
    spreads: tuple[float, ...]
    joint: float

    @property
    def factors(self) -> tuple[float, ...]:
        """By what the evidence of each part is multiplied before all are added."""
        whole = sum(share * spread for share, spread in zip(self.shares, self.spreads, strict=True)) / self.joint
        return tuple(whole * share / spread for share, spread in zip(self.shares, self.spreads, strict=True))


def measure_balance(probes: Sequence[Probe], measured: Sequence[Measured], rows: Vectors) -> Balance:
    """Give how the parts of a query are joined, by a sample (m, d) of the library."""
    unrelated = Candidates(rows, np.zeros(len(rows), np.float32), len(rows))
    evidence = [_weigh(probe, unrelated, one)[0] for probe, one in zip(probes, measured, strict=True)]
    return balance_evidence([probe.weight for probe in probes], evidence)


def balance_evidence(weights: Sequence[float], evidence: Sequence[Vectors]) -> Balance:
    """Return how the parts of a query are joined.

    Args:
        weights: Of the parts.
        evidence: What each part adds to the log-odds of some unrelated segments, each of shape (m,).
    """
    total = sum(weights)
    shares = tuple(weight / total for weight in weights)
    alone = float(np.linalg.norm(shares))  # the spread of a mean of parts that have nothing to do with each other
    if len(weights) == 1 or len(evidence[0]) < FEW:
        return Balance(shares, (1.0,) * len(weights), alone)
    spreads = tuple(max(spread, 1e-6) for spread in measure_spread(evidence).deviations)
    mean = np.sum([share * one / spread for share, one, spread in zip(shares, evidence, spreads, strict=True)], axis=0)
    return Balance(shares, spreads, float(np.clip(measure_spread([mean]).deviations[0], alone, 1.0)))


def _score_together(probes: Sequence[Probe], pool: Pool, sample: Sample) -> Vectors:
    """Compute the log-odds that pictures show what several parts ask for together, shape (n,)."""
    scorers = [probe.scorer for probe in probes if probe.scorer is not None]
    evidence = [scorer.weigh(pool.vectors, pool.baselines) for scorer in scorers]
    known = [scorer.weigh(sample.vectors, sample.baselines) for scorer in scorers]
    balance = balance_evidence([probe.weight for probe in probes], known)
    logits = np.zeros(len(pool.vectors), np.float32)
    for scorer, one, share, factor in zip(scorers, evidence, balance.shares, balance.factors, strict=True):
        logits += np.float32(factor) * one + np.float32(share * scorer.bias)
    return logits


def _judge_together(probes: Sequence[Probe], candidates: Candidates, rows: Vectors, spoken: bool) -> Vectors:
    measured = [_measure(probe, rows, spoken) for probe in probes]
    balance = measure_balance(probes, measured, rows)
    logits = np.zeros(len(candidates.vectors), np.float32)
    for probe, one, share, factor in zip(probes, measured, balance.shares, balance.factors, strict=True):
        evidence, rest = _weigh(probe, candidates, one)
        logits += np.float32(factor) * evidence + np.float32(share) * rest
    return logits


def _measure(probe: Probe, rows: Vectors, spoken: bool) -> Measured:
    """Hold a probe against a sample (m, d) of one kind."""
    first = probe.scales[0][1].get(spoken)  # all curves of a probe have the same parts
    spread = measure_spread(score_parts(probe.vector, rows, first))
    curves = [(share, scale.get(spoken)) for share, scale in probe.scales]
    return [(share, curve, mix_background(spread, curve)) for share, curve in curves]


def _weigh(probe: Probe, candidates: Candidates, measured: Measured) -> tuple[Vectors, Vectors]:
    """Give the log-odds of candidates of one kind in two terms, both (n,): what the similarities add, and all else."""
    scores = score_parts(probe.vector, candidates.vectors, measured[0][1])
    evidence, rest = np.zeros((2, len(candidates.vectors)), np.float32)
    for share, curve, background in measured:
        terms = split_logits(standardize(scores, candidates, background, curve), curve)
        evidence += np.float32(share) * terms[0]
        rest += np.float32(share) * terms[1]
    return evidence, rest


def _explain_visual(probes: Sequence[Probe], pool: Pool, sample: Sample) -> dict[str, float]:
    terms: dict[str, float] = {}
    scorers = [(number, probe) for number, probe in enumerate(probes) if probe.scorer is not None]
    wanted = [probe for _, probe in scorers if probe.weight > 0]
    known = [probe.scorer.weigh(sample.vectors, sample.baselines) for probe in wanted if probe.scorer is not None]
    factors = iter(balance_evidence([probe.weight for probe in wanted], known).factors)
    for number, probe in scorers:
        if len(wanted) > 1 and probe.weight > 0:
            terms[f"query{number}.evidence factor"] = next(factors)
        assert probe.scorer is not None
        described = probe.scorer.explain(pool.vectors[0], pool.baselines[0])
        terms |= {f"query{number}.{name}": value for name, value in described.items()}
        terms[f"query{number}.log-odds"] = sum(described.values())
    return terms


def explain(probes: Sequence[Probe], pool: Pool, sample: Sample) -> dict[str, float]:
    """Give every term of the log-odds of a single candidate by name."""
    ((spoken, _, candidates),) = pool.split()
    if probes[0].scorer is not None:
        return _explain_visual(probes, pool, sample)
    rows = sample.select(spoken)
    measured = [_measure(probe, rows, spoken) for probe in probes]
    terms = {}
    wanted = [number for number, probe in enumerate(probes) if probe.weight > 0]
    if len(wanted) > 1:
        balance = measure_balance([probes[at] for at in wanted], [measured[at] for at in wanted], rows)
        terms = {f"part{at}.evidence factor": factor for at, factor in zip(wanted, balance.factors, strict=True)}
    for number, (probe, one) in enumerate(zip(probes, measured, strict=True)):
        for place, (share, curve, background) in enumerate(one):
            features = compute_features(probe.vector, candidates, background, curve)
            name = f"part{number}.curve{place}."
            terms[name + "share"] = share * probe.weight
            terms[name + "bias"] = curve.bias
            for index, part in enumerate(curve.parts):
                terms[f"{name}z{index}"] = float(features[0, index])
                terms[f"{name}weight{index}"] = part.weight
                terms[f"{name}median{index}"] = background.medians[index]
                terms[f"{name}deviation{index}"] = background.deviations[index]
            terms[name + "hub"] = float(candidates.hubs[0]) * curve.hub
            terms[name + "size"] = float(features[0, -1]) * curve.size
            terms[name + "logit"] = float(compute_logits(features, curve)[0])
    return terms


def combine_probes(probes: Sequence[Probe], sample: Sample) -> Vectors:
    """Join the parts of a query into the one vector that is searched by, shape (d,), unit length.

    A picture is nearer to all pictures than a text is to any; dividing each part by the spread of its own
    background keeps it from drowning the other. Raises UsageError when the parts cancel out.
    """
    if len(probes) == 1:
        return probes[0].vector
    total = np.zeros_like(probes[0].vector)
    for probe in probes:
        spread = float((sample.vectors @ probe.vector).std()) if len(sample.vectors) > 1 else 1.0
        total += probe.weight * probe.vector / max(spread, 1e-6)
    length = float(np.linalg.norm(total))
    if length < 1e-6:
        raise UsageError("the parts of the query cancel each other out")
    return (total / length).astype(np.float32)
