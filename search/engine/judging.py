"""How likely each candidate of a vector lane is what a query asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from search.engine.encoding import Probe
from search.errors import UsageError
from search.ranking.calibration import (
    Candidates,
    compute_logits,
    measure_background,
    measure_spread,
    mix_background,
    score_parts,
    standardize,
)
from search.records import Flags, Sample, Vectors


@dataclass(frozen=True)
class Pool:
    """Candidates of a lane: vectors (n, d); hubness (n,); which are speech (n,); how many the lane has of either.

    What was said is judged on a scale of its own, beside what else was said: it lies elsewhere than what is written.
    """

    vectors: Vectors
    hubs: Vectors
    spoken: Flags
    counts: tuple[int, int]

    def split(self) -> Iterator[tuple[bool, Flags, Candidates]]:
        """Give the candidates that one curve judges: whether they are speech, which they are (n,), and they."""
        for spoken in (False, True):
            here = self.spoken == spoken
            if here.any():
                yield spoken, here, Candidates(self.vectors[here], self.hubs[here], self.counts[spoken])


def judge_all(probes: Sequence[Probe], pool: Pool, sample: Sample) -> Vectors:
    """Give the log-odds that each candidate is what the parts of a query together ask for, shape (n,)."""
    return _join_logits([(probe.weight, judge(probe, pool, sample)) for probe in probes])


def judge(probe: Probe, pool: Pool, sample: Sample) -> Vectors:
    """Give the log-odds that each candidate is what a probe asks for, shape (n,)."""
    logits = np.zeros(len(pool.vectors), np.float32)
    for spoken, here, candidates in pool.split():
        first = probe.scales[0][1].get(spoken)  # all curves of a probe have the same parts
        spread = measure_spread(score_parts(probe.vector, sample.select(spoken), first))
        scores = score_parts(probe.vector, candidates.vectors, first)
        for share, scale in probe.scales:
            curve = scale.get(spoken)
            features = standardize(scores, candidates, mix_background(spread, curve), curve)
            logits[here] += np.float32(share) * compute_logits(features, curve)
    return logits


def explain(probes: Sequence[Probe], pool: Pool, sample: Sample) -> dict[str, float]:
    """Give every term of the log-odds of a single candidate by name."""
    terms = {}
    for number, probe in enumerate(probes):
        for place, (share, scale) in enumerate(probe.scales):
            for spoken, _, candidates in pool.split():
                curve = scale.get(spoken)
                background = measure_background(probe.vector, sample.select(spoken), curve)
                scores = score_parts(probe.vector, candidates.vectors, curve)
                features = standardize(scores, candidates, background, curve)
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


def _join_logits(parts: Sequence[tuple[float, Vectors]]) -> Vectors:
    """Join the log-odds (n,) of a query's parts: those wanted are averaged by their weights.

    One that pushes away multiplies the odds by the probability of not being like it, to the power of its weight: not to
    be like one thing makes nothing more like another.
    """
    wanted = sum(weight for weight, _ in parts if weight > 0)
    joined: Vectors = np.sum(
        [
            (weight / wanted) * (logits if weight > 0 else np.logaddexp(np.float32(0), logits))
            for weight, logits in parts
        ],
        axis=0,
        dtype=np.float32,
    )
    return joined
