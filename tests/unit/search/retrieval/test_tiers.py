"""Results in two tiers, scored no further than requested, with invented candidates of any number and with the demo."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.engine import Engine
from search.query.encoding import encode_query
from search.records import Filters, ItemType, Query, QueryPart, Retriever, Sort, Tier
from search.retrieval.ranking import MAX_EXACT_TOTAL, keep_relevant, rank
from search.retrieval.retrieval import SEGMENT_CUT, TEXT_MATCH_CUT, Retrieval
from search.retrieval.text_retriever import TextRetriever
from search.scoring.candidates import POSSIBLE_CUT, RELEVANCE_CUT, Retrieved, make_empty

WEIGHTS = dict.fromkeys(Retriever, 1.0)
EVERYTHING = Query(text="q", include_all=True, stack=False, limit=1000)


class InventedRetrievers:
    """Retrievers with invented results: item n has the probabilities at index n.

    As in the real class, images of items with likely texts are scored at any depth.
    """

    def __init__(self, **probabilities):
        self.depths = {}
        self._probabilities = {Retriever(name): np.array(values, np.float32) for name, values in probabilities.items()}

    def retrieve(self, retriever, depth):
        if retriever not in self._probabilities:
            return make_empty(retriever)
        self.depths[retriever] = depth
        everything = self._probabilities[retriever]
        order = np.argsort(-everything, kind="stable")
        chosen, rest = order[:depth], order[depth:]
        if retriever is Retriever.VISUAL and Retriever.SEMANTIC in self._probabilities:
            semantic = self._probabilities[Retriever.SEMANTIC][rest] >= TEXT_MATCH_CUT
            chosen, rest = np.concatenate([chosen, rest[semantic]]), rest[~semantic]
        floor = float(everything[rest].max(initial=0))
        scores = everything[chosen]
        return Retrieved(retriever, chosen, chosen, scores, scores, exhausted=not len(rest), max_remaining=floor)

    def estimate_counts(self, retriever, cuts):
        sample = np.random.default_rng(0).permutation(self._probabilities[retriever])[:1024]
        return [float((sample >= cut).mean()) * len(self._probabilities[retriever]) for cut in cuts]


def rank_all(retrievers, query, end):
    return rank(query, WEIGHTS, end, retrievers, list)


def list_pages(retrievers, query, limit, known=None):
    """Return all results of a query as a client would page through them, ranking again for every page, and the ranking.

    known: the ranking of earlier pages of another tier, which the engine caches.
    """
    shown = []
    while True:
        fresh = rank_all(retrievers, query, len(shown) + limit)
        known = fresh if known is None else keep_relevant(known, fresh)
        results = [stack.first.item_id for stack in known.list_results(query)]
        earlier = set(shown)
        rest = [item for item in results if item not in earlier]
        if not rest:
            return shown, known
        shown += rest[:limit]


# Pages of thousands take long: a quarter of the usual examples.
@settings(max_examples=settings.default.max_examples // 4)
@given(st.integers(0, 2**31), st.integers(1, 3_000), st.floats(0.02, 8.0), st.integers(50, 400))
def test_the_pages_of_both_tiers_are_the_ranking(seed, count, shape, limit):
    random = np.random.default_rng(seed)
    values = {name: random.beta(shape, 2, count) * (random.random(count) < 0.7) for name in ("visual", "semantic")}
    retrievers = InventedRetrievers(**values)
    query = replace(EVERYTHING, include_all=False)
    relevant, known = list_pages(retrievers, query, limit)
    possible, _ = list_pages(retrievers, replace(query, tier=Tier.POSSIBLE), limit, known)
    everything, _ = list_pages(retrievers, EVERYTHING, limit)
    assert len(set(everything)) == len(everything) == count
    whole = 1 - np.prod([1 - retriever.astype(np.float32).astype(float) for retriever in values.values()], axis=0)
    assert set(relevant).isdisjoint(possible)
    # A result below the floor of a tier in one retriever may be missing: it could not add more than that.
    for found, cut, floor in (
        (relevant, RELEVANCE_CUT, SEGMENT_CUT),
        ([*relevant, *possible], POSSIBLE_CUT, POSSIBLE_CUT / 2),
    ):
        assert set(found) <= set(np.flatnonzero(whole >= cut).tolist())
        assert set(found) >= set(np.flatnonzero(whole >= cut + floor).tolist())


@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
def test_what_much_of_a_library_answers_is_not_scored_to_its_end(share):
    random = np.random.default_rng(1)
    count = 100_000
    matching = random.random(count) < share
    retrievers = InventedRetrievers(
        visual=np.where(matching, random.uniform(0.5, 1, count), random.uniform(0, 0.09, count))
    )
    query = replace(EVERYTHING, include_all=False, limit=100)
    ranking = rank_all(retrievers, query, 100)
    assert retrievers.depths[Retriever.VISUAL] <= 4 * MAX_EXACT_TOTAL + 100
    assert ranking.total.is_estimate
    assert ranking.total.number == pytest.approx(matching.sum(), rel=0.15)
    assert rank_all(retrievers, query, 30 if share == 1 else 9_000).is_complete(query, 30 if share == 1 else 9_000)


def test_up_to_a_thousand_are_counted_exactly():
    scores = np.concatenate([np.full(1000, 0.9), np.full(150, 0.3), np.full(50_000, 0.01)])
    ranking = rank_all(InventedRetrievers(visual=scores), replace(EVERYTHING, include_all=False), 20)
    assert (ranking.total.number, ranking.total.is_estimate, ranking.possible.number) == (1000, False, 150)


def test_an_estimate_counts_possible_ones_too_and_no_fewer_than_are_known():
    scores = np.concatenate([np.full(5_000, 0.9), np.full(20_000, 0.3), np.zeros(75_000)])
    ranking = rank_all(InventedRetrievers(visual=scores), replace(EVERYTHING, include_all=False), 20)
    assert ranking.possible.number == pytest.approx(20_000, rel=0.2)
    nothing = InventedRetrievers(visual=scores)
    nothing.estimate_counts = lambda retriever, cuts: [0.0, 0.0]
    assert rank_all(nothing, replace(EVERYTHING, include_all=False), 20).total.number > MAX_EXACT_TOTAL


def test_another_order_than_by_relevance_knows_all_that_is_relevant():
    retrievers = InventedRetrievers(visual=np.concatenate([np.full(3000, 0.9), np.full(9000, 0.01)]))
    ranking = rank_all(retrievers, replace(EVERYTHING, include_all=False, sort=Sort.NEWEST), 20)
    assert (ranking.total.number, ranking.total.is_estimate) == (3000, False)


def test_scoring_further_moves_nothing_from_one_tier_into_the_other():
    """Item 1 is just below the cut until the other retriever returns more, after the relevant tier was paged."""
    seen = np.concatenate([[0.9, 0.49], np.full(2000, 0.08)])
    semantic = np.concatenate([[0.0, 0.07], np.full(2000, 0.0902)])
    retrievers = InventedRetrievers(visual=seen, semantic=semantic)
    query = Query(text="q", stack=False)
    first = rank_all(retrievers, query, 20)
    further = rank_all(retrievers, replace(query, tier=Tier.POSSIBLE), 2_000)
    assert [len(one.tiers[0]) for one in (first, further)] == [1, 2]
    kept = keep_relevant(replace(first, revision=1), replace(further, revision=1))
    assert [[stack.first.item_id for stack in tier][:1] for tier in kept.tiers[:2]] == [[0], [1]]
    assert kept.possible.number == further.possible.number + 1


@cache
def ask(engine, **fields):
    return engine.search(Query(text="a cat", **fields))


def test_the_tiers_of_a_library_are_its_ranking(engine):
    whole = ask(engine, include_all=True, limit=100)
    relevant, possible = ask(engine, limit=100), ask(engine, limit=100, tier=Tier.POSSIBLE)
    both = [*relevant.hits, *possible.hits]
    assert [hit.item.id for hit in both] == [hit.item.id for hit in whole.hits][: len(both)]
    assert all(hit.relevant for hit in relevant.hits)
    assert not any(hit.relevant for hit in possible.hits)
    assert all(hit.score >= POSSIBLE_CUT for hit in both)
    assert all(hit.score < POSSIBLE_CUT for hit in whole.hits[len(both) :])
    for answer in (whole, relevant, possible):
        assert (answer.total, answer.possible) == (len(relevant.hits), len(possible.hits))
        assert not answer.total_is_estimate
        assert not answer.possible_is_estimate


def test_a_first_page_is_ranked_again_only_when_the_library_has_changed(library, monkeypatch):
    engine = Engine(library)
    ranked = []
    make = engine._make_ranking
    monkeypatch.setattr(engine, "_make_ranking", lambda *given: ranked.append(given) or make(*given))
    query = Query(text="a cup", limit=5)
    first = engine.search(query)
    assert engine.search(query).hits == first.hits
    assert engine.search(replace(query, tier=Tier.POSSIBLE)).total == first.total
    assert len(ranked) == 1
    revision = library.catalog.read_revision()
    monkeypatch.setattr(library.catalog, "read_revision", lambda: revision + 1)
    assert engine.search(query).hits == first.hits
    assert len(ranked) == 2


def test_a_cached_ranking_holds_no_vectors(library):
    engine = Engine(library)
    engine.search(Query(text="a cat"))
    (ranking,) = engine._rankings._entries.values()
    shown = [one for tier in ranking.tiers for stack in tier for one in stack.first.candidates]
    assert shown
    assert all(one.vector is None for one in shown)


def test_more_like_this_returns_neighbors_without_the_item(engine):
    photo = engine.search(Query(text="a cat", filters=Filters(types=(ItemType.IMAGE,)))).hits[0].item
    for text in (None, "type:image"):
        near = engine.search(Query(text=text, parts=(QueryPart(item=photo.id),), include_all=True)).hits
        assert near
        assert photo.id not in {hit.item.id for hit in near}
    region = Query(parts=(QueryPart(item=photo.id, crop=(0.0, 0.0, 1.0, 1.0)),), include_all=True)
    near = engine.search(region).hits
    assert near
    assert photo.id not in {hit.item.id for hit in near}
    judged = Query(text="cat", parts=(QueryPart(item=photo.id),), include_all=True)
    assert Path(photo.path).name in [Path(hit.item.path).name for hit in engine.search(judged).hits[:3]]


def test_images_of_items_with_likely_texts_are_scored_at_any_depth(library, monkeypatch):
    """A video may be relevant by its speech and its frames together, but not by either of them."""
    revision = library.catalog.read_revision()
    film = Engine(library).search(Query(filters=Filters(types=(ItemType.VIDEO,)))).hits[0].item.id
    encoded = encode_query(library, Query(text="grass"))
    monkeypatch.setattr(TextRetriever, "list_likely_items", lambda *_: np.zeros(0, np.int64))
    assert film not in Retrieval(library, encoded, False, revision).retrieve(Retriever.VISUAL, 1).item_ids
    monkeypatch.setattr(TextRetriever, "list_likely_items", lambda *_: np.array([film]))
    found = Retrieval(library, encoded, False, revision).retrieve(Retriever.VISUAL, 1)
    assert film in found.item_ids
    assert (np.diff(found.probabilities) <= 0).all()
