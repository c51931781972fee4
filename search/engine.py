"""The search engine: it encodes a query, retrieves and ranks segments, and returns pages of results."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from search.model_swap import ModelSwap
from search.open_home import OpenHome
from search.paging import Cursor, LruCache, Page, follows, list_items, read_cursor, resume, write_cursor
from search.places.names import describe_place
from search.query.browsing import read_filters
from search.query.encoding import encode_query
from search.query.grammar import parse_query
from search.records import (
    Answer,
    Coverage,
    Evidence,
    Hit,
    Item,
    Matches,
    Query,
    Retriever,
    Segment,
    SegmentKind,
    Sort,
    Tier,
)
from search.retrieval.placed import open_retrieval
from search.retrieval.ranking import Count, Ranking, keep_relevant, rank
from search.retrieval.retrieval import Retrieval
from search.scoring.candidates import RELEVANCE_CUT, Candidate, Ranked
from search.scoring.grouping import Stack, choose_cover, diversify
from search.storage.folders import check_folder
from search.text.dates.reading import get_today
from search.text.snippets import choose_lines, cut_snippet
from search.warm_up import WarmUp, load

# The number of segments that each retriever returns for `Engine.find_moments`.
MAX_MOMENTS = 500
# Larger pages are not cached, since programs request them, and only once.
MAX_CACHED_PAGE = 200


class Engine:
    """Answers queries over one library, and caches rankings and pages. Thread-safe.

    Attributes:
        warming: The state of the warm-up.
    """

    def __init__(self, library: OpenHome) -> None:
        self._swap = ModelSwap(library, load, self._clear)
        self._rankings = LruCache[Ranking]()
        self._pages = LruCache[Page]()
        self._coverage = LruCache[Coverage]()
        self.warming = WarmUp()

    @property
    def library(self) -> OpenHome:
        """The library that searches use. It is replaced when the home chooses other models."""
        return self._swap.library

    def warm_up(self) -> None:
        """Load the models and indexes for text queries, and finish index builds that were interrupted."""
        library = self.library
        self.warming.run(library)
        for index in library.indexes.values():
            index.rebuild_if_stale()

    def search(self, query: Query) -> Answer:
        """Answer a query.

        Raises:
            UsageError: The query is not valid.
            UnreadableMediaError: An image or a recording cannot be read.
            NoSpeechError: A voice query contains no speech.
            NotFoundError: An item or an uploaded image does not exist.
        """
        started = time.perf_counter()
        revision = self.library.catalog.read_revision()
        # Use one library throughout, since its models and its indexes belong together.
        library = self._swap.get_current(revision).restrict(query.filters.rights)
        cursor = read_cursor(query)
        ranking, place = self._find_ranking(library, query, cursor, revision)
        results = ranking.list_results(query)
        page = results[place : place + query.limit]
        end = place + len(page)
        has_next = bool(page) and end < len(results)
        next_cursor = replace(cursor, place=end, shown=list_items(results[:end])) if has_next else None
        return Answer(
            text=query.text,
            voice=ranking.voice,
            language=ranking.language,
            only_english=ranking.only_english,
            corrected=ranking.corrected,
            ignored=ranking.ignored,
            recognized=ranking.recognized,
            open_quote=parse_query(query.text or "").open_quote,
            hits=self._read_page(query, replace(cursor, place=place), page, ranking, revision),
            total=ranking.total.number,
            total_is_estimate=ranking.total.is_estimate,
            possible=ranking.possible.number,
            possible_is_estimate=ranking.possible.is_estimate,
            next=write_cursor(next_cursor) if next_cursor else None,
            nothing_relevant=not ranking.tiers[0] and not ranking.total.number,
            coverage=replace(self._read_coverage(library, revision), outdated=tuple(map(str, library.outdated))),
            took_ms=(time.perf_counter() - started) * 1000,
        )

    def _find_ranking(self, library: OpenHome, query: Query, cursor: Cursor, revision: int) -> tuple[Ranking, int]:
        """Return a ranking that reaches the end of the requested page, and the position where the page starts in it.

        A first page always uses the current catalog. Later pages use the cached ranking of the first one.
        """
        cached = self._rankings.get(cursor.query)
        is_current = cached is not None and (cached.revision, cached.day) == (revision, get_today())
        if query.cursor is None and cached is not None and (cached.is_resumed or not is_current):
            cached = None
        place, end = cursor.place, cursor.place + query.limit
        if cached is not None and cached.is_complete(query, end):
            ranking = cached
        else:
            ranking = self._make_ranking(library, query, end, revision)
            ranking = keep_relevant(cached, ranking) if cached is not None else ranking
        if query.cursor is not None and not follows(cursor, ranking, query):
            ranking, place = resume(cursor, ranking, query)
        # A search that started with the old models must not cache its ranking for the new ones.
        if ranking is not cached and library.active is self.library.active:
            self._rankings.put(cursor.query, ranking)
        return ranking, place

    def match(self, query: Query) -> Matches:
        """Return what a query matches, to count it. The ranking of a search for the same query is reused.

        Raises:
            UsageError: The query is not valid.
            UnreadableMediaError: An image cannot be read.
            NotFoundError: An item or an uploaded image does not exist.
        """
        filters = read_filters(query)
        if filters is not None:
            if filters.path is not None:
                check_folder(self.library.database, filters.path, filters.rights)
            return Matches(filters)
        revision = self.library.catalog.read_revision()
        library = self._swap.get_current(revision).restrict(query.filters.rights)
        first = replace(query, cursor=None, limit=1, include_all=False, tier=Tier.RELEVANT)
        ranking, _ = self._find_ranking(library, first, read_cursor(first), revision)
        if ranking.is_browsing:
            return Matches(ranking.filters)
        tier, count = Tier.RELEVANT, ranking.total
        if not ranking.tiers[0]:
            first = replace(first, tier=Tier.POSSIBLE)
            ranking, _ = self._find_ranking(library, first, read_cursor(first), revision)
            tier, count = Tier.POSSIBLE, ranking.possible
        stacks = ranking.list_results(first)
        item_ids = tuple(stack.first.item_id for stack in stacks)
        return Matches(ranking.filters, item_ids, tier, count.number, count.is_estimate)

    def find_moments(self, item_id: int, query: Query) -> tuple[Evidence, ...]:
        """Return the relevant segments of one item, at most `MAX_MOMENTS` per retriever, in the order of the item.

        Args:
            item_id: The id of the item.
            query: The query. Its filters apply too, except for the path.

        Raises:
            UsageError: The query is not valid.
            UnreadableMediaError: An image or a recording cannot be read.
            NoSpeechError: A voice query contains no speech.
            NotFoundError: An item or an uploaded image does not exist.
        """
        revision = self.library.catalog.read_revision()
        library = self._swap.get_current(revision).restrict(query.filters.rights)
        item = library.catalog.get_item(item_id)
        encoded = encode_query(library, replace(query, filters=replace(query.filters, path=item.path)))
        retrieval = Retrieval(library, encoded, False, revision, decides_presence=False)
        best: dict[int, Candidate] = {}
        for retriever in Retriever:
            retrieved = retrieval.retrieve(retriever, MAX_MOMENTS)
            for index in np.flatnonzero(retrieved.probabilities >= RELEVANCE_CUT).tolist():
                candidate = retrieved.make_candidate(index)
                cached = best.get(candidate.segment_id)
                if cached is None or cached.probability < candidate.probability:
                    best[candidate.segment_id] = candidate
        segments = library.catalog.read_segments(best)
        words = tuple(word.whole for word in encoded.words)
        found = [segment_id for segment_id in sorted(best) if segment_id in segments]
        return tuple(_make_evidence(best[segment_id], segments[segment_id].segment, words) for segment_id in found)

    def get_current_library(self) -> OpenHome:
        """Return the current library, reloading it if the models changed.

        Raises:
            HomeError: A space was filled by other files of its model.
            ModelError: A chosen model is not on this machine.
        """
        return self._swap.get_current(self.library.catalog.read_revision())

    def _clear(self) -> None:
        self._rankings.clear()
        self._pages.clear()

    def _read_coverage(self, library: OpenHome, revision: int) -> Coverage:
        """Return the coverage. It is counted again only if the catalog has changed, since counting reads every item."""
        key = f"{revision} {library.catalog.rights}"
        coverage = self._coverage.get(key)
        if coverage is None:
            coverage = library.catalog.read_coverage()
            self._coverage.put(key, coverage)
        return coverage

    def _make_ranking(self, library: OpenHome, query: Query, end: int, revision: int) -> Ranking:
        """Rank items until the results are known up to a position. A query with only filters lists the newest first."""
        encoded = encode_query(library, query)
        if encoded.filters.path is not None:
            check_folder(library.database, encoded.filters.path, encoded.filters.rights)
        if encoded.is_browsing:
            newest = library.catalog.list_newest(encoded.filters)
            stacks = self._order([Stack(Ranked(item_id, 1.0, 0.0)) for item_id in newest], query)
            ranking = Ranking((tuple(stacks), (), ()), 3, Count(len(stacks)), Count(0))
        else:
            retrieval = open_retrieval(library, query, encoded, revision)
            ranking = rank(query, encoded.weights, end, retrieval, lambda stacks: self._order(stacks, query))
        return replace(
            ranking,
            words=tuple(word.whole for word in encoded.words),
            filters=encoded.filters,
            is_browsing=encoded.is_browsing,
            ignored=encoded.ignored,
            voice=encoded.voice,
            language=encoded.language,
            only_english=encoded.only_english,
            corrected=encoded.corrected,
            recognized=encoded.recognized,
            day=get_today(),
            revision=revision,
        )

    def _order(self, stacks: list[Stack], query: Query) -> list[Stack]:
        """Sort the relevant results as requested."""
        if query.sort is Sort.RELEVANCE:
            return diversify(stacks, query.diversity)
        places = self.library.catalog.read_order(query.sort, [stack.first.item_id for stack in stacks])
        return sorted(stacks, key=lambda stack: places[stack.first.item_id])

    def _read_page(
        self, query: Query, cursor: Cursor, page: tuple[Stack, ...], ranking: Ranking, revision: int
    ) -> tuple[Hit, ...]:
        """Return the hits of a page, from the cache if the catalog has not changed since they were read.

        The key of the cache includes the rights, as a part of the query.
        """
        key = f"{cursor.query} {cursor.results} {cursor.place} {query.limit}"
        cached = self._pages.get(key)
        if cached is None or not cached.shows(revision, page):
            cached = Page(revision, page, self._make_hits(query, page, cursor.place, ranking))
            if len(page) <= MAX_CACHED_PAGE:
                self._pages.put(key, cached)
        return cached.hits

    def _make_hits(self, query: Query, page: Sequence[Stack], offset: int, ranking: Ranking) -> tuple[Hit, ...]:
        catalog = self.library.restrict(query.filters.rights).catalog
        items = catalog.read_items([item_id for stack in page for item_id in stack.item_ids])
        candidates_by_stack = [stack.first.candidates for stack in page]
        segments = catalog.read_segments(
            [candidate.segment_id for candidates in candidates_by_stack for candidate in candidates]
        )
        has_dates = any((ranking.filters.date, ranking.filters.after, ranking.filters.before))
        hits = []
        for place, (stack, candidates) in enumerate(zip(page, candidates_by_stack, strict=True)):
            ranked = stack.first
            if ranked.item_id not in items:
                continue  # removed since it was ranked
            evidence = tuple(
                _make_evidence(candidate, segments[candidate.segment_id].segment, ranking.words)
                for candidate in candidates
                if candidate.segment_id in segments
            )
            evidence = tuple(map(partial(_describe_place, items[ranked.item_id], query), evidence))
            relevant = ranked.score >= RELEVANCE_CUT and (query.include_all or query.tier is Tier.RELEVANT)
            item = choose_cover([items[item_id] for item_id in stack.item_ids if item_id in items])
            others = tuple(item_id for item_id in stack.item_ids if item_id != item.id)
            is_guessed = has_dates and item.is_date_guessed
            hits.append(Hit(offset + place + 1, ranked.score, relevant, item, evidence, others, is_guessed))
        return tuple(hits)


def _describe_place(item: Item, query: Query, evidence: Evidence) -> Evidence:
    """Return evidence, or that of the place if it is the name of a file that has no word of the query."""
    if evidence.kind is not SegmentKind.NAME or evidence.raw:
        return evidence
    place = describe_place(item.place, query.filters.rights.locations)
    return replace(evidence, kind=SegmentKind.PLACE, snippet=place)


def _make_evidence(candidate: Candidate, segment: Segment, words: Sequence[str]) -> Evidence:
    return Evidence(
        retriever=candidate.retriever,
        segment_id=candidate.segment_id,
        kind=segment.kind,
        score=candidate.probability,
        raw=candidate.raw,
        start=segment.start,
        end=segment.end,
        page=segment.page,
        offset=segment.offset,
        snippet=cut_snippet(segment.text, words) if segment.text else None,
        lines=choose_lines(segment.lines, words),
        terms=candidate.terms,
    )
