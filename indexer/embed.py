"""Embed segments: the images and texts of many files are embedded in common batches."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from indexer.decode.content import Failed, Finished, Postponed, PreparedImage
from indexer.summary import Profile
from indexer.transcribe import cut_sentences
from search.encoders.encoder import ImageEncoder, TextEncoder
from search.errors import CrossmodalError, HomeError, find_reason
from search.records import FileFacts, Pixels, Record, Retriever, Segment, Transcript, Vectors

# Further batches that may be in the model at the same time. The end of a batch keeps only a few threads busy, so the
# next batch starts before it.
MAX_BATCHES_AHEAD = 1
TEXT_BATCH_SIZE = 16

T = TypeVar("T")


@dataclass(frozen=True)
class PendingSpeech:
    """A chunk of sound that is being transcribed.

    Attributes:
        start: Where the chunk starts in the recording, in seconds.
        transcript: Its transcript, when that is done.
    """

    start: float
    transcript: Future[Transcript]


@dataclass(frozen=True)
class Copied:
    """The only message of a file that has the same content as an indexed one.

    Attributes:
        record: The rows of the other file, for this one.
        thumbnail: A JPEG file, None when the other file has none.
    """

    record: Record
    thumbnail: bytes | None


FileMessage = PreparedImage | PendingSpeech | Segment | Finished | Copied | Failed | Postponed


@dataclass(eq=False)
class PendingItem:
    """A file whose segments arrive one after another. Only the thread that embeds and writes may use it.

    Attributes:
        file: The file.
        segments: The segments so far.
        vectors: By the position of a segment in `segments`: its retriever and its vector, shape (d,).
        speech: Chunks that are being transcribed, in order of time.
        language: The language of the speech.
        end: The last message; None until it arrives.
        failure: Why a segment could not be embedded; None if there was no error.
    """

    file: FileFacts
    segments: list[Segment] = field(default_factory=list)
    vectors: dict[int, tuple[Retriever, Vectors]] = field(default_factory=dict)
    speech: list[PendingSpeech] = field(default_factory=list)
    language: str | None = None
    end: Finished | Copied | Failed | Postponed | None = None
    failure: Failed | None = None

    def finish(self, message: Finished | Copied | Failed | Postponed) -> None:
        """Store the last message. A file of which a segment could not be embedded has failed."""
        self.end = self.failure or message

    def fail(self, reason: str) -> None:
        """Let the file fail, also if more of its messages arrive."""
        self.failure = Failed(reason)
        if self.end is not None:
            self.end = self.failure

    @property
    def is_complete(self) -> bool:
        """True when all segments arrived and are embedded, or the file failed or is read later."""
        if self.end is None:
            return False
        return isinstance(self.end, Failed | Postponed) or (len(self.vectors) == len(self.segments) and not self.speech)

    @property
    def length(self) -> float | None:
        """The length of a recording that was read, in seconds; None for other files."""
        return self.end.facts.duration if isinstance(self.end, Finished) else None

    def add_segment(self, segment: Segment) -> int:
        """Add a segment and return its position."""
        self.segments.append(segment)
        return len(self.segments) - 1

    def take_speech(self) -> list[Segment]:
        """Return the segments of finished transcripts, in order. If a transcription failed, the file fails.

        Raises:
            HomeError: A transcript cannot be written to the home.
        """
        segments: list[Segment] = []
        while self.speech and self.speech[0].transcript.done():
            chunk = self.speech.pop(0)
            error = chunk.transcript.exception()
            if isinstance(error, OSError):
                raise HomeError(f"Cannot write a transcript: {error}. Check the permissions and the free space.")
            if error is not None:
                self.fail(f"speech recognition failed: {type(error).__name__}: {error}")
                continue
            transcript = chunk.transcript.result()
            self.language = self.language or transcript.language
            segments += cut_sentences(chunk.start, transcript)
        return segments


def embed_apart(encode: Callable[[list[T]], Vectors], inputs: list[T]) -> list[Vectors | Exception]:
    """Embed a batch. If that fails, embed each input separately, so that one input cannot fail the others.

    Args:
        encode: The model.
        inputs: The images or texts.

    Returns:
        For each input its vector, shape (d,), or the error.

    Raises:
        CrossmodalError: The model cannot be used.
        MemoryError: There is too little memory for the model.
        Exception: The error of the batch, if all inputs of a batch fail: then the model is at fault.
    """
    try:
        return list(encode(inputs))
    except (CrossmodalError, MemoryError):
        raise
    except Exception:
        results = [_embed_one(encode, part) for part in inputs]
        if len(inputs) > 1 and all(isinstance(result, Exception) for result in results):
            raise
        return results


def _embed_one(encode: Callable[[list[T]], Vectors], part: T) -> Vectors | Exception:
    try:
        vector: Vectors = encode([part])[0]
        return vector
    except (CrossmodalError, MemoryError):
        raise
    except Exception as error:
        return error


@dataclass(frozen=True)
class _Gathered(Generic[T]):
    item: PendingItem
    position: int
    part: T


@dataclass(frozen=True)
class _Kind:
    """What an embedder embeds: the name of the stage in the profile, how a message calls a segment, and its space."""

    stage: str
    part: str
    retriever: Retriever


class _Embedder(Generic[T]):
    """Gathers the segments of many files and embeds them in batches, in background threads.

    Use it from one thread only. Errors of the model are raised by the methods that collect vectors.
    """

    def __init__(self, kind: _Kind, encode: Callable[[list[T]], Vectors], profile: Profile) -> None:
        self._kind = kind
        self._encode_parts = encode
        self._profile = profile
        self._gathered: list[_Gathered[T]] = []
        self._pool = ThreadPoolExecutor(1 + MAX_BATCHES_AHEAD, thread_name_prefix="embed")
        self._running: deque[tuple[Future[list[Vectors | Exception]], list[_Gathered[T]]]] = deque()
        self._collected_at = time.monotonic()

    @property
    def is_idle(self) -> bool:
        """True when no batch is being embedded."""
        return not self._running

    @property
    def idle_seconds(self) -> float:
        """Seconds since vectors were last collected."""
        return time.monotonic() - self._collected_at

    def flush(self) -> None:
        """Start to embed the gathered segments, even if they do not fill a batch."""
        batch, self._gathered = self._gathered, []
        if batch:
            self._running.append((self._pool.submit(self._encode, batch), batch))
            self.collect()

    def collect(self, max_running: int = MAX_BATCHES_AHEAD) -> None:
        """Store finished vectors in their files, and wait while more than `max_running` batches are embedded."""
        while self._running and (len(self._running) > max_running or self._running[0][0].done()):
            future, batch = self._running.popleft()
            for gathered, vector in zip(batch, future.result(), strict=True):
                if isinstance(vector, Exception):
                    gathered.item.fail(f"{self._kind.part} cannot be embedded: {find_reason(vector)}")
                else:
                    gathered.item.vectors[gathered.position] = (self._kind.retriever, vector)
            self._collected_at = time.monotonic()

    def close(self) -> None:
        """Wait for the batches that are being embedded, and stop."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _gather(self, gathered: _Gathered[T], batch_size: int) -> None:
        """Add a segment, and start a batch when it is full."""
        self._gathered.append(gathered)
        if len(self._gathered) >= batch_size:
            self.flush()

    def _encode(self, batch: list[_Gathered[T]]) -> list[Vectors | Exception]:
        with self._profile.measure(self._kind.stage, len(batch)):
            return embed_apart(self._encode_parts, [gathered.part for gathered in batch])


class ImageEmbedder(_Embedder[Pixels]):
    """Embeds images."""

    def __init__(self, encoder: ImageEncoder, profile: Profile) -> None:
        super().__init__(_Kind("images", "an image", Retriever.VISUAL), encoder.encode_images, profile)
        self._encoder = encoder

    def add(self, item: PendingItem, prepared: PreparedImage) -> None:
        """Add an image as the next segment of its file."""
        gathered = _Gathered(item, item.add_segment(prepared.segment), prepared.pixels)
        self._gather(gathered, self._encoder.batch)


class TextEmbedder(_Embedder[str]):
    """Embeds passages."""

    def __init__(self, encoder: TextEncoder, profile: Profile) -> None:
        super().__init__(_Kind("texts", "a text", Retriever.SEMANTIC), encoder.encode_passages, profile)

    def add(self, item: PendingItem, segment: Segment) -> None:
        """Add a text as the next segment of its file."""
        self._gather(_Gathered(item, item.add_segment(segment), segment.text or ""), TEXT_BATCH_SIZE)
