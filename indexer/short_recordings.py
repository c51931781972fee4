"""Short recordings wait until a thread is free to transcribe, which then takes several of them together."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from search.deadline import check_deadline
from search.encoders.encoder import Transcriber
from search.errors import CrossmodalError
from search.media.recording.sound import SAMPLE_RATE, Pcm16, convert_to_float
from search.records import Transcript

# Longer recordings are transcribed one by one.
MAX_SHORT_SECONDS = 12.0
# The maximum number of recordings that wait.
MAX_WAITING_RECORDINGS = 32
# What a thread takes at once, with the silence after each recording: more would leave other threads without work.
MAX_TOGETHER_SECONDS = 56.0
SILENCE_SECONDS = 2.5


@dataclass(frozen=True, eq=False)
class ShortRecording:
    """A recording that waits.

    Attributes:
        samples: Mono sound at 16 kHz, shape (n,), int16.
        heard: Called with its transcript, before others can see that.
        transcript: Its transcript, when that is done.
    """

    samples: Pcm16
    heard: Callable[[Transcript], object] = id
    transcript: Future[Transcript] = field(default_factory=Future)

    @property
    def seconds(self) -> float:
        """The length."""
        return len(self.samples) / SAMPLE_RATE


class ShortRecordings:
    """The recordings that wait, in order. Thread-safe."""

    def __init__(self) -> None:
        self._waiting: list[ShortRecording] = []
        self._lock = threading.Lock()

    def add(self, recording: ShortRecording) -> Future[Transcript]:
        """Add a recording and return its transcript to come."""
        with self._lock:
            self._waiting.append(recording)
        return recording.transcript

    def take(self) -> list[ShortRecording]:
        """Return the recordings to transcribe next, which wait no longer; the oldest is always among them."""
        with self._lock:
            taken, room = list[ShortRecording](), MAX_TOGETHER_SECONDS
            for recording in self._waiting:
                if recording.seconds + SILENCE_SECONDS <= room:
                    room -= recording.seconds + SILENCE_SECONDS
                    taken.append(recording)
            self._waiting = [recording for recording in self._waiting if recording not in taken]
        return taken

    def cancel(self) -> None:
        """Cancel the recordings that wait."""
        with self._lock:
            for recording in self._waiting:
                recording.transcript.cancel()
            self._waiting.clear()


def transcribe_recordings(transcriber: Transcriber, recordings: Sequence[ShortRecording]) -> None:
    """Transcribe recordings together. If that fails, each is transcribed separately: one cannot fail the others.

    Args:
        transcriber: The speech model.
        recordings: Their transcripts, or the errors, are set.
    """
    clips = [convert_to_float(recording.samples) for recording in recordings]
    transcripts: list[Transcript] | None = None
    if len(clips) > 1:
        try:
            transcripts = transcriber.transcribe_together(clips)
        except (CrossmodalError, MemoryError) as error:
            for recording in recordings:
                recording.transcript.set_exception(error)
            return
        except Exception:
            logging.getLogger("crossmodal").exception("cannot transcribe recordings together; they are read one by one")
    for number, recording in enumerate(recordings):
        try:
            check_deadline()
            done = transcripts[number] if transcripts else transcriber.transcribe_concurrently(clips[number], None)
        except BaseException as error:
            recording.transcript.set_exception(error)
        else:
            recording.heard(done)
            recording.transcript.set_result(done)
