"""Ranking is pure; its laws hold for any input."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from search.ranking.calibration import (
    OWN_SHARE,
    Curve,
    Part,
    calibrate_words,
    compute_logits,
    compute_word_features,
    describe_curves,
    measure_background,
    parse_curves,
    read_curves,
    score_parts,
    to_probability,
)

from search.ranking.fusion import fuse
from search.ranking.lanes import Retrieved
from search.ranking.snippets import SNIPPET, cut_snippet
from search.records import Lane

CURVE = Curve((Part(2, 0.1, 0.05, 2.0),), -3.0, 0.0, 0.0)
probabilities = st.floats(0, 1)
candidates = st.lists(st.tuples(st.integers(0, 9), probabilities), max_size=30)


def make_lane(lane, rows):
    ordered = sorted(rows, key=lambda row: -row[1])
    items = np.array([item for item, _ in ordered], np.int64)
    scores = np.array([p for _, p in ordered], np.float32)
    return Retrieved(lane, np.arange(len(ordered)), items, scores, scores)


@given(candidates, candidates)
def test_fusion_ranks_each_item_once_and_by_score(pictures, words):
    ranked = fuse([make_lane(Lane.PICTURE, pictures), make_lane(Lane.WORDS, words)], {})
    ids = [one.item_id for one in ranked]
    assert sorted(ids) == sorted({item for item, _ in pictures + words})
    assert all(0 <= one.score <= 1 for one in ranked)
    assert all(a.score >= b.score - 1e-5 for a, b in itertools.pairwise(ranked))
    assert all(one.candidates for one in ranked)


@given(candidates, candidates, probabilities)
def test_fusion_from_a_score_on_is_the_beginning_of_the_whole(pictures, words, least):
    lanes = [make_lane(Lane.PICTURE, pictures), make_lane(Lane.WORDS, words)]
    whole = fuse(lanes, {})
    assert fuse(lanes, {}, least) == [one for one in whole if one.score >= least]


@given(candidates, st.integers(0, 9), probabilities)
def test_more_evidence_never_lowers_an_item(rows, item, extra):
    def score(lanes):
        return next((one.score for one in fuse(lanes, {}) if one.item_id == item), 0.0)

    without = [make_lane(Lane.PICTURE, rows)]
    extended = [*without, make_lane(Lane.WORDS, [(item, extra)])]
    assert score(extended) >= score(without) - 1e-9


def test_a_lane_of_weight_zero_has_no_say():
    lanes = [make_lane(Lane.PICTURE, [(1, 0.4)]), make_lane(Lane.WORDS, [(2, 0.9)])]
    assert fuse(lanes, {Lane.WORDS: 0.0})[0].item_id == 1
    assert fuse(lanes, {})[0].item_id == 2


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=50))
def test_calibration_keeps_the_order(scores):
    features = np.zeros((len(scores), 3), np.float32)
    features[:, 0] = sorted(scores)
    p = to_probability(compute_logits(features, CURVE))
    assert (np.diff(p) >= 0).all()
    assert ((p >= 0) & (p <= 1)).all()


def test_background_leans_on_what_is_usual_and_wholly_so_in_an_empty_library():
    query = np.array([1, 0], np.float32)
    nothing = measure_background(query, np.zeros((0, 2), np.float32), CURVE)
    assert (nothing.medians, nothing.deviations) == ((0.1,), (0.05,))
    high = np.array([[0.9, 0]], np.float32)
    assert measure_background(query, high, CURVE).medians[0] == pytest.approx(0.1, abs=0.02)
    many = np.repeat(high, 100_000, axis=0)
    assert measure_background(query, many, CURVE).medians[0] == pytest.approx(0.1 + OWN_SHARE * 0.8, abs=0.01)


def test_parts_are_compared_apart():
    curve = Curve((Part(2, 0, 1, 1), Part(2, 0, 1, 1)), 0, 0, 0)
    vectors = np.array([[1, 0, 0, 1], [0, 1, 1, 0]], np.float32) / 2**0.5
    first, second = score_parts(np.array([1, 0, 1, 0], np.float32) / 2**0.5, vectors, curve)
    np.testing.assert_allclose(first, [1, 0], atol=1e-6)
    np.testing.assert_allclose(second, [0, 1], atol=1e-6)
    # A query that asks nothing of a part is not judged by it.
    _, second = score_parts(np.array([1, 0, 0, 0], np.float32), vectors, curve)
    assert second.tolist() == [0, 0]


def test_the_shipped_curves_fit_the_shipped_models_and_never_reward_being_unlike():
    curves = read_curves()
    assert set(curves.by_kind) == {
        "picture/name",
        "picture/description",
        "picture/picture",
        "meaning/name",
        "meaning/description",
        "meaning/name/spoken",
        "meaning/description/spoken",
    }
    for curve in curves.by_kind.values():
        assert all(part.weight >= 0 and part.deviation > 0 for part in curve.parts)
    assert parse_curves(describe_curves(curves)) == curves


def test_words_count_by_how_much_of_the_query_they_cover():
    features = compute_word_features(np.array([1.0, 0.5, 0.05], np.float32), np.array([3, 2, 1], np.float32))
    p = calibrate_words(features, read_curves().words)
    assert p[0] > 0.7
    assert p[0] > p[1] > p[2]
    assert p[2] < 0.1


@given(st.text(max_size=1500), st.lists(st.text(min_size=1, max_size=8), max_size=3))
def test_snippets_are_short_and_taken_from_the_text(text, words):
    snippet = cut_snippet(text, words)
    assert len(snippet) <= SNIPPET + 4
    assert snippet.removeprefix("… ").removesuffix(" …").strip() in text
