"""What a lane gives: candidates with the lane's own score and the probability it stands for."""

from dataclasses import dataclass

from search.records import Lane


@dataclass(frozen=True)
class Candidate:
    """A segment that a lane retrieved. raw: cosine or BM25; probability of relevance 0 to 1."""

    lane: Lane
    segment_id: int
    item_id: int
    raw: float
    probability: float


@dataclass(frozen=True)
class Retrieved:
    """The candidates of one lane, best first; exhausted when there are no more to be had."""

    candidates: list[Candidate]
    exhausted: bool
