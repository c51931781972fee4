"""The decision whether a library contains anything that a query describes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.scoring.candidates import POSSIBLE_CUT, RELEVANCE_CUT
from search.scoring.presence import MIN_LOGIT, Presence, QueryWording, decide_presence, measure_presence, read_presence
from search.scoring.visual import MEASURES

ORDINARY = QueryWording(3.4, 0.8, 0.02)


def make_measures(count, standing, parts=2):
    row = np.array([standing, standing, standing - 2, 0, 0] * parts, np.float32)
    return np.tile(row, (count, 1))


@pytest.mark.parametrize("parts", [1, 2])
def test_good_matches_are_present_and_the_best_is_relevant(parts):
    logits = np.linspace(-4, 4, 300).astype(np.float32)
    presence = decide_presence(logits, make_measures(300, 5.0, parts), ORDINARY)
    assert presence.factor == 1
    assert presence.apply(logits).max() >= RELEVANCE_CUT


@pytest.mark.parametrize("parts", [1, 2])
def test_with_nothing_near_nothing_is_relevant_and_the_order_stays(parts):
    logits = np.linspace(-11, -6, 300).astype(np.float32)
    presence = decide_presence(logits, make_measures(300, 0.5, parts), ORDINARY)
    probabilities = presence.apply(logits)
    assert (probabilities < RELEVANCE_CUT).all()
    assert (np.diff(probabilities) >= 0).all()


def test_random_letters_need_better_matches_than_words():
    logits = np.linspace(-6, 0.5, 300).astype(np.float32)
    features = [measure_presence(logits, make_measures(300, 3.0), QueryWording(odd, 0.8, 0.02)) for odd in (3.4, 6.5)]
    words, letters = (read_presence()[2].decide(one) for one in features)
    assert letters < words - 1


def test_a_needle_just_below_the_cut_is_lifted_above_it():
    presence = Presence(shift=0.3)
    assert presence.apply(np.array([-0.2], np.float32))[0] > RELEVANCE_CUT


def test_likely_images_stay_possible_if_nothing_is_present():
    assert POSSIBLE_CUT < Presence(factor=0.49).apply(np.array([0.0], np.float32))[0] < RELEVANCE_CUT


def test_an_empty_library_decides_nothing():
    assert decide_presence(np.zeros(0, np.float32), make_measures(0, 0.0), ORDINARY) == Presence()


@given(st.lists(st.floats(-40, 40), min_size=1, max_size=150))
def test_features_are_finite_for_any_scores(values):
    logits = np.array(values, np.float32)
    features = measure_presence(logits, make_measures(len(values), 1.0), ORDINARY)
    assert np.isfinite(features).all()
    assert features[0] == pytest.approx(max([*values, MIN_LOGIT]), rel=1e-4)
    assert len(features) == 8 + 4 * 2
    assert len(MEASURES) * 2 == make_measures(1, 1.0).shape[1]
