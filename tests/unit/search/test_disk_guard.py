"""Calls for a disk that does not respond end at a deadline, and are bounded in number."""

import threading
import time

import pytest

from search.disk_guard import MAX_CALLS, DiskGuard
from tests.support.clock import wait_for

SOON = 20


@pytest.fixture
def guard():
    return DiskGuard(response_seconds=0.2, step_seconds=0.5, turn_seconds=0.05)


@pytest.fixture
def free():
    event = threading.Event()
    yield event
    event.set()


def count_threads():
    return sum(thread.name == "disk /slow" for thread in threading.enumerate())


def test_a_call_returns_its_result_or_raises_its_error(guard):
    assert guard.call("/disk", lambda: 5) == 5
    with pytest.raises(PermissionError):
        guard.call("/disk", lambda: (_ for _ in ()).throw(PermissionError(13, "no")))


def test_a_call_that_hangs_is_abandoned_and_the_next_fails_at_once_until_it_ends(guard, free):
    with pytest.raises(TimeoutError, match="the disk does not respond"):
        guard.call("/slow", lambda: free.wait(SOON))
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(TimeoutError):
            guard.call("/slow", lambda: None)
    assert time.monotonic() - began < guard.response_seconds
    assert count_threads() == 1
    assert guard.call("/other", lambda: 5) == 5
    free.set()
    wait_for(lambda: count_threads() == 0)
    assert guard.call("/slow", lambda: 5) == 5


def test_the_number_of_calls_for_a_disk_is_limited(guard, free):
    guard.response_seconds = SOON
    calls = [guard.start("/slow", lambda: free.wait(SOON)) for _ in range(MAX_CALLS)]
    with pytest.raises(TimeoutError):
        guard.start("/slow", lambda: None)
    assert count_threads() == MAX_CALLS
    free.set()
    assert all(call.wait(SOON) for call in calls)


def test_the_number_of_all_calls_is_limited(guard, free, monkeypatch):
    monkeypatch.setattr("search.disk_guard.MAX_ALL_CALLS", 2)
    for name in ("/slow", "/slower"):
        guard.start(name, lambda: free.wait(SOON))
    with pytest.raises(TimeoutError):
        guard.call("/other", lambda: 5)


def test_more_calls_than_run_at_once_wait_for_their_turn(guard):
    guard.turn_seconds = guard.response_seconds = SOON
    threads = [threading.Thread(target=guard.call, args=("/slow", lambda: time.sleep(0.01))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert guard.call("/slow", lambda: 5) == 5


def test_an_iterable_is_read_in_steps_and_ends_when_one_hangs(guard, free):
    assert list(guard.iterate("/disk", range(10), 3)) == list(range(10))
    assert list(guard.iterate("/disk", [], 3)) == []

    def read():
        yield from (1, 2)
        free.wait(SOON)

    values = guard.iterate("/slow", read())
    assert [next(values), next(values)] == [1, 2]
    with pytest.raises(TimeoutError):
        next(values)


def test_an_error_of_an_iterable_is_raised(guard):
    def read():
        yield 1
        raise OSError("broken")

    values = guard.iterate("/disk", read())
    assert next(values) == 1
    with pytest.raises(OSError, match="broken"):
        next(values)
