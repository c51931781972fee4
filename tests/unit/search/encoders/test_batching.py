"""Calls of several threads are run together, and none of them changes the value of another."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.encoders.batching import Batcher


class Recorder:
    """Doubles numbers, and records what was run together."""

    def __init__(self, seconds=0.0, bad=()):
        self.batches = []
        self.seconds = seconds
        self.bad = bad
        self.running = 0

    def __call__(self, numbers):
        self.running += 1
        assert self.running == 1
        self.batches.append(list(numbers))
        time.sleep(self.seconds)
        self.running -= 1
        if any(number in self.bad for number in numbers):
            raise ValueError(f"cannot double {self.bad}")
        return [2 * number for number in numbers]


def call_at_once(batcher, numbers):
    """Call the batcher with each number from its own thread, all at the same time; return the values or exceptions."""
    barrier = threading.Barrier(len(numbers))

    def call(number):
        barrier.wait()
        try:
            return batcher.call(number)
        except ValueError as error:
            return error

    with ThreadPoolExecutor(len(numbers)) as pool:
        return list(pool.map(call, numbers))


def test_a_call_alone_runs_at_once():
    recorder = Recorder()
    assert Batcher(recorder, 8).call(3) == 6
    assert recorder.batches == [[3]]


def test_what_arrives_during_a_run_is_run_together():
    recorder = Recorder(seconds=0.1)
    assert call_at_once(Batcher(recorder, 32), range(12)) == [2 * number for number in range(12)]
    assert len(recorder.batches) <= 3
    assert sorted(number for batch in recorder.batches for number in batch) == list(range(12))


def test_a_batch_has_a_limit():
    recorder = Recorder(seconds=0.02)
    call_at_once(Batcher(recorder, 3), range(12))
    assert max(map(len, recorder.batches)) <= 3


def test_an_argument_that_fails_does_not_harm_the_others():
    found = call_at_once(Batcher(Recorder(seconds=0.05, bad=(5,)), 32), range(10))
    assert [value for number, value in enumerate(found) if number != 5] == [2 * n for n in range(10) if n != 5]
    assert isinstance(found[5], ValueError)


def test_calls_go_on_after_a_failure():
    batcher = Batcher(Recorder(bad=(1,)), 4)
    with pytest.raises(ValueError, match="cannot double"):
        batcher.call(1)
    assert batcher.call(2) == 4


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20), st.integers(1, 5))
def test_every_thread_gets_the_value_of_its_own_argument(numbers, most):
    assert call_at_once(Batcher(Recorder(), most), numbers) == [2 * number for number in numbers]
