"""Some calls work at the same time, some wait, and others are refused."""

import threading
import time

import pytest

from search.admission import Admission
from search.deadline import check_deadline, read_remaining, set_deadline
from search.errors import BusyError, DeadlineError


@pytest.fixture(autouse=True)
def _no_deadline():
    yield
    set_deadline(None)


def test_a_call_beyond_the_waiting_ones_is_refused_at_once():
    admission, free, began = Admission("queries", 1, 1), threading.Event(), threading.Semaphore(0)

    def work():
        began.release()
        with admission.enter():
            free.wait(10)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in threads:
        began.acquire()
    while admission._admitted < 2:
        time.sleep(0.001)
    with pytest.raises(BusyError, match="busy with other queries"), admission.enter():
        pass
    free.set()
    for thread in threads:
        thread.join()
    with admission.enter():
        pass


def test_a_call_that_waits_past_its_deadline_is_stopped_and_leaves_no_trace():
    admission = Admission("queries", 1, 1)
    with admission.enter():
        set_deadline(time.monotonic() + 0.02)
        with pytest.raises(DeadlineError), admission.enter():
            pass
        set_deadline(None)
    with admission.enter():
        assert admission._admitted == 1


def test_work_stops_only_after_the_deadline():
    check_deadline()
    assert read_remaining() is None
    set_deadline(time.monotonic() + 60)
    check_deadline()
    set_deadline(time.monotonic() - 1)
    assert read_remaining() == 0.0
    with pytest.raises(DeadlineError, match="took too long"):
        check_deadline()
