"""Joining lanes and segments into items."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from search.ranking.lanes import Candidate
from search.records import Lane

# Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet" (SIGIR 2009).
RRF_CONSTANT = 60
MOMENTS_KEPT = 8
LEAST_SHARE = 0.1


@dataclass(frozen=True)
class Ranked:
    """An item with its fused score and the candidates that speak for it, strongest first."""

    item_id: int
    score: float
    votes: float
    candidates: tuple[Candidate, ...]


def fuse(lanes: Mapping[Lane, Sequence[Candidate]], weights: Mapping[Lane, float]) -> list[Ranked]:
    """Rank items over all lanes, best first.

    An item's score is the probability that at least one lane is right about it (noisy-or over lanes, each
    with its best segment); reciprocal rank fusion orders those that score alike.
    """
    best: dict[int, dict[Lane, float]] = {}
    votes: dict[int, float] = {}
    moments: dict[int, list[Candidate]] = {}
    for lane, candidates in lanes.items():
        weight = weights.get(lane, 1.0)
        rank = 0
        for candidate in candidates:
            item = best.setdefault(candidate.item_id, {})
            moments.setdefault(candidate.item_id, []).append(candidate)
            if lane in item:
                continue
            rank += 1
            item[lane] = weight * candidate.probability
            share = weight / (RRF_CONSTANT + rank)
            votes[candidate.item_id] = votes.get(candidate.item_id, 0.0) + share
    ranked = [
        Ranked(item_id, _join(scores.values()), votes[item_id], _pick_moments(moments[item_id]))
        for item_id, scores in best.items()
    ]
    return sorted(ranked, key=lambda one: (-round(one.score, 6), -one.votes, one.item_id))


def _join(probabilities: Iterable[float]) -> float:
    miss = 1.0
    for probability in probabilities:
        miss *= 1 - min(max(probability, 0.0), 1.0)
    return 1 - miss


def _pick_moments(candidates: list[Candidate]) -> tuple[Candidate, ...]:
    """Keep the strongest, and only those that weigh something beside the strongest."""
    ordered = sorted(candidates, key=lambda one: (-one.probability, one.segment_id))
    least = ordered[0].probability * LEAST_SHARE
    return tuple(one for one in ordered[:MOMENTS_KEPT] if one.probability >= least)
