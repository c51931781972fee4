"""The fastest way to run a model is taken when its vectors are right."""

import numpy as np
import pytest

from search.encoders.runtime import QUICK_SAMPLES, Trial, measure_agreement, measure_trials
from tests.support.clock import Clock

ROWS = np.linalg.qr(np.random.default_rng(0).normal(size=(64, 64)))[0][:40].astype(np.float32)
SAMPLE = range(len(ROWS))


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    clock.install(monkeypatch, "search.encoders.runtime")
    return clock


def wait(clock, seconds, rows=ROWS):
    def encode(sample):
        clock.sleep(seconds * len(sample))
        return rows[: len(sample)]

    return encode


def refuse(_):
    raise RuntimeError("no such kernel")


def test_the_fastest_right_way_wins_over_a_faster_wrong_one(clock):
    wrong = ROWS[::-1].copy()
    trials = [
        Trial("exact", wait(clock, 0.002)),
        Trial("quick", wait(clock, 0.001)),
        Trial("wrong", wait(clock, 0.0001, wrong)),
    ]
    found = measure_trials([*trials, Trial("impossible", refuse)], SAMPLE)
    assert found.best == "quick"
    assert found.rates["impossible"] == 0
    assert found.nearness["wrong"] < 0.99


def test_a_way_that_is_far_too_slow_is_glanced_at_and_no_more(clock):
    runs = []

    def crawl(sample):
        runs.append(len(sample))
        return wait(clock, 0.01)(sample)

    found = measure_trials([Trial("exact", wait(clock, 0.001)), Trial("slow", crawl)], SAMPLE)
    assert (found.best, runs) == ("exact", [QUICK_SAMPLES, QUICK_SAMPLES])
    assert 0 < found.rates["slow"] < found.rates["exact"] / 3
    assert found.nearness["slow"] > 0.99


def test_agreement_is_the_share_of_common_neighbors():
    chance = np.random.default_rng(1)
    rows = chance.normal(size=(50, 8)).astype(np.float32)
    assert measure_agreement(rows, rows) == 1
    assert measure_agreement(rows, rows + 1e-4) > 0.9
    assert measure_agreement(rows, chance.normal(size=(50, 8)).astype(np.float32)) < 0.5
