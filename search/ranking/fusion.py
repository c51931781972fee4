"""Joining lanes and segments into items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.ranking.lanes import Candidate, Retrieved
from search.records import Ids, Lane

# Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet" (SIGIR 2009).
RRF_CONSTANT = 60
MOMENTS_KEPT = 8
LEAST_SHARE = 0.1
TEXT_LANES = (Lane.MEANING, Lane.WORDS)


@dataclass(frozen=True)
class Ranked:
    """An item with its fused score and the candidates that speak for it, strongest first."""

    item_id: int
    score: float
    votes: float
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Scores:
    """The fused scores of items: items, scores and votes, all (n,), ascending by item."""

    items: Ids
    scores: NDArray[np.float64]
    votes: NDArray[np.float64]

    def count(self, cut: float) -> int:
        """Return how many items score at least `cut`."""
        return int((self.scores >= cut).sum())


def score_items(lanes: Sequence[Retrieved], weights: Mapping[Lane, float]) -> Scores:
    """Compute the score of every item over all lanes.

    It is the probability that at least one lane is right about the item: noisy-or over lanes, each with its best
    segment, a lane of weight w counting as w lanes that say the same. The text lanes count as one, since both score
    what either finds. votes are those of reciprocal rank fusion.
    """
    items = np.unique(np.concatenate([np.zeros(0, np.int64), *(lane.items for lane in lanes)]))
    miss = np.ones(len(items))
    text_miss = np.ones(len(items))
    votes = np.zeros(len(items))
    for lane in lanes:
        weight = weights.get(lane.lane, 1.0)
        owners, first = np.unique(lane.items, return_index=True)
        places = np.searchsorted(items, owners)
        ranks = np.empty(len(first))
        ranks[np.argsort(first)] = np.arange(1, len(first) + 1)
        missed = (1 - np.clip(lane.probabilities[first].astype(np.float64), 0, 1)) ** weight
        if lane.lane in TEXT_LANES:
            text_miss[places] = np.minimum(text_miss[places], missed)
        else:
            miss[places] *= missed
        votes[places] += weight / (RRF_CONSTANT + ranks)
    return Scores(items, 1 - miss * text_miss, votes)


def fuse(lanes: Sequence[Retrieved], weights: Mapping[Lane, float], least: float = 0.0) -> list[Ranked]:
    """Rank the items that score at least `least` over all lanes, best first; reciprocal rank fusion orders equals."""
    fused = score_items(lanes, weights)
    items, scores, votes = fused.items, fused.scores, fused.votes
    order = np.lexsort((items, -votes, -np.round(scores, 6)))
    order = order[scores[order] >= least]
    moments = _pick_moments(lanes, items[order])
    return [
        Ranked(item_id, float(scores[at]), float(votes[at]), moments[item_id])
        for at, item_id in zip(order.tolist(), items[order].tolist(), strict=True)
    ]


def _pick_moments(lanes: Sequence[Retrieved], items: Ids) -> dict[int, tuple[Candidate, ...]]:
    """Keep of each item the strongest, and only those that weigh something beside the strongest."""
    where: dict[int, list[tuple[float, int, int, int]]] = {item_id: [] for item_id in items.tolist()}
    for number, lane in enumerate(lanes):
        chosen = np.flatnonzero(np.isin(lane.items, items))
        columns = (lane.items[chosen], lane.probabilities[chosen], lane.segments[chosen])
        rows = zip(chosen.tolist(), *(column.tolist() for column in columns), strict=True)
        for at, item_id, probability, segment_id in rows:
            where[item_id].append((-probability, segment_id, number, at))
    picked = {}
    for item_id, found in where.items():
        strongest = sorted(found)[:MOMENTS_KEPT]
        least = strongest[0][0] * LEAST_SHARE
        picked[item_id] = tuple(
            lanes[number].make_candidate(at) for chance, _, number, at in strongest if chance <= least
        )
    return picked
