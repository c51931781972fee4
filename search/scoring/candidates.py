"""What a lane gives: segments with the lane's own score and the probability it stands for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from search.records import Flags, Ids, Retriever, Vectors


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
