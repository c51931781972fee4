"""Retrieved segments with their probabilities, and how they are joined into ranked items."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from search.records import Flags, Ids, Retriever, Vectors

# Results are relevant from the first probability on, possible from the second.
RELEVANCE_CUT = 0.5
POSSIBLE_CUT = 0.1


def to_probability(logits: Vectors) -> Vectors:
    """Compute the probability of log-odds of any shape."""
    result: Vectors = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return result


@dataclass(frozen=True)
class Candidate:
    """A segment that a lane retrieved, and that speaks for an item.

    raw: cosine or BM25; probability: of relevance, 0 to 1; vector: of the segment, (d,), in a lane that has vectors;
    look: perceptual hash of a picture; terms: what the probability is made of, when asked for.
    """

    retriever: Retriever
    segment_id: int
    item_id: int
    raw: float
    probability: float
    vector: Vectors | None = None
    phash: int | None = None
    terms: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Retrieved:
    """The segments of one lane, likeliest first: segments, items, raw and probabilities, all (n,).

    exhausted: there are no more to be had; floor: no segment still to come is likelier than this. read_vector: gives
    the vector (d,) of the one at a place, and looks where pictured (n,): in a lane that has them; explain: gives its
    terms.
    """

    retriever: Retriever
    segments: Ids
    items: Ids
    raw: Vectors
    probabilities: Vectors
    exhausted: bool = True
    floor: float = 0.0
    read_vector: Callable[[int], Vectors] | None = None
    phashes: Ids | None = None
    pictured: Flags | None = None
    explain: Callable[[int], Mapping[str, float]] | None = None

    def make_candidate(self, at: int) -> Candidate:
        """Return the one at a place by itself."""
        pictured = self.pictured is not None and bool(self.pictured[at])
        return Candidate(
            retriever=self.retriever,
            segment_id=int(self.segments[at]),
            item_id=int(self.items[at]),
            raw=float(self.raw[at]),
            probability=float(self.probabilities[at]),
            vector=self.read_vector(at) if self.read_vector is not None else None,
            phash=int(self.phashes[at]) if self.phashes is not None and pictured else None,
            terms=self.explain(at) if self.explain is not None else None,
        )


def make_nothing(retriever: Retriever) -> Retrieved:
    """Return a lane that has nothing to say."""
    none, nothing = np.zeros(0, np.int64), np.zeros(0, np.float32)
    return Retrieved(retriever, none, none, nothing, nothing)


# Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet" (SIGIR 2009).
RRF_CONSTANT = 60
MOMENTS_KEPT = 8
MIN_SHARE = 0.1
# A segment that speaks for an item: the place of the item, minus its probability, where it was found, and its look.
MOMENT = np.dtype(
    [
        *(("owner", "<i8"), ("chance", "<f4"), ("segment", "<i8"), ("retriever", "<i4"), ("at", "<i4")),
        *(("phash", "<i8"), ("pictured", "?")),
    ],
    align=True,
)
TEXT_RETRIEVERS = (Retriever.SEMANTIC, Retriever.LEXICAL)


@dataclass(frozen=True)
class Ranked:
    """An item with its fused score.

    Attributes:
        item_id: The item.
        score: Its probability of relevance.
        votes: Of reciprocal rank fusion.
        look: The perceptual hash of its picture, if a single one speaks for it.
        place: Where `moments` has it.
        moments: What speaks for the items of a ranking; None for one that was not searched for.
    """

    item_id: int
    score: float
    votes: float
    phash: int | None = None
    place: int = field(default=0, compare=False)
    moments: "Moments | None" = field(default=None, compare=False)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The segments that speak for it, strongest first."""
        return self.moments.read(self.place) if self.moments is not None else ()


@dataclass(frozen=True)
class Moments:
    """What speaks for each item of a ranking; read when it is looked at, since most results never are.

    Attributes:
        lanes: Where it was found.
        numbers: Which of the lanes has each, item by item, (m,).
        at: Where the lane has it, (m,).
        bounds: Where those of each item begin, and where the last ends, (n + 1,).
        looks: The perceptual hash of each item's picture, if a single one speaks for it, of length n.
    """

    retrieved: list[Retrieved]
    numbers: Ids
    at: Ids
    bounds: Ids
    phashes: Sequence[int | None]

    def read(self, place: int) -> tuple[Candidate, ...]:
        """Return the segments that speak for one item, strongest first."""
        own = slice(int(self.bounds[place]), int(self.bounds[place + 1]))
        chosen = zip(self.numbers[own].tolist(), self.at[own].tolist(), strict=True)
        return tuple(self.retrieved[number].make_candidate(at) for number, at in chosen)

    def drop_vectors(self) -> None:
        """Let go of the vectors: rankings are kept for a while, and their results are not compared again."""
        self.retrieved[:] = [replace(one, read_vector=None) for one in self.retrieved]


@dataclass(frozen=True)
class Scores:
    """The fused scores of items: items, scores and votes, all (n,), ascending by item."""

    items: Ids
    scores: NDArray[np.float64]
    votes: NDArray[np.float64]

    def count(self, cut: float) -> int:
        """Return how many items score at least `cut`."""
        return int((self.scores >= cut).sum())


def score_items(retrieved: Sequence[Retrieved], weights: Mapping[Retriever, float]) -> Scores:
    """Compute the score of every item over all lanes.

    It is the probability that at least one lane is right about the item: noisy-or over lanes, each with its best
    segment, a lane of weight w counting as w lanes that say the same. The text lanes count as one, since both score
    what either finds. votes are those of reciprocal rank fusion.
    """
    items = np.unique(np.concatenate([np.zeros(0, np.int64), *(one.items for one in retrieved)]))
    miss = np.ones(len(items))
    text_miss = np.ones(len(items))
    votes = np.zeros(len(items))
    for one in retrieved:
        weight = weights.get(one.retriever, 1.0)
        owners, first = np.unique(one.items, return_index=True)
        places = np.searchsorted(items, owners)
        ranks = np.empty(len(first))
        ranks[np.argsort(first)] = np.arange(1, len(first) + 1)
        missed = (1 - np.clip(one.probabilities[first].astype(np.float64), 0, 1)) ** weight
        if one.retriever in TEXT_RETRIEVERS:
            text_miss[places] = np.minimum(text_miss[places], missed)
        else:
            miss[places] *= missed
        votes[places] += weight / (RRF_CONSTANT + ranks)
    return Scores(items, 1 - miss * text_miss, votes)


def fuse(retrieved: Sequence[Retrieved], weights: Mapping[Retriever, float], least: float = 0.0) -> list[Ranked]:
    """Rank the items that score at least `least` over all lanes, best first; reciprocal rank fusion orders equals."""
    fused = score_items(retrieved, weights)
    items, scores, votes = fused.items, fused.scores, fused.votes
    order = np.lexsort((items, -votes, -np.round(scores, 6)))
    order = order[scores[order] >= least]
    items, scores, votes = items[order], scores[order], votes[order]
    moments = _pick_moments(retrieved, items)
    rows = zip(items.tolist(), scores.tolist(), votes.tolist(), moments.phashes, strict=True)
    return [Ranked(*row, place, moments) for place, row in enumerate(rows)]


def _pick_moments(retrieved: Sequence[Retrieved], items: Ids) -> Moments:
    """Pick of each item the strongest, and only those that weigh something beside the strongest."""
    places = np.full(int(items.max(initial=0)) + 2, -1)
    places[items] = np.arange(len(items))
    owners = [places[np.minimum(one.items, len(places) - 1)] for one in retrieved]
    rows = _join(retrieved, owners)
    rows = rows[np.lexsort((rows["segment"], rows["chance"], rows["owner"]))]
    rows = rows[np.searchsorted(rows["owner"], 0) :]
    first = np.searchsorted(rows["owner"], np.arange(len(items)))
    strongest = rows["chance"][first[rows["owner"]]]  # the chances are negative, for the order
    nth = np.arange(len(rows)) - first[rows["owner"]]
    rows = rows[(nth < MOMENTS_KEPT) & (rows["chance"] <= strongest * np.float32(MIN_SHARE))]
    seen = rows[rows["pictured"]]
    single = np.bincount(seen["owner"], minlength=len(items)) == 1
    phashes = dict(zip(seen["owner"].tolist(), seen["phash"].tolist(), strict=True))
    return Moments(
        list(retrieved),
        rows["retriever"],
        rows["at"],
        np.searchsorted(rows["owner"], np.arange(len(items) + 1)),
        [phashes[place] if alone else None for place, alone in enumerate(single.tolist())],
    )


def _join(retrieved: Sequence[Retrieved], owners: Sequence[Ids]) -> NDArray[np.void]:
    """Return what all lanes found, one row each. owners: of each lane, (n,)."""
    rows = np.zeros(sum(map(len, owners)), MOMENT)
    low = 0
    for number, (one, own) in enumerate(zip(retrieved, owners, strict=True)):
        part = rows[low : low + len(own)]
        part["owner"], part["chance"], part["segment"] = own, -one.probabilities, one.segments
        part["retriever"], part["at"] = number, np.arange(len(own))
        if one.phashes is not None and one.pictured is not None:
            part["phash"], part["pictured"] = one.phashes, one.pictured
        low += len(own)
    return rows
