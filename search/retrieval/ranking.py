"""From retrieved segments to a ranking in tiers, scored no further than the pages asked for need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from search.query.grammar import parse_query
from search.records import Query, Retriever, Sort, Tier, VoiceTranscript
from search.retrieval.retriever import FLOOR, VISUAL_FLOOR, Retrieval
from search.scoring.candidates import POSSIBLE_CUT, RELEVANCE_CUT, Retrieved, Scores, fuse, score_items
from search.scoring.grouping import Stack, stack_copies

FIRST_DEPTH = 256
DEEPENING = 4
# Where more than this share of what was found is relevant, a deeper look goes twice as deep.
MANY_SHARE = 0.4
# Up to so many, relevant results are counted exactly; beyond, their number is estimated.
MAX_EXACT_TOTAL = 1_000
# Where no more items than this are possible, a request for the relevant ones ranks them too: they are asked for next.
MAX_EAGER_POSSIBLE = 200
CUTS = (RELEVANCE_CUT, POSSIBLE_CUT)
# A tier is complete when no lane has a segment to come that is at least this likely; the rest, when all are exhausted.
TIER_FLOORS = (FLOOR, POSSIBLE_CUT / 2, -1.0)
# Puts the relevant results into the order that was asked for.
Order = Callable[[list[Stack]], list[Stack]]


@dataclass(frozen=True)
class Count:
    """A number of results; an estimate where not all of them were scored."""

    number: int
    is_estimate: bool = False


@dataclass(frozen=True)
class Ranking:
    """What answers a query, best first: the relevant results, the possible ones and the rest.

    known: how many of the three, from the first, are complete; total, possible: how large the first two are, complete
    or not. revision: of the catalog; is_resumed: the order is that of somebody's earlier pages.
    """

    tiers: tuple[tuple[Stack, ...], ...]
    known: int
    total: Count
    possible: Count
    words: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    voice: VoiceTranscript | None = None
    language: str | None = None
    only_english: tuple[str, ...] = ()
    corrected: str | None = None
    revision: int = -1
    is_resumed: bool = False

    def list_results(self, query: Query) -> tuple[Stack, ...]:
        """Return the results that a query asks for, as far as they are scored."""
        return tuple(stack for tier in _select_tiers(query) for stack in self.tiers[tier])

    def reaches(self, query: Query, end: int) -> bool:
        """Return whether a page that ends there can be cut from it, and whether another follows."""
        return reaches([len(tier) for tier in self.tiers], self.known, query, end)


def reaches(sizes: Sequence[int], known: int, query: Query, end: int) -> bool:
    """Return whether tiers of these sizes, the first `known` of them complete, hold the results up to `end`."""
    wanted = _select_tiers(query)
    if known < wanted[0]:
        return False
    for tier in wanted:
        if tier >= known:
            if tier == 0 and (query.sort is not Sort.RELEVANCE or sizes[0] <= MAX_EXACT_TOTAL):
                return False
            return end < sizes[tier]
        if end < sizes[tier]:
            return True
        end -= sizes[tier]
    return True


def rank(query: Query, weights: Mapping[Retriever, float], end: int, retrieval: Retrieval, order: Order) -> Ranking:
    """Look deeper into the lanes until the results that a query asks for are known up to `end`.

    Where more than 1,000 results are relevant, that is when the page is full; how many there are is then estimated.
    """
    retrievers = [retriever for retriever in Retriever if weights[retriever] > 0]
    depths = dict.fromkeys(retrievers, FIRST_DEPTH)
    found = {retriever: retrieval.retrieve(retriever, FIRST_DEPTH) for retriever in retrievers}
    while True:
        known, unfinished = _check_tiers(found)
        fused = score_items(list(found.values()), weights)
        relevant, likely = (fused.count(cut) for cut in CUTS)
        # Stacks are fewer than items, so what does not suffice here need not be stacked.
        if reaches((relevant, likely - relevant, len(fused.items) - likely), known, query, end):
            ranking = _assemble(query, weights, found, fused, known, order)
            if ranking.reaches(query, end):
                return ranking if known else _estimate(ranking, retrieval, found, fused)
        depths |= {retriever: _deepen(depths[retriever], found[retriever], known, end) for retriever in unfinished}
        found |= {retriever: retrieval.retrieve(retriever, depths[retriever]) for retriever in unfinished}


def keep_relevant(old: Ranking, new: Ranking) -> Ranking:
    """Return a ranking that was scored further with the relevant results of the earlier one, once they were complete.

    Scoring further raises an item near the cut a little; without this it would be missing from the pages of both tiers.
    """
    if old.known < 1 or old.revision != new.revision:
        return new
    places = {item: at for at, stack in enumerate(old.tiers[0]) for item in stack.items}
    relevant, raised, tiers = list(old.tiers[0]), list[Stack](), [list[Stack](), list[Stack]()]
    for number, tier in enumerate(new.tiers):
        for stack in tier:
            at = next((places[item] for item in stack.items if item in places), None)
            if at is None:
                (tiers[number - 1] if number else raised).append(stack)
            else:
                fresh = tuple(item for item in stack.items if item not in places)
                relevant[at] = replace(relevant[at], others=(*relevant[at].others, *fresh))
    possible = (*raised, *tiers[0])
    count = Count(len(possible)) if new.known >= 2 else new.possible
    kept = (tuple(relevant), possible, tuple(tiers[1]))
    return replace(new, tiers=kept, total=old.total, possible=count, is_resumed=old.is_resumed)


def _select_tiers(query: Query) -> tuple[int, ...]:
    """Return which tiers a query asks for."""
    if query.include_all:
        return 0, 1, 2
    return (list(Tier).index(query.tier),)


def _check_tiers(found: Mapping[Retriever, Retrieved]) -> tuple[int, list[Retriever]]:
    """Return how many tiers are complete, and which lanes have more of the next one."""
    for known, floor in enumerate(TIER_FLOORS):
        floors = {
            retriever: VISUAL_FLOOR if retriever is Retriever.VISUAL and known == 0 else floor for retriever in found
        }
        unfinished = [
            retriever for retriever, one in found.items() if not one.exhausted and one.floor >= floors[retriever]
        ]
        if unfinished:
            return known, unfinished
    return len(TIER_FLOORS), []


def _deepen(depth: int, found: Retrieved, known: int, end: int) -> int:
    """Return how deep to look next: as deep as the relevant results may go that are counted or asked for."""
    if known > 0 or not len(found.probabilities):
        return depth * DEEPENING
    share = float((found.probabilities >= RELEVANCE_CUT).mean())
    wanted = 1.3 * max(MAX_EXACT_TOTAL, end) / max(share, 1e-3)
    return round(min(max(wanted, 2 * depth), depth * DEEPENING * (2 if share > MANY_SHARE else 1)))


def _assemble(
    query: Query,
    weights: Mapping[Retriever, float],
    found: Mapping[Retriever, Retrieved],
    fused: Scores,
    known: int,
    order: Order,
) -> Ranking:
    """Group the items into tiers, those that are not asked for only where they are few."""
    relevant, likely = (fused.count(cut) for cut in CUTS)
    is_eager = query.tier is Tier.POSSIBLE or likely - relevant <= MAX_EAGER_POSSIBLE
    least = 0.0 if query.include_all else POSSIBLE_CUT if is_eager else RELEVANCE_CUT
    ranked = fuse(list(found.values()), weights, least)
    left_out = list_left_out(query)
    ranked = [one for one in ranked if one.item_id not in left_out]
    bounds = (2.0, *CUTS, -1.0)
    parts = [[one for one in ranked if low <= one.score < high] for high, low in pairwise(bounds)]
    stacked = [stack_copies(part) if query.stack else [Stack(one) for one in part] for part in parts]
    tiers = (tuple(order(stacked[0])), tuple(stacked[1]), tuple(stacked[2]))
    if ranked and ranked[0].moments is not None:
        ranked[0].moments.drop_vectors()  # one for all
    # What was not put into stacks is not known, however far the lanes were looked into.
    assembled = 3 if query.include_all else 2 if is_eager else 1
    possible = Count(len(tiers[1]), known < 2) if assembled > 1 else Count(likely - relevant, True)
    return Ranking(tiers, min(known, assembled), Count(len(tiers[0])), possible)


def list_left_out(query: Query) -> frozenset[int]:
    """Return the items that "more like this" leaves out: those that it asks for more of.

    Next to words or pictures an item is feedback on them, and stays.
    """
    wanted = [part for part in query.parts if part.weight > 0]
    parsed = parse_query(query.text or "")
    if parsed.text or parsed.added or query.voice or any(part.item is None or part.crop for part in wanted):
        return frozenset()
    return frozenset(part.item for part in wanted if part.item is not None)


def _estimate(ranking: Ranking, retrieval: Retrieval, found: Mapping[Retriever, Retrieved], fused: Scores) -> Ranking:
    """Add how many results there are probably, relevant and possible, to a ranking of which neither is known."""
    items = np.array([fused.count(cut) for cut in CUTS], float)
    for retriever, one in found.items():
        if one.exhausted or one.floor < FLOOR:
            continue
        for tier, (cut, all_segments) in enumerate(zip(CUTS, retrieval.estimate_counts(retriever, CUTS), strict=True)):
            chosen = one.items[one.probabilities >= cut]
            items[tier] += max(0.0, all_segments - len(chosen)) * len(np.unique(chosen)) / max(len(chosen), 1)
    stacks_per_item = len(ranking.tiers[0]) / max(fused.count(RELEVANCE_CUT), 1)
    relevant, likely = np.round(items * stacks_per_item).astype(int).tolist()
    return replace(
        ranking,
        total=Count(max(relevant, len(ranking.tiers[0])), True),
        possible=Count(max(likely - relevant, len(ranking.tiers[1])), True),
    )
