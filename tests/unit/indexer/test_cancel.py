"""A run that is stopped ends soon, whether it scans, hashes or transcribes, and loses nothing that is complete."""

import threading
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.content_hash import hash_content
from indexer.decode.content import AudioChunk
from indexer.pipeline import Options, index_paths
from indexer.summary import Profile
from indexer.transcribe import TranscriptionQueue
from search.deadline import check_deadline, set_stop
from search.errors import CancelledError
from search.media.recording.sound import SAMPLE_RATE
from search.records import FileFacts, State, Transcript
from search.status import verify_library
from search.storage import generations
from tests.support.indexing import index, list_states

# A run that did not stop would take more than this.
PATIENCE_SECONDS = 60.0


class SlowTranscriber:
    """Transcribes for minutes, and looks between windows whether to go on, as Whisper does."""

    name, streams, can_translate = "slow", 2, False

    def __init__(self):
        self.began, self.ended = threading.Event(), threading.Event()

    def transcribe_concurrently(self, samples, language=None):
        self.began.set()
        try:
            for _ in range(3000):
                check_deadline()
                time.sleep(0.1)
        finally:
            self.ended.set()
        return Transcript(None, ())


def make_chunk(start):
    return AudioChunk(start, np.full(SAMPLE_RATE, 9000, np.int16))


def test_closing_the_queue_ends_a_transcription_between_two_windows(tmp_path):
    model = SlowTranscriber()
    queue = TranscriptionQueue(model, tmp_path, Profile())
    pending = queue.submit("hash", make_chunk(0.0))
    assert model.began.wait(PATIENCE_SECONDS)
    began = time.monotonic()
    queue.close()
    assert model.ended.wait(PATIENCE_SECONDS)
    assert time.monotonic() - began < PATIENCE_SECONDS / 2
    assert isinstance(pending.exception(PATIENCE_SECONDS), CancelledError)
    assert list(tmp_path.iterdir()) == []


def test_a_decoder_that_waits_for_a_full_queue_can_be_stopped(tmp_path):
    queue, stop, errors = TranscriptionQueue(SlowTranscriber(), tmp_path, Profile()), threading.Event(), []

    def submit():
        set_stop(stop)
        try:
            for start in range(20):
                queue.submit("hash", make_chunk(float(start)))
        except CancelledError as error:
            errors.append(error)

    decoder = threading.Thread(target=submit)
    decoder.start()
    stop.set()
    decoder.join(PATIENCE_SECONDS)
    assert len(errors) == 1
    queue.close()


def test_hashing_a_large_file_can_be_stopped(tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"")
    with (tmp_path / "film.mp4").open("wb") as film:
        film.truncate(200_000_000)
    caught = []

    def hash_it():
        stop = threading.Event()
        set_stop(stop)
        stop.set()
        try:
            hash_content(FileFacts(str(tmp_path / "film.mp4"), 1, None, 200_000_000, 0))
        except CancelledError as error:
            caught.append(error)

    thread = threading.Thread(target=hash_it)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    assert len(caught) == 1


def test_a_run_that_is_cancelled_while_it_transcribes_ends_at_once_and_keeps_the_photos(fresh, tmp_path, monkeypatch):
    model = SlowTranscriber()
    monkeypatch.setitem(vars(fresh.models), "transcriber", model)
    folder = tmp_path / "media"
    folder.mkdir()
    with wave.open(str(folder / "a talk.wav"), "wb") as out:
        out.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        out.writeframes(np.full(2 * SAMPLE_RATE, 9000, np.int16).tobytes())
    Image.new("RGB", (64, 64), "red").save(folder / "z.png")
    seen = []

    def check():
        if model.began.is_set() and seen and seen[-1][0] == 1:
            raise CancelledError("enough")

    began = time.monotonic()
    with pytest.raises(CancelledError):
        index_paths(fresh, [folder], Options(sandbox=False, check=check), lambda *state: seen.append(state))
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert {Path(item.path).name: item.state for item in fresh.catalog.list_items()} == {
        "a talk.wav": State.PENDING,
        "z.png": State.INDEXED,
    }
    # The photo was written although the recording comes first by name; then the recording was named as being read.
    assert seen[-1][:3] == (1, 2, str(folder / "a talk.wav"))
    assert seen[-1][3] > 0


def test_a_scan_can_be_stopped(fresh, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(50):
        (folder / f"{number}.txt").write_text("words")
    checks = []

    def check():
        checks.append(None)
        if len(checks) == 20:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        index_paths(fresh, [folder], Options(sandbox=False, check=check), lambda *_: None)
    assert not list(fresh.catalog.list_items())


def test_a_run_that_is_cancelled_while_it_builds_an_index_ends_soon_and_keeps_the_index_before(
    fresh, tmp_path, monkeypatch
):
    folder = tmp_path / "media"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(f"This is text number {number}.")
    index(fresh, folder)
    built = sorted(fresh.home.index.rglob("generation-*.json"))
    began = threading.Event()

    def build_slowly(*_):
        began.set()
        for _ in range(3000):
            check_deadline()
            time.sleep(0.1)

    def check():
        if began.is_set():
            raise CancelledError("enough")

    monkeypatch.setattr("search.storage.space_index.MIN_DELTA_ROWS", 0)
    with monkeypatch.context() as patch:
        patch.setattr(generations, "build_index", build_slowly)
        for number in range(6, 12):
            (folder / f"{number}.txt").write_text(f"This is text number {number}.")
        started = time.monotonic()
        with pytest.raises(CancelledError):
            index_paths(fresh, [folder], Options(sandbox=False, check=check), lambda *_: None)
        assert time.monotonic() - started < PATIENCE_SECONDS
    assert list(list_states(fresh).values()) == [State.INDEXED] * 12
    assert sorted(fresh.home.index.rglob("generation-*.json")) == built
    assert not list(fresh.home.index.rglob("*.tmp"))
    assert verify_library(fresh) == []
    index(fresh, folder)
    assert len(list(fresh.home.index.rglob("generation-*.json"))) > len(built)
