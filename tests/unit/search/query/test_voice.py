"""The same spoken query is transcribed once, also when it is sent several times at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from search.deadline import set_deadline
from search.errors import BusyError, DeadlineError, NoSpeechError
from search.query.voice import MAX_TRANSCRIPTS, SpokenQueries, make_key
from search.records import VoiceTranscript

WORDS = VoiceTranscript("a dog", "en")


@pytest.fixture(autouse=True)
def _no_deadline():
    yield
    set_deadline(None)


def test_a_recording_that_is_sent_again_is_not_transcribed_again():
    spoken, calls = SpokenQueries(4), []
    for _ in range(3):
        assert spoken.transcribe("a", lambda: calls.append(1) or WORDS) == WORDS
    assert calls == [1]
    assert make_key(b"a", "x") != make_key(b"a", "y")


def test_requests_with_the_same_recording_wait_for_one_transcript():
    spoken, calls, free = SpokenQueries(4), [], threading.Event()

    def work():
        calls.append(1)
        free.wait(10)
        return WORDS

    with ThreadPoolExecutor(3) as pool:
        results = [pool.submit(spoken.transcribe, "a", work) for _ in range(3)]
        while spoken._admission._admitted < 3:
            time.sleep(0.001)
        free.set()
        assert [one.result() for one in results] == [WORDS] * 3
    assert calls == [1]


def test_others_are_refused_while_too_many_wait_but_known_ones_are_answered():
    spoken, free = SpokenQueries(0), threading.Event()
    spoken.transcribe("known", lambda: WORDS)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(spoken.transcribe, "slow", lambda: free.wait(10) and WORDS)
        while not spoken._admission._admitted:
            time.sleep(0.001)
        with pytest.raises(BusyError, match="spoken queries"):
            spoken.transcribe("other", lambda: WORDS)
        assert spoken.transcribe("known", lambda: None) == WORDS
        free.set()
        assert slow.result() == WORDS


def test_a_failure_is_not_remembered():
    spoken = SpokenQueries(4)

    def fail():
        raise NoSpeechError("silence")

    with pytest.raises(NoSpeechError):
        spoken.transcribe("a", fail)
    assert spoken.transcribe("a", lambda: WORDS) == WORDS


def test_a_request_that_was_stopped_does_not_stop_another_with_the_same_recording():
    spoken, free = SpokenQueries(4), threading.Event()

    def stop():
        free.wait(10)
        raise DeadlineError("too late")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(spoken.transcribe, "a", stop)
        while not spoken._results:
            time.sleep(0.001)
        second = pool.submit(spoken.transcribe, "a", lambda: WORDS)
        while spoken._admission._admitted < 2:
            time.sleep(0.001)
        free.set()
        assert isinstance(first.exception(), DeadlineError)
        assert second.result() == WORDS


def test_a_request_does_not_wait_for_a_transcript_past_its_deadline():
    spoken, free = SpokenQueries(4), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(spoken.transcribe, "a", lambda: free.wait(10) and WORDS)
        while not spoken._results:
            time.sleep(0.001)
        set_deadline(time.monotonic() + 0.02)
        with pytest.raises(DeadlineError):
            spoken.transcribe("a", lambda: WORDS)
        free.set()


def test_a_number_of_transcripts_is_remembered():
    spoken = SpokenQueries(4)
    for number in range(MAX_TRANSCRIPTS + 10):
        spoken.transcribe(str(number), lambda: WORDS)
    assert len(spoken._results) == MAX_TRANSCRIPTS
