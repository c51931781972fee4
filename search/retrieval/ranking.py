"""Ranking of the retrieved segments in tiers, scoring no more of them than the requested pages need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

import numpy as np

from search.deadline import check_deadline
from search.query.intent.reading import read_query
from search.records import Filters, Query, Recognized, Retriever, Sort, Tier, VoiceTranscript
from search.retrieval.placed import Retrieving
from search.retrieval.retrieval import SEGMENT_CUT, VISUAL_CUT
from search.scoring.candidates import POSSIBLE_CUT, RELEVANCE_CUT, Retrieved, Scores, fuse, score_items
from search.scoring.grouping import Stack, stack_near_duplicates

# The number of segments that each retriever returns at first, and the factor by which it grows when more are needed.
FIRST_DEPTH = 256
DEPTH_GROWTH = 4
# If more than this share of the retrieved segments is relevant, the next depth grows twice as fast.
HIGH_RELEVANT_SHARE = 0.4
# Above this, the number of relevant results is estimated.
MAX_EXACT_TOTAL = 1_000
# Up to this many possible items are ranked together with the relevant ones, since they are usually requested next.
MAX_EAGER_POSSIBLE = 200
# The lowest scores of the relevant and the possible tier.
CUTS = (RELEVANCE_CUT, POSSIBLE_CUT)
# A tier is complete when no retriever has a segment left that is at least this likely. The last tier is complete when
# all retrievers are exhausted.
TIER_CUTS = (SEGMENT_CUT, POSSIBLE_CUT / 2, -1.0)
# A function that sorts the relevant results as requested.
Order = Callable[[list[Stack]], list[Stack]]


@dataclass(frozen=True)
class Count:
    """A number of results.

    Attributes:
        number: The number.
        is_estimate: Whether it is an estimate, because not all results were scored.
    """

    number: int
    is_estimate: bool = False


@dataclass(frozen=True)
class Ranking:
    """The answer to a query, best first.

    Attributes:
        tiers: The relevant results, the possible ones and the rest.
        complete_tiers: The number of complete tiers, counted from the first.
        total: The number of relevant results.
        possible: The number of possible results.
        words: The words to highlight.
        filters: The filters of the query, wherever they were written.
        is_browsing: Whether the query has only filters, so that the results are all items that satisfy them.
        ignored: The stop words, as typed.
        voice: The transcript of a spoken query.
        language: The language of the query (ISO 639-1), if it was detected.
        only_english: The chosen models that only understand English, if the query is in another language.
        corrected: The text without its typing errors, if there were any.
        recognized: The words of the text that are used as filters.
        day: The day from which dates such as "last month" were counted.
        revision: The revision of the catalog.
        is_resumed: Whether results that were already shown on the pages before a cursor were moved to the front.
    """

    tiers: tuple[tuple[Stack, ...], ...]
    complete_tiers: int
    total: Count
    possible: Count
    words: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    is_browsing: bool = False
    ignored: tuple[str, ...] = ()
    voice: VoiceTranscript | None = None
    language: str | None = None
    only_english: tuple[str, ...] = ()
    corrected: str | None = None
    recognized: tuple[Recognized, ...] = ()
    day: date | None = None
    revision: int = -1
    is_resumed: bool = False

    def list_results(self, query: Query) -> tuple[Stack, ...]:
        """Return the results that a query requests, as far as they are scored."""
        return tuple(stack for tier in _select_tiers(query) for stack in self.tiers[tier])

    def is_complete(self, query: Query, end: int) -> bool:
        """Return whether the results up to position `end` are complete, and it is known if another page follows."""
        return is_complete([len(tier) for tier in self.tiers], self.complete_tiers, query, end)


def is_complete(sizes: Sequence[int], complete_tiers: int, query: Query, end: int) -> bool:
    """Return whether the requested results are complete up to a position, and it is known if any follow.

    Args:
        sizes: The number of results in each tier.
        complete_tiers: The number of complete tiers, counted from the first.
        query: The query, which requests one tier or all.
        end: The position after the last result of the page.
    """
    requested = _select_tiers(query)
    if complete_tiers < requested[0]:
        return False
    for tier in requested:
        if tier >= complete_tiers:
            if tier == 0 and (query.sort is not Sort.RELEVANCE or sizes[0] <= MAX_EXACT_TOTAL):
                return False
            return end < sizes[tier]
        if end < sizes[tier]:
            return True
        end -= sizes[tier]
    return True


@dataclass(frozen=True)
class _Scored:
    """The segments retrieved so far, and the scores of their items.

    Attributes:
        retrieved: The result of each retriever.
        fused: The scores of the items.
        complete_tiers: The number of complete tiers, counted from the first.
    """

    retrieved: Mapping[Retriever, Retrieved]
    fused: Scores
    complete_tiers: int

    def count_tiers(self) -> tuple[int, int, int]:
        """Return the number of items in each tier."""
        relevant, at_least_possible = (self.fused.count(cut) for cut in CUTS)
        return relevant, at_least_possible - relevant, len(self.fused.item_ids) - at_least_possible


def rank(query: Query, weights: Mapping[Retriever, float], end: int, retrieval: Retrieving, order: Order) -> Ranking:
    """Retrieve more segments until the requested results are complete_tiers up to a position.

    If more than 1,000 results are relevant, retrieval stops when the page is full, and their number is estimated.

    Args:
        query: The query.
        weights: The weight of each retriever; those of weight 0 are not used.
        end: The position after the last result of the page.
        retrieval: Retrieves segments for the query.
        order: Sorts the relevant results.
    """
    retrievers = [retriever for retriever in Retriever if weights[retriever] > 0]
    depths = dict.fromkeys(retrievers, FIRST_DEPTH)
    retrieved = {retriever: retrieval.retrieve(retriever, FIRST_DEPTH) for retriever in retrievers}
    while True:
        check_deadline()
        complete_tiers, unfinished = _check_tiers(retrieved)
        scored = _Scored(retrieved, score_items(list(retrieved.values()), weights), complete_tiers)
        # There are fewer stacks than items: if there are not enough items, stacking is not needed.
        if is_complete(scored.count_tiers(), complete_tiers, query, end):
            ranking = _assemble(query, weights, scored, order)
            if ranking.is_complete(query, end):
                return ranking if complete_tiers else _estimate(ranking, retrieval, scored)
        depths |= {
            retriever: _deepen(depths[retriever], retrieved[retriever], complete_tiers, end) for retriever in unfinished
        }
        retrieved = retrieved | {
            retriever: retrieval.retrieve(retriever, depths[retriever]) for retriever in unfinished
        }


def keep_relevant(old: Ranking, new: Ranking) -> Ranking:
    """Return a new ranking with the relevant results of an earlier one, if those were complete.

    Retrieving more segments can raise an item a little, from the possible to the relevant tier. If the pages of the
    relevant tier were already shown, the item would appear in neither tier. So it stays possible.
    """
    if old.complete_tiers < 1 or old.revision != new.revision:
        return new
    positions = {item: at for at, stack in enumerate(old.tiers[0]) for item in stack.item_ids}
    relevant = list(old.tiers[0])
    others: list[list[Stack]] = [[], [], []]
    for number, tier in enumerate(new.tiers):
        for stack in tier:
            at = next((positions[item] for item in stack.item_ids if item in positions), None)
            if at is None:
                others[number].append(stack)
            else:
                added = tuple(item for item in stack.item_ids if item not in positions)
                relevant[at] = replace(relevant[at], others=(*relevant[at].others, *added))
    raised, possible, rest = others
    possible = [*raised, *possible]
    count = Count(len(possible)) if new.complete_tiers >= 2 else new.possible
    tiers = (tuple(relevant), tuple(possible), tuple(rest))
    return replace(new, tiers=tiers, total=old.total, possible=count, is_resumed=old.is_resumed)


def _select_tiers(query: Query) -> tuple[int, ...]:
    """Return the indexes of the tiers that a query requests."""
    if query.include_all:
        return 0, 1, 2
    return (list(Tier).index(query.tier),)


def _check_tiers(retrieved: Mapping[Retriever, Retrieved]) -> tuple[int, list[Retriever]]:
    """Return the number of complete tiers, and the retrievers that have more segments for the next one."""
    for complete_tiers, cut in enumerate(TIER_CUTS):
        cuts = dict.fromkeys(retrieved, cut)
        if complete_tiers == 0 and Retriever.VISUAL in cuts:
            cuts[Retriever.VISUAL] = VISUAL_CUT
        unfinished = [
            retriever
            for retriever, found in retrieved.items()
            if not found.exhausted and found.max_remaining >= cuts[retriever]
        ]
        if unfinished:
            return complete_tiers, unfinished
    return len(TIER_CUTS), []


def _deepen(depth: int, found: Retrieved, complete_tiers: int, end: int) -> int:
    """Return how many segments to retrieve next: as many as may be relevant and are counted or requested."""
    if complete_tiers > 0 or not len(found.probabilities):
        return depth * DEPTH_GROWTH
    relevant_share = float((found.probabilities >= RELEVANCE_CUT).mean())
    expected_need = 1.3 * max(MAX_EXACT_TOTAL, end) / max(relevant_share, 1e-3)
    max_growth = DEPTH_GROWTH * (2 if relevant_share > HIGH_RELEVANT_SHARE else 1)
    return round(min(max(expected_need, 2 * depth), depth * max_growth))


def _assemble(query: Query, weights: Mapping[Retriever, float], scored: _Scored, order: Order) -> Ranking:
    """Group the items into tiers. A tier that is not requested is included only if it is small."""
    possible_items = scored.count_tiers()[1]
    is_eager = query.tier is Tier.POSSIBLE or possible_items <= MAX_EAGER_POSSIBLE
    min_score = 0.0 if query.include_all else POSSIBLE_CUT if is_eager else RELEVANCE_CUT
    ranked = fuse(list(scored.retrieved.values()), weights, min_score)
    examples = list_left_out(query)
    ranked = [item for item in ranked if item.item_id not in examples]
    bounds = (2.0, *CUTS, -1.0)
    parts = [[item for item in ranked if low <= item.score < high] for high, low in pairwise(bounds)]
    stacked = [stack_near_duplicates(part) if query.stack else [Stack(item) for item in part] for part in parts]
    tiers = (tuple(order(stacked[0])), tuple(stacked[1]), tuple(stacked[2]))
    if ranked and ranked[0].best_segments is not None:
        ranked[0].best_segments.drop_vectors()  # shared by all items
    # A tier that was not assembled is incomplete, however many segments were retrieved.
    assembled = 3 if query.include_all else 2 if is_eager else 1
    possible = Count(len(tiers[1]), scored.complete_tiers < 2) if assembled > 1 else Count(possible_items, True)
    return Ranking(tiers, min(scored.complete_tiers, assembled), Count(len(tiers[0])), possible)


def list_left_out(query: Query) -> frozenset[int]:
    """Return the ids of the items that "more like this" leaves out: the examples themselves, also if a region is used.

    In a query that also has a text, a recording or an image, an item is relevance feedback and can be a result.
    """
    wanted = [part for part in query.parts if part.weight > 0]
    parsed = read_query(query).parsed
    if parsed.text or parsed.added or query.voice or any(part.item is None for part in wanted):
        return frozenset()
    return frozenset(part.item for part in wanted if part.item is not None)


def _estimate(ranking: Ranking, retrieval: Retrieving, scored: _Scored) -> Ranking:
    """Estimate the numbers of relevant and possible results of a ranking without a complete tier."""
    items = np.array([scored.fused.count(cut) for cut in CUTS], float)
    for retriever, found in scored.retrieved.items():
        if found.exhausted or found.max_remaining < SEGMENT_CUT:
            continue
        for tier, (cut, all_segments) in enumerate(zip(CUTS, retrieval.estimate_counts(retriever, CUTS), strict=True)):
            above = found.item_ids[found.probabilities >= cut]
            items[tier] += max(0.0, all_segments - len(above)) * len(np.unique(above)) / max(len(above), 1)
    stacks_per_item = len(ranking.tiers[0]) / max(scored.fused.count(RELEVANCE_CUT), 1)
    relevant, at_least_possible = np.round(items * stacks_per_item).astype(int).tolist()
    return replace(
        ranking,
        total=Count(max(relevant, len(ranking.tiers[0])), True),
        possible=Count(max(at_least_possible - relevant, len(ranking.tiers[1])), True),
    )
