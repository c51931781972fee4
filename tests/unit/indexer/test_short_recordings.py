"""Short recordings are transcribed together, and none of them can harm another."""

import threading

import numpy as np
import pytest

from indexer.decode.content import AudioChunk
from indexer.short_recordings import MAX_TOGETHER_SECONDS, SILENCE_SECONDS, ShortRecording, ShortRecordings
from indexer.summary import Profile
from indexer.transcribe import TranscriptionQueue
from search.media.recording.sound import SAMPLE_RATE
from search.records import SpeechSegment, Transcript

PATIENCE_SECONDS = 30.0
BAD = 30_000


def make_samples(loudness, seconds=1):
    return np.full(seconds * SAMPLE_RATE, loudness, np.int16)


def speak(samples, language="it"):
    return Transcript(language, (SpeechSegment(0.0, 1.0, f"{samples[0] * 32768:.0f}", 0.9, 0.0),))


class Busy:
    """Transcribes the first recording until it is released; fails for a group with a bad one, and for the bad one."""

    name, streams = "busy", 1

    def __init__(self):
        self.began, self.release = threading.Event(), threading.Event()
        self.groups = []

    def transcribe_concurrently(self, samples, language=None):
        self.began.set()
        assert self.release.wait(PATIENCE_SECONDS)
        self.groups.append(1)
        if round(samples[0] * 32768) == BAD:
            raise ValueError("bad sound")
        return speak(samples)

    def transcribe_together(self, clips):
        if any(round(samples[0] * 32768) == BAD for samples in clips):
            raise ValueError("bad sound")
        self.groups.append(len(clips))
        return [speak(samples) for samples in clips]


@pytest.fixture
def busy():
    return Busy()


@pytest.fixture
def queue(busy, tmp_path):
    queue = TranscriptionQueue(busy, tmp_path, Profile())
    yield queue
    busy.release.set()
    queue.close()


def submit_while_busy(queue, busy, loudnesses, seconds=1):
    """Submit a first recording, and the others while it is being transcribed."""
    first = queue.submit("first", AudioChunk(0.0, make_samples(1000)))
    assert busy.began.wait(PATIENCE_SECONDS)
    others = [queue.submit(f"{one}", AudioChunk(0.0, make_samples(one, seconds))) for one in loudnesses]
    busy.release.set()
    return [first, *others]


def read_texts(futures):
    return [future.result(PATIENCE_SECONDS).text for future in futures]


def test_recordings_that_wait_are_transcribed_together_and_each_has_its_text(queue, busy):
    assert read_texts(submit_while_busy(queue, busy, (2000, 3000, 4000))) == ["1000", "2000", "3000", "4000"]
    assert busy.groups == [1, 3]


def test_a_recording_that_fails_fails_no_other(queue, busy):
    first, one, bad, two = submit_while_busy(queue, busy, (2000, BAD, 4000))
    assert read_texts([first, one, two]) == ["1000", "2000", "4000"]
    assert isinstance(bad.exception(PATIENCE_SECONDS), ValueError)


def test_long_recordings_are_transcribed_one_by_one(queue, busy):
    assert len(read_texts(submit_while_busy(queue, busy, (2000, 3000), seconds=20))) == 3
    assert busy.groups == [1, 1, 1]


def test_the_rest_of_a_file_is_in_the_language_of_its_first_chunk(queue, busy):
    languages = []
    busy.release.set()
    transcribe = busy.transcribe_concurrently
    busy.transcribe_concurrently = lambda samples, language=None: languages.append(language) or transcribe(samples)
    chunks = [AudioChunk(0.0, make_samples(1000)), AudioChunk(1.0, make_samples(2000))]
    read_texts([queue.submit("film", chunk) for chunk in chunks])
    assert languages == [None, "it"]


def test_closing_the_queue_cancels_the_recordings_that_wait(queue, busy):
    first = queue.submit("first", AudioChunk(0.0, make_samples(1000)))
    assert busy.began.wait(PATIENCE_SECONDS)
    other = queue.submit("other", AudioChunk(0.0, make_samples(2000)))
    queue.close()
    assert other.cancelled()
    busy.release.set()
    assert first.result(PATIENCE_SECONDS).text == "1000"


def test_the_oldest_recording_is_taken_first_and_the_others_as_far_as_there_is_room():
    waiting = ShortRecordings()
    for _ in range(10):
        waiting.add(ShortRecording(make_samples(1000, 10)))
    taken = waiting.take()
    assert len(taken) == int(MAX_TOGETHER_SECONDS / (10 + SILENCE_SECONDS))
    assert sum(len(waiting.take()) for _ in range(3)) == 10 - len(taken)
    assert waiting.take() == []
