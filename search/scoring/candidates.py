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
    """Compute probabilities, float32, from log-odds of any shape."""
    result: Vectors = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return result


@dataclass(frozen=True)
class Candidate:
    """A retrieved segment as evidence for its item.

    Attributes:
        retriever: The retriever that found it.
        segment_id: The segment.
        item_id: The item of the segment.
        raw: The cosine or BM25 score.
        probability: The probability of relevance, 0 to 1.
        vector: The vector of the segment, shape (d,), if the retriever compares vectors.
        phash: The perceptual hash of an image.
        terms: The terms of the probability by name, if they were requested.
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
    """The segments that one retriever found, most likely first.

    Attributes:
        retriever: The retriever.
        segments: Ids of the segments, shape (n,).
        items: Ids of their items, shape (n,).
        raw: Cosines or BM25 scores, shape (n,).
        probabilities: Probabilities of relevance, shape (n,).
        exhausted: Whether the retriever has no more segments.
        floor: No segment that was not retrieved yet is more likely than this.
        read_vector: Returns the vector, shape (d,), of the segment at an index; None if the retriever has no vectors.
        phashes: Perceptual hashes, shape (n,), valid where `pictured` is set.
        pictured: Which segments are images, shape (n,).
        explain: Returns the terms of the probability of the segment at an index.
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
        """Return the segment at an index as a candidate."""
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
    """Return an empty result of a retriever."""
    none, nothing = np.zeros(0, np.int64), np.zeros(0, np.float32)
    return Retrieved(retriever, none, none, nothing, nothing)


# Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet" (SIGIR 2009).
RRF_CONSTANT = 60
MAX_SEGMENTS_PER_ITEM = 8
MIN_SHARE_OF_BEST = 0.1
# A segment of an item: the index of the item, minus its probability, where it was found, and its perceptual hash.
SEGMENT_ROW = np.dtype(
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
        score: Its probability of relevance, 0 to 1.
        votes: Its reciprocal rank fusion score.
        phash: The perceptual hash of its image, if exactly one image is among its best segments.
        place: The index of the item in `best_segments`.
        best_segments: The best segments of all items of the ranking; None for an item that was not searched for.
    """

    item_id: int
    score: float
    votes: float
    phash: int | None = None
    place: int = field(default=0, compare=False)
    best_segments: "BestSegments | None" = field(default=None, compare=False)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The best segments of the item, strongest first."""
        return self.best_segments.read(self.place) if self.best_segments is not None else ()


@dataclass(frozen=True)
class BestSegments:
    """The best segments of each item of a ranking, made into candidates only when they are read: most never are.

    Attributes:
        retrieved: The results of the retrievers.
        numbers: The index in `retrieved` of each segment, item by item, shape (m,).
        at: The index of each segment in that result, shape (m,).
        bounds: Where the segments of each item start, and where the last ones end, shape (n + 1,).
        phashes: The perceptual hash of each item's image, if exactly one image is among its segments, length n.
    """

    retrieved: list[Retrieved]
    numbers: Ids
    at: Ids
    bounds: Ids
    phashes: Sequence[int | None]

    def read(self, place: int) -> tuple[Candidate, ...]:
        """Return the best segments of one item, strongest first."""
        own = slice(int(self.bounds[place]), int(self.bounds[place + 1]))
        chosen = zip(self.numbers[own].tolist(), self.at[own].tolist(), strict=True)
        return tuple(self.retrieved[number].make_candidate(at) for number, at in chosen)

    def drop_vectors(self) -> None:
        """Release the vectors: rankings are cached, and their results are not compared again."""
        self.retrieved[:] = [replace(one, read_vector=None) for one in self.retrieved]


@dataclass(frozen=True)
class Scores:
    """The fused scores of items, ascending by item id. All arrays have the shape (n,).

    Attributes:
        items: Ids of the items.
        scores: Probabilities of relevance.
        votes: Reciprocal rank fusion scores.
    """

    items: Ids
    scores: NDArray[np.float64]
    votes: NDArray[np.float64]

    def count(self, cut: float) -> int:
        """Return how many items score at least `cut`."""
        return int((self.scores >= cut).sum())


def score_items(retrieved: Sequence[Retrieved], weights: Mapping[Retriever, float]) -> Scores:
    """Compute the score of every item over all retrievers.

    The score is the probability that at least one retriever is right about the item: a noisy-or over retrievers, each
    with its best segment. A retriever of weight w counts as w retrievers with the same result. The two text retrievers
    count as one, since both score what either finds. The votes are those of reciprocal rank fusion.
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


def fuse(retrieved: Sequence[Retrieved], weights: Mapping[Retriever, float], min_score: float = 0.0) -> list[Ranked]:
    """Rank the items that score at least `min_score`, best first.

    Reciprocal rank fusion orders items of equal score.
    """
    fused = score_items(retrieved, weights)
    items, scores, votes = fused.items, fused.scores, fused.votes
    order = np.lexsort((items, -votes, -np.round(scores, 6)))
    order = order[scores[order] >= min_score]
    items, scores, votes = items[order], scores[order], votes[order]
    best_segments = _pick_best_segments(retrieved, items)
    rows = zip(items.tolist(), scores.tolist(), votes.tolist(), best_segments.phashes, strict=True)
    return [Ranked(*row, place, best_segments) for place, row in enumerate(rows)]


def _pick_best_segments(retrieved: Sequence[Retrieved], items: Ids) -> BestSegments:
    """Select the strongest segments of each item that are not weak compared with its best one."""
    places = np.full(int(items.max(initial=0)) + 2, -1)
    places[items] = np.arange(len(items))
    owners = [places[np.minimum(one.items, len(places) - 1)] for one in retrieved]
    rows = _join(retrieved, owners)
    rows = rows[np.lexsort((rows["segment"], rows["chance"], rows["owner"]))]
    rows = rows[np.searchsorted(rows["owner"], 0) :]
    first = np.searchsorted(rows["owner"], np.arange(len(items)))
    strongest = rows["chance"][first[rows["owner"]]]  # the chances are negative, for the order
    nth = np.arange(len(rows)) - first[rows["owner"]]
    rows = rows[(nth < MAX_SEGMENTS_PER_ITEM) & (rows["chance"] <= strongest * np.float32(MIN_SHARE_OF_BEST))]
    seen = rows[rows["pictured"]]
    single = np.bincount(seen["owner"], minlength=len(items)) == 1
    phashes = dict(zip(seen["owner"].tolist(), seen["phash"].tolist(), strict=True))
    return BestSegments(
        list(retrieved),
        rows["retriever"],
        rows["at"],
        np.searchsorted(rows["owner"], np.arange(len(items) + 1)),
        [phashes[place] if alone else None for place, alone in enumerate(single.tolist())],
    )


def _join(retrieved: Sequence[Retrieved], owners: Sequence[Ids]) -> NDArray[np.void]:
    """Return everything that the retrievers found as one table, a row per segment.

    Args:
        retrieved: The results of the retrievers.
        owners: The index of each segment's item, shape (n,) for each retriever.
    """
    rows = np.zeros(sum(map(len, owners)), SEGMENT_ROW)
    low = 0
    for number, (one, own) in enumerate(zip(retrieved, owners, strict=True)):
        part = rows[low : low + len(own)]
        part["owner"], part["chance"], part["segment"] = own, -one.probabilities, one.segments
        part["retriever"], part["at"] = number, np.arange(len(own))
        if one.phashes is not None and one.pictured is not None:
            part["phash"], part["pictured"] = one.phashes, one.pictured
        low += len(own)
    return rows
