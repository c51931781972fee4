"""Stacking of near-duplicate images, and reordering of results for diversity."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.records import Item, Retriever, Vectors
from search.scoring.candidates import Ranked

# Images are near-duplicate if their 64-bit perceptual hashes differ in few bits and their vectors are close. Both are
# needed: two photos of a plain sky have equal hashes, and two photos of one scene have close vectors.
MAX_BITS = 10
MIN_COSINE = 0.9
# Copies have similar scores, so only items within this many ranks are compared.
MAX_COPY_DISTANCE = 24
# Only this many results, from the first, are reordered, because every two of them are compared.
MAX_DIVERSIFIED = 200


@dataclass(frozen=True)
class Stack:
    """A ranked item and the items that are near-duplicate to it.

    Attributes:
        first: The best-ranked item.
        others: The ids of the near-duplicate items.
    """

    first: Ranked
    others: tuple[int, ...] = ()

    @property
    def item_ids(self) -> tuple[int, ...]:
        """All item ids, the best-ranked first."""
        return self.first.item_id, *self.others


def stack_near_duplicates(ranked: Sequence[Ranked]) -> list[Stack]:
    """Join each near-duplicate image to the best-ranked one, keeping the order."""
    if not _has_near_phashes([item.phash for item in ranked if item.phash is not None]):
        return [Stack(item) for item in ranked]
    stacks: list[Stack] = []
    images: list[tuple[int, Ranked]] = []
    for item in ranked:
        place = _find_copy(images[-MAX_COPY_DISTANCE:], item)
        if place is not None:
            stacks[place] = replace(stacks[place], others=(*stacks[place].others, item.item_id))
            continue
        if item.phash is not None:
            images.append((len(stacks), item))
        stacks.append(Stack(item))
    return stacks


def choose_cover(items: Sequence[Item]) -> Item:
    """Return the item that represents a stack: the original, not a copy that was scaled down or lost its metadata.

    Args:
        items: The items of the stack, best-ranked first.
    """
    return max(items, key=_describe_original)


def _describe_original(item: Item) -> tuple[int, int, int]:
    """Return what speaks for an item as the original: metadata of the camera, then pixels, then bytes."""
    facts = item.facts
    has_date = facts.captured_at is not None and not facts.is_date_guessed
    known = has_date + (facts.camera is not None) + (facts.latitude is not None)
    return known, (facts.width or 0) * (facts.height or 0), item.size


def _has_near_phashes(phashes: Sequence[int]) -> bool:
    """Return whether any two nearby hashes differ in few bits. Usually none do, which saves the slower search."""
    hashes = np.array(phashes, np.int64).view(np.uint64)
    steps = range(1, min(MAX_COPY_DISTANCE, len(hashes) - 1) + 1)
    return any((np.bitwise_count(hashes[step:] ^ hashes[:-step]) <= MAX_BITS).any() for step in steps)


def diversify(stacks: Sequence[Stack], strength: float) -> list[Stack]:
    """Reorder the first 200 results so that those unlike the ones before them come earlier.

    Maximal marginal relevance: Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering
    Documents and Producing Summaries" (SIGIR 1998). The similarity of two stacks is the cosine of
    their best segments, if the same retriever found both.

    Args:
        stacks: Results, best first.
        strength: From 0, which keeps the order, to 1, which ignores the scores.
    """
    head, tail = list(stacks[:MAX_DIVERSIFIED]), list(stacks[MAX_DIVERSIFIED:])
    if strength <= 0 or len(head) < 3:
        return [*head, *tail]
    similarities = _compare(head)
    scores = np.array([stack.first.score for stack in head], np.float32)
    order = [0]
    nearest = similarities[0].copy()
    remaining = set(range(1, len(head)))
    while remaining:
        choices = sorted(remaining)
        gains = (1 - strength) * scores[choices] - strength * nearest[choices]
        best = choices[int(gains.argmax())]
        order.append(best)
        remaining.remove(best)
        nearest = np.maximum(nearest, similarities[best])
    return [*(head[at] for at in order), *tail]


def _find_copy(images: Sequence[tuple[int, Ranked]], item: Ranked) -> int | None:
    """Return the index of the nearest stack whose first image is near-duplicate to an item, or None.

    Args:
        images: First items of stacks with the indexes of the stacks, best first.
        item: The item.
    """
    if item.phash is None:
        return None
    for place, other in reversed(images):
        bits = ((item.phash ^ (other.phash or 0)) & (2**64 - 1)).bit_count()
        if bits <= MAX_BITS and _compare_images(item, other) >= MIN_COSINE:
            return place
    return None


def _compare_images(first: Ranked, second: Ranked) -> float:
    """Return the cosine of the images of two items; 0 if an item has no image."""
    first_vector, second_vector = (
        next((candidate.vector for candidate in item.candidates if candidate.phash is not None), None)
        for item in (first, second)
    )
    return float(first_vector @ second_vector) if first_vector is not None and second_vector is not None else 0.0


def _compare(stacks: Sequence[Stack]) -> Vectors:
    """Return the cosines of stacks, shape (n, n); 0 between results of different retrievers."""
    similarities = np.zeros((len(stacks), len(stacks)), np.float32)
    for retriever in (Retriever.VISUAL, Retriever.SEMANTIC):
        rows = [
            (at, vector) for at, stack in enumerate(stacks) if (vector := _find_vector(stack, retriever)) is not None
        ]
        if rows:
            places = [at for at, _ in rows]
            matrix = np.stack([vector for _, vector in rows])
            similarities[np.ix_(places, places)] = matrix @ matrix.T
    return similarities


def _find_vector(stack: Stack, retriever: Retriever) -> Vectors | None:
    """Return the vector of the best segment of a stack, if a retriever found that segment."""
    best = next(iter(stack.first.candidates), None)
    return best.vector if best is not None and best.retriever is retriever else None
