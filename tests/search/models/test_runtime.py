"""The fastest way to run a model is taken when its vectors are right."""

import time

import numpy as np

from search.models.runtime import Trial, measure_agreement, measure_trials

ROWS = np.linalg.qr(np.random.default_rng(0).normal(size=(64, 64)))[0][:40].astype(np.float32)


def wait(seconds, rows=ROWS):
    def run():
        time.sleep(seconds)
        return rows

    return run


def refuse():
    raise RuntimeError("no such kernel")


def test_the_fastest_right_way_wins_over_a_faster_wrong_one():
    wrong = ROWS[::-1].copy()
    trials = [Trial("exact", wait(0.03)), Trial("quick", wait(0.01)), Trial("wrong", wait(0.0, wrong))]
    found = measure_trials([*trials, Trial("impossible", refuse)], 40)
    assert found.best == "quick"
    assert found.rates["impossible"] == 0
    assert found.nearness["wrong"] < 0.99


def test_a_way_that_is_far_too_slow_is_run_once():
    runs = []

    def crawl():
        runs.append(time.sleep(0.1))
        return ROWS

    found = measure_trials([Trial("exact", wait(0.01)), Trial("slow", crawl)], 40)
    assert (found.best, len(runs)) == ("exact", 1)
    assert 0 < found.rates["slow"] < 400


def test_agreement_is_the_share_of_neighbours_kept():
    chance = np.random.default_rng(1)
    rows = chance.normal(size=(50, 8)).astype(np.float32)
    assert measure_agreement(rows, rows) == 1
    assert measure_agreement(rows, rows + 1e-4) > 0.9
    assert measure_agreement(rows, chance.normal(size=(50, 8)).astype(np.float32)) < 0.5
