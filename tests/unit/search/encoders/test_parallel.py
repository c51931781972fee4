"""Several inputs are encoded in parallel, with their results in order."""

import threading
from concurrent.futures.thread import BrokenThreadPool

import pytest

from search.encoders.parallel import ParallelStreams


def test_results_come_in_the_order_of_the_parts_whatever_takes_longest():
    streams = ParallelStreams(3)
    waits = [threading.Event() for _ in range(3)]

    def work(number):
        # Each of the first three waits for the one after it.
        if number < 2:
            assert waits[number + 1].wait(10)
        if number < 3:
            waits[number].set()
        return number * 10

    assert streams.run(work, range(9)) == [number * 10 for number in range(9)]


def test_an_error_reaches_its_caller_and_the_next_call_succeeds():
    streams = ParallelStreams(2)
    with pytest.raises(ZeroDivisionError):
        streams.run(lambda number: 1 // number, [1, 0, 2])
    assert streams.run(abs, [-1, -2]) == [1, 2]


def test_every_thread_begins_before_any_works():
    begun = []
    streams = ParallelStreams(4, lambda: begun.append(threading.get_ident()))
    assert len(set(begun)) == 4
    assert set(streams.run(lambda _: threading.get_ident(), range(50))) <= set(begun)


def test_a_beginning_that_fails_does_not_wait_for_ever():
    def begin():
        raise OSError("no")

    with pytest.raises(BrokenThreadPool):
        ParallelStreams(2, begin).run(abs, [1])
