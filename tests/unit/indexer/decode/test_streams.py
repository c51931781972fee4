"""Long audio and video is decoded in chunks, and nothing is lost or transcribed twice."""

import threading
import wave
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from indexer.decode.content import AudioChunk, DecodedImage, FileSummary
from indexer.decode.families import decode_file
from indexer.summary import Profile
from indexer.transcribe import TranscriptionQueue
from search.media.recording.frames import iterate_frames
from search.media.recording.sound import CHUNK_SECONDS, CUT_SEARCH_SECONDS, SAMPLE_RATE, decode_sound, iterate_sound
from search.records import ItemType, SpeechSegment, Transcript

MINUTES = 6


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Six minutes of a tone with a second of quiet every twenty."""
    path = tmp_path_factory.mktemp("sound") / "long.wav"
    at = np.arange(MINUTES * 60 * SAMPLE_RATE)
    tone = np.sin(at * 0.2) * 8000 * (at // SAMPLE_RATE % 20 != 0)
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        out.writeframes(tone.astype(np.int16).tobytes())
    return path


def test_long_sound_comes_in_stretches_that_end_where_it_is_quiet(recording):
    parts = list(iterate_sound(recording))
    assert len(parts) == 3
    end = 0.0
    for start, samples in parts:
        assert start == pytest.approx(end)
        assert len(samples) <= (CHUNK_SECONDS + CUT_SEARCH_SECONDS + 1) * SAMPLE_RATE
        end = start + len(samples) / SAMPLE_RATE
        if samples is not parts[-1][1]:
            assert np.abs(samples[-SAMPLE_RATE // 20 :]).max() == 0
    assert end == pytest.approx(MINUTES * 60)
    assert len(decode_sound(recording)) == MINUTES * 60 * SAMPLE_RATE


class Counting:
    """Stands in for Whisper, which is too slow to listen for six minutes here."""

    name = "counting"

    def __init__(self, streams=1):
        self.languages = []
        self.streams = streams

    def transcribe_concurrently(self, samples, language=None):
        self.languages.append(language)
        return Transcript("it", (SpeechSegment(1.0, 2.0, f"stretch {len(self.languages)}", 0.9, 0.0),))


def listen(listener, path):
    sounds = [part for part in decode_file(path, ItemType.AUDIO) if isinstance(part, AudioChunk)]
    return [listener.submit("hash", sound).result() for sound in sounds]


def test_what_was_transcribed_before_a_run_was_killed_is_not_transcribed_again(recording, tmp_path):
    first = Counting()
    transcript = listen(TranscriptionQueue(first, tmp_path / "partial", Profile()), recording)
    assert first.languages == [None, *["it"] * 2]  # a file is in one language
    second = Counting()
    listener = TranscriptionQueue(second, tmp_path / "partial", Profile())
    assert listen(listener, recording) == transcript
    assert second.languages == []
    listener.discard("hash")
    assert list((tmp_path / "partial").iterdir()) == []


class Meeting(Counting):
    """Answers only when two chunks are transcribed in parallel, except for the first chunk of the first file."""

    def __init__(self):
        super().__init__(streams=2)
        self.both = threading.Barrier(2, timeout=20)

    def transcribe_concurrently(self, samples, language=None):
        if samples[0] != 0.5:
            self.both.wait()
        return super().transcribe_concurrently(samples, language)


def test_several_chunks_are_transcribed_in_parallel_once_the_language_is_known(tmp_path):
    model = Meeting()
    listener = TranscriptionQueue(model, tmp_path, Profile())

    def make(start, loud):
        return AudioChunk(start, np.full(SAMPLE_RATE, loud, np.int16))

    found = [listener.submit("film", make(0.0, 16384))]
    # They wait until the language is detected from the first, and then run in parallel.
    found += [listener.submit("film", make(start, 8000)) for start in (300.0, 600.0)]
    assert [one.result(30).language for one in found] == ["it"] * 3
    assert model.languages == [None, "it", "it"]
    longer = [AudioChunk(0.0, np.full(20 * SAMPLE_RATE, loud, np.int16)) for loud in (9000, 9001)]
    found = [listener.submit(name, chunk) for name, chunk in zip(("one", "two"), longer, strict=True)]
    assert [one.result(30).language for one in found] == ["it"] * 2
    listener.close()


def test_silence_is_not_passed_to_the_model(tmp_path):
    model = Counting()
    listener = TranscriptionQueue(model, tmp_path, Profile())
    silence = AudioChunk(0.0, np.zeros(SAMPLE_RATE, np.int16))
    assert listener.submit("hash", silence).result() == Transcript(None, ())
    assert model.languages == []
    listener.close()


def write_film(path, seconds, gop):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(5), options={"g": str(gop), "sc_threshold": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(seconds * 5):
            image = Image.new("RGB", (64, 48), ((number // 50) * 60 % 256, 90, 200))
            out.mux(stream.encode(av.VideoFrame.from_image(image)))
        out.mux(stream.encode(None))


def test_of_a_long_film_key_frames_are_enough_unless_they_are_sparse(tmp_path):
    write_film(tmp_path / "dense.mp4", 60, 10)
    write_film(tmp_path / "sparse.mp4", 60, 1000)
    dense = [frame.seconds for frame in iterate_frames(tmp_path / "dense.mp4", 1.0, keys_only=True)]
    assert dense == pytest.approx(list(range(0, 60, 2)))
    sparse = [frame.seconds for frame in iterate_frames(tmp_path / "sparse.mp4", 1.0, keys_only=True)]
    assert sparse == pytest.approx(list(range(60)))


def test_shots_cover_the_film_without_gaps(tmp_path):
    write_film(tmp_path / "film.mp4", 60, 10)
    *parts, last = decode_file(tmp_path / "film.mp4", ItemType.VIDEO)
    shots = [part.segment for part in parts if isinstance(part, DecodedImage)]
    assert isinstance(last, FileSummary)
    assert [shot.start for shot in shots] == pytest.approx([0, 10, 20, 30, 40, 50])
    assert [shot.end for shot in shots[:-1]] == [shot.start for shot in shots[1:]]
    assert shots[-1].end == pytest.approx(last.facts.duration, abs=0.5)
