"""Retrieved segments with their probabilities, and their fusion into ranked items."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from search.records import Flags, Ids, Retriever, Vectors

# The lowest scores of relevant and of possible results.
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
        raw: The cosine, dot product or BM25 score.
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
        segment_ids: Ids of the segments, shape (n,).
        item_ids: Ids of their items, shape (n,).
        raw: Cosines, dot products or BM25 scores, shape (n,).
        probabilities: Probabilities of relevance, shape (n,).
        exhausted: Whether the retriever has no more segments.
        max_remaining: An estimate of the highest probability of the segments that were not retrieved yet.
        read_vector: Returns the vector, shape (d,), of the segment at an index; None if the retriever has no vectors.
        phashes: Perceptual hashes, shape (n,), valid where `has_phash` is set; None for text.
        has_phash: Which segments have a perceptual hash, shape (n,); None for text.
        explain: Returns the terms of the probability of the segment at an index; None if they were not requested.
    """

    retriever: Retriever
    segment_ids: Ids
    item_ids: Ids
    raw: Vectors
    probabilities: Vectors
    exhausted: bool = True
    max_remaining: float = 0.0
    read_vector: Callable[[int], Vectors] | None = None
    phashes: Ids | None = None
    has_phash: Flags | None = None
    explain: Callable[[int], Mapping[str, float]] | None = None

    def make_candidate(self, at: int) -> Candidate:
        """Return the segment at an index as a candidate."""
        has_phash = self.has_phash is not None and bool(self.has_phash[at])
        return Candidate(
            retriever=self.retriever,
            segment_id=int(self.segment_ids[at]),
            item_id=int(self.item_ids[at]),
            raw=float(self.raw[at]),
            probability=float(self.probabilities[at]),
            vector=self.read_vector(at) if self.read_vector is not None else None,
            phash=int(self.phashes[at]) if self.phashes is not None and has_phash else None,
            terms=self.explain(at) if self.explain is not None else None,
        )


def make_empty(retriever: Retriever) -> Retrieved:
    """Return an empty result of a retriever."""
    no_ids, no_scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
    return Retrieved(retriever, no_ids, no_ids, no_scores, no_scores)


# Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet" (SIGIR 2009).
RRF_CONSTANT = 60
# An item has at most this many segments as evidence, none less likely than this share of its best one.
MAX_SEGMENTS_PER_ITEM = 8
MIN_SHARE_OF_BEST = 0.1
# A segment of an item.
# owner: the index of the item; negative_probability: minus the probability of the segment, so that ascending order
# starts with the best; result, index: the index of the retriever's result and of the segment in it.
SEGMENT_ROW = np.dtype(
    [
        ("owner", "<i8"),
        ("negative_probability", "<f4"),
        ("segment", "<i8"),
        ("result", "<i4"),
        ("index", "<i4"),
        ("phash", "<i8"),
        ("has_phash", "?"),
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
    """The best segments of each item of a ranking. Candidates are made when they are read, since most never are.

    Attributes:
        retrieved: The results of the retrievers.
        results: The index in `retrieved` of the result that holds each segment, item by item, shape (m,).
        indexes: The index of each segment in that result, shape (m,).
        bounds: The start of the segments of each item, then the end of the last ones, shape (n + 1,).
        phashes: The perceptual hash of each item's image, if exactly one image is among its segments, length n.
    """

    retrieved: list[Retrieved]
    results: Ids
    indexes: Ids
    bounds: Ids
    phashes: Sequence[int | None]

    def read(self, place: int) -> tuple[Candidate, ...]:
        """Return the best segments of one item, strongest first."""
        rows = slice(int(self.bounds[place]), int(self.bounds[place + 1]))
        chosen = zip(self.results[rows].tolist(), self.indexes[rows].tolist(), strict=True)
        return tuple(self.retrieved[result].make_candidate(index) for result, index in chosen)

    def drop_vectors(self) -> None:
        """Release the vectors, to save memory in cached rankings. They are only needed to compare results."""
        self.retrieved[:] = [replace(found, read_vector=None) for found in self.retrieved]


@dataclass(frozen=True)
class Scores:
    """The fused scores of items, ascending by item id. All arrays have the shape (n,).

    Attributes:
        item_ids: Ids of the items.
        scores: Probabilities of relevance.
        votes: Reciprocal rank fusion scores.
    """

    item_ids: Ids
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

    Args:
        retrieved: The results of the retrievers, at most one each.
        weights: The weight of each retriever (default 1).
    """
    items = np.unique(np.concatenate([np.zeros(0, np.int64), *(found.item_ids for found in retrieved)]))
    visual_miss = np.ones(len(items))
    text_miss = np.ones(len(items))
    votes = np.zeros(len(items))
    for found in retrieved:
        weight = weights.get(found.retriever, 1.0)
        found_items, first = np.unique(found.item_ids, return_index=True)
        places = np.searchsorted(items, found_items)
        ranks = np.empty(len(first))
        ranks[np.argsort(first)] = np.arange(1, len(first) + 1)
        miss = (1 - np.clip(found.probabilities[first].astype(np.float64), 0, 1)) ** weight
        if found.retriever in TEXT_RETRIEVERS:
            text_miss[places] = np.minimum(text_miss[places], miss)
        else:
            visual_miss[places] *= miss
        votes[places] += weight / (RRF_CONSTANT + ranks)
    return Scores(items, 1 - visual_miss * text_miss, votes)


def fuse(retrieved: Sequence[Retrieved], weights: Mapping[Retriever, float], min_score: float = 0.0) -> list[Ranked]:
    """Rank the items that score at least `min_score`, best first.

    Items of equal score are ordered by reciprocal rank fusion.

    Args:
        retrieved: The results of the retrievers, at most one each.
        weights: The weight of each retriever (default 1).
        min_score: The lowest score, 0 to 1.
    """
    fused = score_items(retrieved, weights)
    items, scores, votes = fused.item_ids, fused.scores, fused.votes
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
    owners = [places[np.minimum(found.item_ids, len(places) - 1)] for found in retrieved]
    rows = _join(retrieved, owners)
    rows = rows[np.lexsort((rows["segment"], rows["negative_probability"], rows["owner"]))]
    rows = rows[np.searchsorted(rows["owner"], 0) :]  # segments of other items have the owner -1
    first = np.searchsorted(rows["owner"], np.arange(len(items)))
    cut = rows["negative_probability"][first[rows["owner"]]] * np.float32(MIN_SHARE_OF_BEST)
    rank = np.arange(len(rows)) - first[rows["owner"]]
    rows = rows[(rank < MAX_SEGMENTS_PER_ITEM) & (rows["negative_probability"] <= cut)]
    images = rows[rows["has_phash"]]
    has_single_image = np.bincount(images["owner"], minlength=len(items)) == 1
    phashes = dict(zip(images["owner"].tolist(), images["phash"].tolist(), strict=True))
    return BestSegments(
        list(retrieved),
        rows["result"],
        rows["index"],
        np.searchsorted(rows["owner"], np.arange(len(items) + 1)),
        [phashes[place] if is_single else None for place, is_single in enumerate(has_single_image.tolist())],
    )


def _join(retrieved: Sequence[Retrieved], owners: Sequence[Ids]) -> NDArray[np.void]:
    """Return everything that the retrievers found as one table, a row per segment.

    Args:
        retrieved: The results of the retrievers.
        owners: The index of each segment's item, or -1, shape (n,) for each retriever.
    """
    rows = np.zeros(sum(map(len, owners)), SEGMENT_ROW)
    start = 0
    for result, (found, found_owners) in enumerate(zip(retrieved, owners, strict=True)):
        part = rows[start : start + len(found_owners)]
        part["owner"], part["segment"] = found_owners, found.segment_ids
        part["negative_probability"] = -found.probabilities
        part["result"], part["index"] = result, np.arange(len(found_owners))
        if found.phashes is not None and found.has_phash is not None:
            part["phash"], part["has_phash"] = found.phashes, found.has_phash
        start += len(found_owners)
    return rows
