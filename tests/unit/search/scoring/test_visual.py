"""The score of an image depends only on the image and the query."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.records import Sample
from search.retrieval.visual_scoring import VisualCandidates, VisualPart, explain_parts, make_search_vector, score_parts
from search.scoring.traits import describe_text, measure_bank_closeness, measure_class_match
from search.scoring.visual import (
    MEASURES,
    Recognition,
    Unit,
    VisualCalibrator,
    describe_calibrator,
    measure_images,
    parse_calibrator,
    read_calibrators,
)
from search.storage.baselines import COLUMNS, QueryBank, measure_baselines

WIDTH = 32
UNITS = (Unit(WIDTH, 0.0, 0.18),)


def draw(count, seed, width=WIDTH):
    rows = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


BANK = QueryBank(draw(200, 7), (WIDTH,))
SAMPLE = Sample(draw(300, 8), np.zeros(300, bool), measure_baselines(draw(300, 8), BANK))


def make_calibrator(steepness=1.0, bias=-3.0):
    """A calibrator that uses only the standing of an image relative to the bank."""
    hidden = np.zeros((len(MEASURES), 1), np.float32)
    hidden[MEASURES.index("standing")] = 0.1 * steepness
    zeros, ones = np.zeros(len(MEASURES), np.float32), np.ones(len(MEASURES), np.float32)
    return VisualCalibrator(UNITS, zeros, ones, hidden, np.zeros(1, np.float32), np.array([20.0], np.float32), bias)


def make_part(vector, weight=1.0, steepness=1.0):
    return VisualPart(make_calibrator(steepness).bind(vector, np.zeros(0, np.float32)), weight)


def make_candidates(vectors):
    return VisualCandidates(vectors, measure_baselines(vectors, BANK), np.zeros(len(vectors), np.void))


def lean(one, other, first, second):
    """Return a vector that is so near to one and so near to another at a right angle to it, and the other."""
    other = other - one * (one @ other)
    other /= np.linalg.norm(other)
    rest = draw(1, 99)[0]
    for axis in (one, other):
        rest = rest - axis * (axis @ rest)
    rest *= (1 - first**2 - second**2) ** 0.5 / np.linalg.norm(rest)
    return (first * one + second * other + rest).astype(np.float32), other.astype(np.float32)


def test_an_image_scores_the_same_in_any_library():
    part, one = make_part(draw(1, 1)[0]), draw(1, 2)
    alone = score_parts([part], make_candidates(one), SAMPLE)
    among = score_parts([part], make_candidates(np.concatenate([one, draw(500, 3)])), Sample(one, np.zeros(1, bool)))
    assert among[0] == pytest.approx(alone[0], abs=1e-4)


def test_baselines_are_what_the_bank_scores_part_by_part():
    vectors, bank = draw(5, 1, 8) / 2**0.5, QueryBank(draw(50, 2, 8), (4, 4))
    found = measure_baselines(vectors, bank)
    products = (vectors[:, 4:] * 2**0.5) @ bank.vectors[:, 4:].T
    np.testing.assert_allclose(found[:, COLUMNS], products.mean(1), atol=1e-5)
    np.testing.assert_allclose(found[:, COLUMNS + 1], products.std(1), atol=1e-5)
    np.testing.assert_allclose(found[:, COLUMNS + 3], products.max(1), atol=1e-5)
    assert (found[:, COLUMNS + 2] <= found[:, COLUMNS + 3]).all()
    assert QueryBank(bank.vectors[:-1], (4, 4)).digest != bank.digest
    assert not measure_baselines(vectors, QueryBank(np.zeros((0, 8), np.float32), (4, 4))).any()


@given(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6))
def test_what_is_nearer_never_scores_less(first, second):
    query = draw(1, 1)[0]
    near = [lean(query, draw(1, 2)[0], value, 0.0)[0] for value in sorted((first, second))]
    scorer = make_part(query).scorer
    flat = np.tile(np.array([0.0, 0.18, 0.4, 0.6], np.float32), (2, 1))
    low, high = scorer.score(np.stack(near), flat).tolist()
    assert low <= high + 1e-5


def test_what_is_like_both_parts_comes_before_what_is_only_like_one_whatever_their_scales():
    one, raw = draw(2, 1)
    both, other = lean(one, raw, 0.45, 0.45)
    first, _ = lean(one, raw, 0.6, 0.0)
    second, _ = lean(one, raw, 0.0, 0.6)
    for steepness in (1.0, 2.0):
        parts = [make_part(one), make_part(other, steepness=steepness)]
        scores = score_parts(parts, make_candidates(np.stack([both, first, second])), SAMPLE)
        assert scores[0] > max(scores[1:])


def test_a_part_that_pushes_away_only_takes_off():
    one, other = draw(2, 1)
    found = make_candidates(np.concatenate([draw(20, 3), other[None]]))
    alone = score_parts([make_part(one)], found, SAMPLE)
    pushed = score_parts([make_part(one), make_part(other, -0.5)], found, SAMPLE)
    assert (pushed <= alone + 1e-5).all()
    assert alone[-1] - pushed[-1] > 1


def test_the_search_vector_points_at_what_scores_highest():
    query = draw(1, 1)[0]
    vectors = draw(500, 4)
    vector = make_search_vector([make_part(query)], SAMPLE)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(vector, query, atol=1e-5)
    scores = score_parts([make_part(query)], make_candidates(vectors), SAMPLE)
    assert scores.argmax() in np.argsort(-(vectors @ vector))[:10]


def test_an_explanation_names_every_measure_and_the_log_odds():
    part, found = make_part(draw(1, 1)[0]), make_candidates(draw(1, 2))
    terms = explain_parts([part], found, SAMPLE)
    assert terms["query0.log-odds"] == pytest.approx(float(score_parts([part], found, SAMPLE)[0]), abs=1e-4)
    assert {f"query0.part0.{name}" for name in MEASURES} <= terms.keys()
    assert terms["query0.part0.margin effect"] == pytest.approx(0, abs=1e-5)


def test_the_shipped_calibrators_survive_being_written_and_read():
    calibrators = read_calibrators()
    assert set(calibrators) == {"compact/text", "compact/example", "any/text", "any/example"}
    for calibrator in calibrators.values():
        again = parse_calibrator(describe_calibrator(calibrator))
        np.testing.assert_allclose(again.hidden, calibrator.hidden, atol=1e-5)
        assert all(unit.deviation > 0 for unit in calibrator.units)


def test_the_traits_of_a_text_are_finite_for_any_length():
    for words in (0, 1, 3, 500):
        traits = describe_text(np.array([0.5, 0.3, 0.2], np.float32), words)
        assert np.isfinite(traits).all()
        assert 0 <= traits[2] <= 1


def test_crowding_is_what_the_bank_scores_for_a_text():
    mean, deviation, high = measure_bank_closeness(BANK.vectors[0], BANK.vectors, UNITS).tolist()
    products = BANK.vectors @ BANK.vectors[0]
    assert (mean, deviation) == pytest.approx((products.mean(), products.std()), abs=1e-5)
    assert np.mean(products > high) == pytest.approx(0.02, abs=0.005)


def test_no_images_have_no_measures():
    none = np.zeros((0, WIDTH), np.float32)
    assert measure_images(draw(1, 1)[0], none, measure_baselines(none, BANK), UNITS).shape == (0, len(MEASURES))


def test_what_the_tower_was_trained_to_recognize_counts_by_its_similarity():
    calibrator = replace(make_calibrator(), recognition=Recognition(part=0, slope=2.0, center=3.0))
    query, images = draw(1, 1)[0], draw(50, 2)
    baselines = measure_baselines(images, BANK)
    plain, known = (calibrator.bind(query, np.zeros(0, np.float32), share) for share in (0.0, 0.5))
    similarity = plain.measure_images(images, baselines)[:, 0]
    gained = known.score(images, baselines) - plain.score(images, baselines)
    assert np.allclose(gained, 0.5 * 2.0 * (similarity - 3.0), atol=1e-4)
    assert known.explain(images[0], baselines[0])["recognized"] == 0.5
    assert parse_calibrator(describe_calibrator(calibrator)).recognition == calibrator.recognition


def test_only_names_of_trained_classes_are_recognized():
    assert [measure_class_match(likeness) for likeness in (0.3, 0.65, 0.7, 0.75, 0.9)] == pytest.approx(
        [0, 0, 0.5, 1, 1]
    )
