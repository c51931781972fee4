"""Spoken queries: a recording becomes text. The same recording is transcribed once."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

from search.admission import Admission
from search.deadline import read_remaining
from search.errors import BusyError, DeadlineError
from search.process_memory import release_memory
from search.records import VoiceTranscript

# How many transcripts are remembered.
MAX_TRANSCRIPTS = 256


class SpokenQueries:
    """The transcripts of recent spoken queries, and those in progress. Thread-safe.

    Recordings are transcribed one after the other. Requests that wait for that have a separate limit, so that they
    cannot occupy all threads of the server.
    """

    def __init__(self, waiting: int) -> None:
        """Create an empty table.

        Args:
            waiting: How many requests wait while one is transcribed.
        """
        self._admission = Admission("spoken queries", 1, waiting)
        self._lock = threading.Lock()
        self._results: OrderedDict[str, Future[VoiceTranscript]] = OrderedDict()

    def transcribe(self, key: str, work: Callable[[], VoiceTranscript]) -> VoiceTranscript:
        """Return the transcript of a recording; wait if another request already transcribes it.

        Args:
            key: Identifies the recording and the models; see `make_key`.
            work: Transcribes the recording.

        Raises:
            BusyError: Too many spoken queries wait.
            DeadlineError: The deadline of the request has passed.
        """
        known = self._results.get(key)
        if known is not None and known.done() and known.exception() is None:
            return known.result()
        with self._admission.admit():
            while True:
                result, is_first = self._find(key)
                if is_first:
                    return self._work(key, result, work)
                try:
                    return result.result(read_remaining())
                except TimeoutError as error:
                    raise DeadlineError("The voice query is still being transcribed. Try again soon.") from error
                except BusyError:
                    continue  # the other request was stopped, which says nothing about this one

    def _find(self, key: str) -> tuple[Future[VoiceTranscript], bool]:
        """Return the result for a key, which may be in progress, and whether the caller has to compute it."""
        with self._lock:
            found = self._results.get(key)
            if found is not None:
                self._results.move_to_end(key)
                return found, False
            result = self._results[key] = Future()
            finished = [name for name, one in self._results.items() if one.done()]
            for name in finished[: max(0, len(self._results) - MAX_TRANSCRIPTS)]:
                del self._results[name]
            return result, True

    def _work(
        self, key: str, result: "Future[VoiceTranscript]", work: Callable[[], VoiceTranscript]
    ) -> VoiceTranscript:
        try:
            with self._admission.work():
                transcript = work()
                # Whisper needs some 70 MiB for a moment. Freed in pieces, they would stay with the process.
                release_memory()
        except BaseException as error:
            with self._lock:
                self._results.pop(key, None)
            result.set_exception(error)
            raise
        result.set_result(transcript)
        return transcript


def make_key(recording: bytes, *models: str) -> str:
    """Return the key of a recording and of the models whose names decide what becomes of it."""
    return " ".join((hashlib.sha256(recording).hexdigest(), *models))


def write_as_typed(text: str) -> str:
    """Return the text of a spoken query as people type it: without the capital and the full stop of a sentence.

    Both change what a model makes of a few words, so a spoken query would find something else than the same words
    typed. A first word such as "iPhone" or "NASA" is kept as it is.
    """
    text = text.strip().rstrip(".。").rstrip()
    first = text.split(maxsplit=1)[0] if text else ""
    return text[0].lower() + text[1:] if first[1:].islower() or len(first) == 1 else text
