"""Near-identical images are one stack; diversity reorders results and drops none."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import UsageError
from search.paging import Cursor, LruCache, hash_query, read_cursor, resume, write_cursor
from search.records import Query, QueryPart, Retriever, Tier
from search.retrieval.ranking import Count, Ranking
from search.scoring.candidates import Candidate, Ranked
from search.scoring.grouping import Stack, diversify, stack_near_duplicates


@dataclass(frozen=True)
class MadeUpMoments:
    candidates: tuple[Candidate, ...]

    def read(self, place):
        return self.candidates


def make(item_id, score=0.9, axis=0, phash=0):
    vector = np.zeros(8, np.float32)
    vector[axis % 8] = 1
    image = Candidate(Retriever.VISUAL, item_id, item_id, 0.3, score, vector, phash)
    return Ranked(item_id, score, 0.0, phash, 0, MadeUpMoments((image,)))


def test_copies_are_stacked_under_the_best():
    stacks = stack_near_duplicates([make(1), make(2, phash=0b11), make(3, axis=1), make(4, phash=2**62 - 1), make(5)])
    assert [(one.first.item_id, one.others) for one in stacks] == [(1, (2, 5)), (3, ()), (4, ())]


def test_items_with_no_or_several_images_are_not_stacked():
    speech = Ranked(1, 0.9, 0.0, best_segments=MadeUpMoments((Candidate(Retriever.SEMANTIC, 1, 1, 0.5, 0.9),)))
    film = Ranked(2, 0.9, 0.0, best_segments=MadeUpMoments(make(2).candidates * 2))
    assert len(stack_near_duplicates([speech, speech, film, film])) == 4


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), max_size=30), st.floats(0, 1))
def test_diversity_keeps_every_item_once(rows, strength):
    ordered = sorted(rows, reverse=True)
    stacks = [Stack(make(at, score, axis)) for at, (score, axis) in enumerate(ordered)]
    reordered = diversify(stacks, strength)
    assert sorted(one.first.item_id for one in reordered) == list(range(len(rows)))
    assert diversify(stacks, 0.0) == stacks


def test_diversity_brings_what_is_unlike_forward():
    stacks = [Stack(make(1, 0.9)), Stack(make(2, 0.89)), Stack(make(3, 0.8, axis=1))]
    assert [one.first.item_id for one in diversify(stacks, 0.5)] == [1, 3, 2]


def make_ranking(*tiers):
    return Ranking(tuple(tuple(tier) for tier in tiers), 3, Count(len(tiers[0])), Count(len(tiers[1])))


@given(
    st.permutations(range(1, 13)),
    st.sets(st.integers(1, 20)),
    st.tuples(st.integers(0, 12), st.integers(0, 12)).map(sorted),
    st.sampled_from([{"include_all": True}, {"tier": Tier.RELEVANT}, {"tier": Tier.POSSIBLE}]),
    st.integers(0, 2**31),
)
def test_a_ranking_made_again_goes_on_with_all_that_was_not_shown(order, shown, ends, asked, far):
    query = Query(text="q", **asked)
    first = read_cursor(query)
    written = replace(first, place=len(shown), shown=frozenset({*shown, far}))
    cursor = read_cursor(replace(query, cursor=write_cursor(written)))
    assert cursor == written
    stacks = [Stack(make(item)) for item in order]
    ranking = make_ranking(stacks[: ends[0]], stacks[ends[0] : ends[1]], stacks[ends[1] :])
    resumed, place = resume(cursor, ranking, query)
    before = [one.first.item_id for one in ranking.list_results(query)]
    after = [one.first.item_id for one in resumed.list_results(query)]
    assert after[place:] == [item for item in before if item not in {*shown, far}]
    assert sorted(after) == sorted(before)


def test_a_stack_of_which_one_was_shown_was_shown():
    ranking = make_ranking([Stack(make(7)), Stack(make(5), (2, 3))], [])
    resumed, place = resume(Cursor("q", place=1, shown=frozenset({3})), ranking, Query(text="q"))
    assert (place, [one.first.item_id for one in resumed.tiers[0]]) == (1, [5, 7])


def test_queries_with_different_uploads_have_different_hashes():
    one, other = (Query(voice=bytes(10), parts=(QueryPart(image=image),)) for image in (b"a", b"b"))
    assert hash_query(one) == hash_query(replace(one, limit=7, tier=Tier.POSSIBLE))
    assert len({hash_query(one), hash_query(other), hash_query(replace(one, voice=None))}) == 3


def test_the_least_recently_used_ranking_is_dropped():
    cache = LruCache(2)
    cache.put("one", 1)
    cache.put("two", 2)
    cache.get("one")
    cache.put("three", 3)
    assert [cache.get(key) for key in ("one", "two", "three")] == [1, None, 3]


def test_a_forged_cursor_that_unpacks_without_end_is_refused(monkeypatch):
    key = hash_query(Query(text="q"))
    cursor = write_cursor(Cursor(key, shown=frozenset(range(200))))
    monkeypatch.setattr("search.paging.MAX_SHOWN", 100)
    with pytest.raises(UsageError, match="cursor"):
        read_cursor(Query(text="q", cursor=cursor))
