"""Near-identical pictures to one stack, and a list made less alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.records import Retriever, Vectors
from search.scoring.candidates import Ranked

# Two pictures are near-identical when their perceptual hashes differ in few of 64 bits and their vectors hardly:
# either alone is fooled, the hash by plain skies, the vector by two photos of one scene.
MAX_BITS = 10
MIN_COSINE = 0.9
# Copies score alike, so they stand near one another in a ranking.
WINDOW = 24
# How far down a list is made less alike.
DIVERSIFIED = 200


@dataclass(frozen=True)
class Stack:
    """A ranked item and the near-identical ones below it."""

    first: Ranked
    others: tuple[int, ...] = ()

    @property
    def items(self) -> tuple[int, ...]:
        """All of them, the best first."""
        return self.first.item_id, *self.others


def stack_copies(ranked: Sequence[Ranked]) -> list[Stack]:
    """Join near-identical pictures, each to the best-ranked of them; the order is kept."""
    looking = [at for at, one in enumerate(ranked) if one.phash is not None]
    if not _has_like([ranked[at].phash or 0 for at in looking]):
        return [Stack(one) for one in ranked]
    stacks: list[Stack] = []
    phashes: list[tuple[int, Ranked]] = []
    for one in ranked:
        place = _find_copy(phashes[-WINDOW:], one)
        if place is not None:
            stacks[place] = replace(stacks[place], others=(*stacks[place].others, one.item_id))
            continue
        if one.phash is not None:
            phashes.append((len(stacks), one))
        stacks.append(Stack(one))
    return stacks


def _has_like(phashes: Sequence[int]) -> bool:
    """Return whether any two hashes that stand near one another differ in few bits: mostly none do."""
    hashes = np.array(phashes, np.int64).view(np.uint64)
    steps = range(1, min(WINDOW, len(hashes) - 1) + 1)
    return any((np.bitwise_count(hashes[step:] ^ hashes[:-step]) <= MAX_BITS).any() for step in steps)


def diversify(stacks: Sequence[Stack], strength: float) -> list[Stack]:
    """Reorder the first 200 so that what is unlike those before comes earlier.

    Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998); strength: 0 leaves the order, 1 looks at
    nothing but unlikeness. Likeness is the cosine of the best segments of the same lane.
    """
    head, tail = list(stacks[:DIVERSIFIED]), list(stacks[DIVERSIFIED:])
    if strength <= 0 or len(head) < 3:
        return [*head, *tail]
    likeness = _compare(head)
    scores = np.array([stack.first.score for stack in head], np.float32)
    order = [0]
    nearest = likeness[0].copy()
    left = set(range(1, len(head)))
    while left:
        choices = sorted(left)
        gains = (1 - strength) * scores[choices] - strength * nearest[choices]
        best = choices[int(gains.argmax())]
        order.append(best)
        left.remove(best)
        nearest = np.maximum(nearest, likeness[best])
    return [*(head[at] for at in order), *tail]


def _find_copy(phashes: Sequence[tuple[int, Ranked]], one: Ranked) -> int | None:
    if one.phash is None:
        return None
    for place, other in reversed(phashes):
        bits = ((one.phash ^ (other.phash or 0)) & (2**64 - 1)).bit_count()
        if bits <= MAX_BITS and _compare_images(one, other) >= MIN_COSINE:
            return place
    return None


def _compare_images(*pair: Ranked) -> float:
    """Return the cosine between two pictures; 0 where there is none."""
    vectors = [next((one.vector for one in ranked.candidates if one.phash is not None), None) for ranked in pair]
    return float(vectors[0] @ vectors[1]) if vectors[0] is not None and vectors[1] is not None else 0.0


def _compare(stacks: Sequence[Stack]) -> Vectors:
    """Return the cosines between stacks, shape (n, n); 0 between lanes."""
    likeness = np.zeros((len(stacks), len(stacks)), np.float32)
    for retriever in (Retriever.VISUAL, Retriever.SEMANTIC):
        rows = [
            (at, vector) for at, stack in enumerate(stacks) if (vector := _find_vector(stack, retriever)) is not None
        ]
        if rows:
            places = [at for at, _ in rows]
            matrix = np.stack([vector for _, vector in rows])
            likeness[np.ix_(places, places)] = matrix @ matrix.T
    return likeness


def _find_vector(stack: Stack, retriever: Retriever) -> Vectors | None:
    best = next(iter(stack.first.candidates), None)
    return best.vector if best is not None and best.retriever is retriever else None
