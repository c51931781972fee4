"""How the parts of a query are judged together, and speech beside what is written."""

import numpy as np
import pytest

from search.engine.encoding import Probe
from search.engine.judging import Pool, explain, judge, judge_all
from search.ranking.calibration import Curve, Part, Scale
from search.records import Sample

WIDTH = 64
PLAIN = Curve((Part(WIDTH, 0.0, 0.125, 2.0),), -4.0, 0.0, 0.0)
# As steep in a unit that is a quarter: its evidence scatters four times as much.
STEEP = Curve((Part(WIDTH, 0.0, 0.125, 8.0),), -4.0, 0.0, 0.0)


def draw(count, seed):
    rows = np.random.default_rng(seed).normal(size=(count, WIDTH)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def make_probe(vector, curve=PLAIN, weight=1.0):
    return Probe(vector, ((1.0, Scale(curve, curve)),), {}, weight)


def make_pool(vectors, spoken=False):
    flags = np.full(len(vectors), spoken)
    return Pool(vectors, np.zeros(len(vectors), np.float32), flags, (1, 1))


def make_sample(rows, spoken=False):
    return Sample(rows, np.full(len(rows), spoken))


def lean(one, other, first, second):
    """Give a vector that is so near to one and so near to another that is at a right angle to it."""
    other = other - one * (one @ other)
    other /= np.linalg.norm(other)
    rest = draw(1, 99)[0]
    for axis in (one, other):
        rest = rest - axis * (axis @ rest)
    rest *= (1 - first**2 - second**2) ** 0.5 / np.linalg.norm(rest)
    return (first * one + second * other + rest).astype(np.float32), other.astype(np.float32)


@pytest.mark.parametrize("curve", [PLAIN, STEEP])
def test_what_is_like_both_parts_comes_before_what_is_only_like_one_whatever_their_scales(curve):
    one, raw = draw(2, 1)
    both, other = lean(one, raw, 0.45, 0.45)
    first, _ = lean(one, raw, 0.6, 0.0)
    second, _ = lean(one, raw, 0.0, 0.6)
    sample = make_sample(draw(1000, 2))
    probes = [make_probe(one), make_probe(other, curve)]
    scores = judge_all(probes, make_pool(np.stack([both, first, second])), sample)
    assert scores[0] > max(scores[1:])
    # Neither part drowns the other.
    assert abs(scores[1] - scores[2]) < 0.5 * (scores[0] - max(scores[1:]))


def test_somewhat_like_each_part_is_enough_where_the_mean_of_each_alone_would_not_be():
    one, raw = draw(2, 1)
    both, other = lean(one, raw, 0.24, 0.24)  # nearly two deviations from each
    sample, pool = make_sample(draw(1000, 2)), make_pool(both[None])
    alone = [float(judge(make_probe(axis), pool, sample)[0]) for axis in (one, other)]
    assert max(alone) < 0 < float(judge_all([make_probe(one), make_probe(other)], pool, sample)[0])


def test_a_single_part_is_judged_as_it_is_and_asked_twice_is_no_more():
    one = draw(1, 1)[0]
    pool, sample = make_pool(draw(20, 3)), make_sample(draw(1000, 2))
    alone = judge(make_probe(one), pool, sample)
    np.testing.assert_allclose(judge_all([make_probe(one)], pool, sample), alone, atol=1e-5)
    np.testing.assert_allclose(judge_all([make_probe(one), make_probe(one)], pool, sample), alone, atol=1e-3)


def test_a_part_that_pushes_away_only_takes_off():
    one, other = draw(2, 1)
    pool, sample = make_pool(np.concatenate([draw(20, 3), other[None]])), make_sample(draw(1000, 2))
    alone = judge(make_probe(one), pool, sample)
    pushed = judge_all([make_probe(one), make_probe(other, weight=-0.5)], pool, sample)
    assert (pushed <= alone + 1e-6).all()
    assert alone[-1] - pushed[-1] > 1


def test_speech_is_judged_beside_speech():
    query = draw(1, 1)[0]
    # What was said lies near to every query here, by half of what is asked for.
    said = draw(500, 4) + query * 0.5
    said /= np.linalg.norm(said, axis=1, keepdims=True)
    sample = Sample(np.concatenate([draw(500, 2), said]), np.repeat([False, True], 500))
    row = said[:1]
    written, spoken = (float(judge(make_probe(query), make_pool(row, flag), sample)[0]) for flag in (False, True))
    assert spoken < written - 2


def test_the_terms_of_an_explanation_add_up():
    one, other = draw(2, 1)
    pool, sample = make_pool(draw(1, 5)), make_sample(draw(1000, 2))
    probes = [make_probe(one), make_probe(other, STEEP)]
    terms = explain(probes, pool, sample)
    total = 0.0
    for number in range(2):
        name = f"part{number}.curve0."
        total += terms[f"part{number}.evidence factor"] * terms[name + "z0"] * terms[name + "weight0"]
        total += 0.5 * (terms[name + "bias"] + terms[name + "hub"] + terms[name + "size"])
    assert total == pytest.approx(float(judge_all(probes, pool, sample)[0]), abs=1e-3)
