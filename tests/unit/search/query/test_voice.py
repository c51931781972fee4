"""The same spoken query is transcribed once, also when it is sent several times at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from search.deadline import set_deadline
from search.engine import Engine
from search.errors import BusyError, DeadlineError, NoSpeechError
from search.query.voice import MAX_TRANSCRIPTS, SpokenQueries, make_key, write_as_typed
from search.records import Query, VoiceTranscript

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


def ask(library, demo, **fields):
    voice = (demo / "notes/shopping.wav").read_bytes()
    return Engine(library).search(Query(voice=voice, **fields)).voice


def test_the_language_of_a_spoken_query_is_detected_among_the_likely_or_given(library, demo):
    assert ask(library, demo, voice_languages=("fr", "en")).language == "fr"
    assert ask(library, demo, voice_language="de", voice_languages=("fr",)).language == "de"


def test_a_recording_is_transcribed_again_in_another_language_only(library, demo, monkeypatch):
    calls = []
    real = type(library.models.transcriber).transcribe_query
    monkeypatch.setattr(
        type(library.models.transcriber),
        "transcribe_query",
        lambda self, samples, languages=(), translate=False: (
            calls.append(tuple(languages)) or real(self, samples, languages)
        ),
    )
    for language in ("es", "es", "it"):
        ask(library, demo, voice_language=language)
    assert calls == [("es",), ("it",)]


@pytest.mark.parametrize(
    ("spoken", "typed"),
    [
        ("A dog in the snow.", "a dog in the snow"),
        ("Receipt from the hardware store.", "receipt from the hardware store"),
        ("NASA launch", "NASA launch"),
        ("iPhone.", "iPhone"),
        ("Who called about the boiler?", "who called about the boiler?"),
        ("雪地里的狗。", "雪地里的狗"),
    ],
)
def test_a_spoken_query_is_searched_for_as_if_it_were_typed(spoken, typed):
    assert write_as_typed(spoken) == typed
