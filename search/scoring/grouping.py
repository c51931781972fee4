"""Stacks of near-identical images, and more diverse orders of results."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.records import Retriever, Vectors
from search.scoring.candidates import Ranked

# Images are near-identical if their 64-bit perceptual hashes differ in few bits and their vectors are close. Both are
# needed: plain skies have equal hashes, and two photos of one scene have close vectors.
MAX_BITS = 10
MIN_COSINE = 0.9
# Copies have similar scores, so they are close to each other in a ranking.
MAX_COPY_DISTANCE = 24
MAX_DIVERSIFIED = 200


@dataclass(frozen=True)
class Stack:
    """A ranked item with its near-identical ones.

    Attributes:
        first: The best-ranked item.
        others: The ids of the near-identical items.
    """

    first: Ranked
    others: tuple[int, ...] = ()

    @property
    def items(self) -> tuple[int, ...]:
        """All item ids, the best-ranked first."""
        return self.first.item_id, *self.others


def stack_copies(ranked: Sequence[Ranked]) -> list[Stack]:
    """Join each near-identical image to the best-ranked one, keeping the order."""
    looking = [at for at, one in enumerate(ranked) if one.phash is not None]
    if not _has_like([ranked[at].phash or 0 for at in looking]):
        return [Stack(one) for one in ranked]
    stacks: list[Stack] = []
    phashes: list[tuple[int, Ranked]] = []
    for one in ranked:
        place = _find_copy(phashes[-MAX_COPY_DISTANCE:], one)
        if place is not None:
            stacks[place] = replace(stacks[place], others=(*stacks[place].others, one.item_id))
            continue
        if one.phash is not None:
            phashes.append((len(stacks), one))
        stacks.append(Stack(one))
    return stacks


def _has_like(phashes: Sequence[int]) -> bool:
    """Return whether any two nearby hashes differ in few bits. Usually none do."""
    hashes = np.array(phashes, np.int64).view(np.uint64)
    steps = range(1, min(MAX_COPY_DISTANCE, len(hashes) - 1) + 1)
    return any((np.bitwise_count(hashes[step:] ^ hashes[:-step]) <= MAX_BITS).any() for step in steps)


def diversify(stacks: Sequence[Stack], strength: float) -> list[Stack]:
    """Reorder the first results so that those unlike the ones before them come earlier.

    Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998). The similarity of two stacks is the cosine of
    their best segments, if the same retriever found both.

    Args:
        stacks: Results, best first.
        strength: From 0, which keeps the order, to 1, which ignores the scores.
    """
    head, tail = list(stacks[:MAX_DIVERSIFIED]), list(stacks[MAX_DIVERSIFIED:])
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
    """Return the cosine of two images; 0 where an item has none."""
    vectors = [next((one.vector for one in ranked.candidates if one.phash is not None), None) for ranked in pair]
    return float(vectors[0] @ vectors[1]) if vectors[0] is not None and vectors[1] is not None else 0.0


def _compare(stacks: Sequence[Stack]) -> Vectors:
    """Return the cosines of stacks, shape (n, n); 0 between results of different retrievers."""
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
