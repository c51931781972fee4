"""Properties of the fusion that hold for any input."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search.records import Retriever
from search.scoring.candidates import Retrieved, fuse
from search.text.snippets import MAX_SNIPPET_LENGTH, cut_snippet

probabilities = st.floats(0, 1)
candidates = st.lists(st.tuples(st.integers(0, 9), probabilities), max_size=30)


def make_retrieved(retriever, rows):
    ordered = sorted(rows, key=lambda row: -row[1])
    items = np.array([item for item, _ in ordered], np.int64)
    scores = np.array([p for _, p in ordered], np.float32)
    return Retrieved(retriever, np.arange(len(ordered)), items, scores, scores)


@given(candidates, candidates)
def test_fusion_ranks_each_item_once_and_by_score(images, words):
    ranked = fuse([make_retrieved(Retriever.VISUAL, images), make_retrieved(Retriever.LEXICAL, words)], {})
    ids = [one.item_id for one in ranked]
    assert sorted(ids) == sorted({item for item, _ in images + words})
    assert all(0 <= one.score <= 1 for one in ranked)
    assert all(a.score >= b.score - 1e-5 for a, b in itertools.pairwise(ranked))
    assert all(one.candidates for one in ranked)


@given(candidates, candidates, probabilities)
def test_fusion_from_a_score_on_is_the_whole_without_lower_scores(images, words, min_score):
    retrievers = [make_retrieved(Retriever.VISUAL, images), make_retrieved(Retriever.LEXICAL, words)]
    whole = fuse(retrievers, {})
    # Items whose scores agree to six digits are ranked by votes, so it need not be the beginning of the whole.
    expected = [one for one in whole if one.score >= min_score]
    found = fuse(retrievers, {}, min_score)
    assert found == expected
    assert [one.candidates for one in found] == [one.candidates for one in expected]


@given(candidates, st.integers(0, 9), probabilities)
def test_more_evidence_never_lowers_an_item(rows, item, extra):
    def score(retrievers):
        return next((one.score for one in fuse(retrievers, {}) if one.item_id == item), 0.0)

    without = [make_retrieved(Retriever.VISUAL, rows)]
    extended = [*without, make_retrieved(Retriever.LEXICAL, [(item, extra)])]
    assert score(extended) >= score(without) - 1e-9


def test_a_retriever_of_weight_zero_has_no_influence():
    retrievers = [make_retrieved(Retriever.VISUAL, [(1, 0.4)]), make_retrieved(Retriever.LEXICAL, [(2, 0.9)])]
    assert fuse(retrievers, {Retriever.LEXICAL: 0.0})[0].item_id == 1
    assert fuse(retrievers, {})[0].item_id == 2


@given(st.text(max_size=1500), st.lists(st.text(min_size=1, max_size=8), max_size=3))
def test_snippets_are_short_and_taken_from_the_text(text, words):
    snippet = cut_snippet(text, words)
    assert len(snippet) <= MAX_SNIPPET_LENGTH + 4
    assert snippet.removeprefix("… ").removesuffix(" …").strip() in text
