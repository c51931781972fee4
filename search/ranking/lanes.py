"""What a lane gives: candidates with the lane's own score and the probability it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass

from search.records import Lane, SegmentKind, Vectors


@dataclass(frozen=True)
class Candidate:
    """A segment that a lane retrieved.

    raw: cosine or BM25; probability: of relevance, 0 to 1; vector: of the segment, (d,), in a lane that has vectors;
    look: perceptual hash of a picture; terms: what the probability is made of, when asked for.
    """

    lane: Lane
    segment_id: int
    item_id: int
    raw: float
    probability: float
    kind: SegmentKind = SegmentKind.PASSAGE
    vector: Vectors | None = None
    look: int | None = None
    terms: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Retrieved:
    """The candidates of one lane, best first; exhausted when there are no more to be had.

    floor: no candidate still to come is likelier than this.
    """

    candidates: list[Candidate]
    exhausted: bool
    floor: float = 0.0
