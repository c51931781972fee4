"""From retrieved segments to a ranking in tiers. No more is scored than the requested pages need."""

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
# If more than this share of the retrieved segments is relevant, the next depth grows twice as fast.
HIGH_RELEVANT_SHARE = 0.4
# Above this, the number of relevant results is estimated.
MAX_EXACT_TOTAL = 1_000
# Up to this many possible items are ranked with the relevant ones, since they are usually requested next.
MAX_EAGER_POSSIBLE = 200
CUTS = (RELEVANCE_CUT, POSSIBLE_CUT)
# A tier is complete when no retriever has a segment left that is at least this likely; the rest, when all are
# exhausted.
TIER_FLOORS = (FLOOR, POSSIBLE_CUT / 2, -1.0)
# Sorts the relevant results as requested.
Order = Callable[[list[Stack]], list[Stack]]


@dataclass(frozen=True)
class Count:
    """A number of results; an estimate if not all of them were scored."""

    number: int
    is_estimate: bool = False


@dataclass(frozen=True)
class Ranking:
    """The answer to a query, best first.

    Attributes:
        tiers: The relevant results, the possible ones and the rest.
        known: How many tiers, from the first, are complete.
        total: The number of relevant results.
        possible: The number of possible results.
        words: The words to highlight.
        ignored: The stop words, as typed.
        voice: What was understood of a spoken query.
        language: The language of the query (ISO 639-1), if it was detected.
        only_english: The chosen models that only understand English, if the query is in another language.
        corrected: The text without its typing errors, if there were any.
        revision: The revision of the catalog.
        is_resumed: Whether the order is that of the earlier pages of a cursor.
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
        """Return the results that a query requests, as far as they are scored."""
        return tuple(stack for tier in _select_tiers(query) for stack in self.tiers[tier])

    def reaches(self, query: Query, end: int) -> bool:
        """Return whether the page that ends at `end` is complete, and whether another page follows is known."""
        return reaches([len(tier) for tier in self.tiers], self.known, query, end)


def reaches(sizes: Sequence[int], known: int, query: Query, end: int) -> bool:
    """Return whether the requested results are known up to a position.

    Args:
        sizes: The number of results in each tier.
        known: How many tiers, from the first, are complete.
        query: The query, which requests one tier or all.
        end: The position after the last result of the page.
    """
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
    """Retrieve more segments until the requested results are known up to a position.

    Where more than 1,000 results are relevant, it stops when the page is full, and their number is estimated.

    Args:
        query: The query.
        weights: The weight of each retriever; those of weight 0 are not asked.
        end: The position after the last result of the page.
        retrieval: Retrieves segments for the query.
        order: Sorts the relevant results.
    """
    retrievers = [retriever for retriever in Retriever if weights[retriever] > 0]
    depths = dict.fromkeys(retrievers, FIRST_DEPTH)
    found = {retriever: retrieval.retrieve(retriever, FIRST_DEPTH) for retriever in retrievers}
    while True:
        known, unfinished = _check_tiers(found)
        fused = score_items(list(found.values()), weights)
        relevant, likely = (fused.count(cut) for cut in CUTS)
        # There are fewer stacks than items: if the items do not suffice, stacking is not needed.
        if reaches((relevant, likely - relevant, len(fused.items) - likely), known, query, end):
            ranking = _assemble(query, weights, found, fused, known, order)
            if ranking.reaches(query, end):
                return ranking if known else _estimate(ranking, retrieval, found, fused)
        depths |= {retriever: _deepen(depths[retriever], found[retriever], known, end) for retriever in unfinished}
        found |= {retriever: retrieval.retrieve(retriever, depths[retriever]) for retriever in unfinished}


def keep_relevant(old: Ranking, new: Ranking) -> Ranking:
    """Return a new ranking with the relevant results of an earlier one, if those were complete.

    Deeper scoring raises items near the cut a little. Without this, such an item would be missing from the pages
    of both tiers.
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
    """Return the indexes of the tiers that a query requests."""
    if query.include_all:
        return 0, 1, 2
    return (list(Tier).index(query.tier),)


def _check_tiers(found: Mapping[Retriever, Retrieved]) -> tuple[int, list[Retriever]]:
    """Return the number of complete tiers, and the retrievers that have more segments for the next one."""
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
    """Return how many segments to retrieve next: as many as may be relevant and are counted or requested."""
    if known > 0 or not len(found.probabilities):
        return depth * DEEPENING
    share = float((found.probabilities >= RELEVANCE_CUT).mean())
    wanted = 1.3 * max(MAX_EXACT_TOTAL, end) / max(share, 1e-3)
    return round(min(max(wanted, 2 * depth), depth * DEEPENING * (2 if share > HIGH_RELEVANT_SHARE else 1)))


def _assemble(
    query: Query,
    weights: Mapping[Retriever, float],
    found: Mapping[Retriever, Retrieved],
    fused: Scores,
    known: int,
    order: Order,
) -> Ranking:
    """Group the items into tiers. A tier that is not requested is included only if it is small."""
    relevant, likely = (fused.count(cut) for cut in CUTS)
    is_eager = query.tier is Tier.POSSIBLE or likely - relevant <= MAX_EAGER_POSSIBLE
    min_score = 0.0 if query.include_all else POSSIBLE_CUT if is_eager else RELEVANCE_CUT
    ranked = fuse(list(found.values()), weights, min_score)
    left_out = list_left_out(query)
    ranked = [one for one in ranked if one.item_id not in left_out]
    bounds = (2.0, *CUTS, -1.0)
    parts = [[one for one in ranked if low <= one.score < high] for high, low in pairwise(bounds)]
    stacked = [stack_copies(part) if query.stack else [Stack(one) for one in part] for part in parts]
    tiers = (tuple(order(stacked[0])), tuple(stacked[1]), tuple(stacked[2]))
    if ranked and ranked[0].best_segments is not None:
        ranked[0].best_segments.drop_vectors()  # shared by all items
    # A tier that was not stacked is not known, however deep the retrieval went.
    assembled = 3 if query.include_all else 2 if is_eager else 1
    possible = Count(len(tiers[1]), known < 2) if assembled > 1 else Count(likely - relevant, True)
    return Ranking(tiers, min(known, assembled), Count(len(tiers[0])), possible)


def list_left_out(query: Query) -> frozenset[int]:
    """Return the items that "more like this" leaves out: the examples themselves.

    Next to words or images, an item is feedback on the results and stays.
    """
    wanted = [part for part in query.parts if part.weight > 0]
    parsed = parse_query(query.text or "")
    if parsed.text or parsed.added or query.voice or any(part.item is None or part.crop for part in wanted):
        return frozenset()
    return frozenset(part.item for part in wanted if part.item is not None)


def _estimate(ranking: Ranking, retrieval: Retrieval, found: Mapping[Retriever, Retrieved], fused: Scores) -> Ranking:
    """Estimate the numbers of relevant and possible results of a ranking without a complete tier."""
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
