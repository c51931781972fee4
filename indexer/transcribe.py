"""Transcribe speech: turn chunks of sound into sentences with their times, several chunks in parallel."""

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np

from indexer.decode.content import AudioChunk
from indexer.short_recordings import (
    MAX_SHORT_SECONDS,
    MAX_WAITING_RECORDINGS,
    ShortRecording,
    ShortRecordings,
    transcribe_recordings,
)
from indexer.summary import Profile
from search.deadline import check_deadline, set_stop
from search.encoders.encoder import Transcriber
from search.media.recording.sound import CHUNK_SECONDS, SAMPLE_RATE, Pcm16, convert_to_float
from search.paths import write_atomically
from search.records import Segment, SegmentKind, SpeechSegment, Transcript, Word

# How often a thread that waits for a free place looks whether it is to stop.
POLL_SECONDS = 0.1
# The maximum number of waiting chunks for each chunk that is being transcribed.
MAX_WAITING_PER_STREAM = 2
# A chunk is silent if no sample has a larger absolute value (of 32,768).
MAX_SILENCE_AMPLITUDE = 16
# If a chunk has at least this share of the full length, more chunks of the file are likely to follow.
MIN_FULL_CHUNK_SHARE = 0.8
# A segment that starts within this time after an unfinished sentence continues it, up to a maximum length.
MAX_FRAGMENT_GAP_SECONDS = 1.0
MAX_SENTENCE_SECONDS = 15.0
SENTENCE_ENDS = ".?!…。！？"
# A sentence ends at a pause if it has enough words. The pause is required because of abbreviations such as "Dr.".
MIN_SENTENCE_WORDS = 4
MIN_PAUSE_SECONDS = 0.25


class TranscriptionQueue:
    """Transcribes in background threads.

    Transcripts of long files are stored on disk until the file is written, so that they are not transcribed again after
    a run was killed.
    """

    def __init__(self, transcriber: Transcriber, folder: Path, profile: Profile) -> None:
        """Prepare a queue without loading the model.

        Args:
            transcriber: The speech model.
            folder: Where transcripts of unfinished files are stored; it may be deleted at any time.
            profile: The profile to add the time to.
        """
        self._transcriber = transcriber
        self._folder = folder
        self._profile = profile
        self._pool: ThreadPoolExecutor | None = None
        self._stop = threading.Event()
        self._free = threading.Semaphore(0)
        self._short = ShortRecordings()
        self._free_short = threading.Semaphore(MAX_WAITING_RECORDINGS)
        self._languages: dict[str, str] = {}
        self._previous: dict[str, Future[Transcript]] = {}
        self._on_disk: set[str] = set()
        self._lock = threading.Lock()

    def submit(self, content_hash: str, chunk: AudioChunk) -> "Future[Transcript]":
        """Queue a chunk of a file. Block while the queue is full.

        Args:
            content_hash: The hash of the file's content.
            chunk: The chunk; the chunks of a file are submitted in order.

        Raises:
            CancelledError: This thread is to stop.
        """
        pool = self._open_pool()
        is_short = self._is_short(content_hash, chunk)
        free = self._free_short if is_short else self._free
        while not free.acquire(timeout=POLL_SECONDS):
            check_deadline()
        if is_short:
            heard = partial(self._keep_language, content_hash)
            future = self._short.add(ShortRecording(chunk.samples, heard))
            pool.submit(self._transcribe_short)
        else:
            future = pool.submit(self._transcribe, content_hash, chunk, self._previous.get(content_hash))
        self._previous[content_hash] = future
        future.add_done_callback(lambda _: free.release())
        return future

    def _is_short(self, content_hash: str, chunk: AudioChunk) -> bool:
        """Return whether a chunk is a whole short recording of unknown language, which is transcribed with others."""
        is_known = content_hash in self._languages or content_hash in self._previous
        is_whole = chunk.start == 0 and len(chunk.samples) <= MAX_SHORT_SECONDS * SAMPLE_RATE
        return is_whole and not is_known and not is_silent(chunk.samples)

    def _transcribe_short(self) -> None:
        """Transcribe the short recordings that wait, as many as are transcribed together."""
        recordings = self._short.take()
        if recordings:
            with self._profile.measure("speech", round(sum(recording.seconds for recording in recordings))):
                transcribe_recordings(self._transcriber, recordings)

    def detect_language(self, content_hash: str, samples: Pcm16) -> str | None:
        """Return the spoken language (ISO 639-1) of a file, which is used for its sound; None if it is not clear.

        Args:
            content_hash: The hash of the file's content.
            samples: A piece of its sound, shape (n,), int16.
        """
        with self._profile.measure("speech", round(len(samples) / SAMPLE_RATE)):
            language = self._transcriber.detect_language(convert_to_float(samples))
        if language is not None:
            self._languages[content_hash] = language
        return language

    def discard(self, content_hash: str) -> None:
        """Delete the transcripts and the language of a file that was written."""
        self._languages.pop(content_hash, None)
        self._previous.pop(content_hash, None)
        if content_hash in self._on_disk:
            self._on_disk.discard(content_hash)
            for path in self._folder.glob(f"{content_hash}-*.json"):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Stop, also in the middle of a chunk: the threads end when they have transcribed the next few seconds."""
        self._stop.set()
        self._short.cancel()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _open_pool(self) -> ThreadPoolExecutor:
        """Return the thread pool. The first call loads the model, which determines the number of threads."""
        with self._lock:
            if self._pool is None:
                streams = self._transcriber.streams
                self._pool = ThreadPoolExecutor(streams, "transcribe", initializer=set_stop, initargs=(self._stop,))
                self._free.release(MAX_WAITING_PER_STREAM * streams)
            return self._pool

    def _transcribe(self, content_hash: str, chunk: AudioChunk, previous: "Future[Transcript] | None") -> Transcript:
        path = self._folder / f"{content_hash}-{_hash_samples(chunk.samples)}.json"
        stored = _read_transcript(path)
        if stored is not None:
            self._on_disk.add(content_hash)
            transcript = stored
        elif is_silent(chunk.samples):
            transcript = Transcript(None, ())
        else:
            if previous is not None and content_hash not in self._languages:
                # The language that is detected first is used for the whole file.
                wait([previous])
                if not previous.cancelled() and previous.exception() is None and previous.result().language:
                    self._languages.setdefault(content_hash, str(previous.result().language))
            with self._profile.measure("speech", round(len(chunk.samples) / SAMPLE_RATE)):
                samples = convert_to_float(chunk.samples)
                transcript = self._transcriber.transcribe_concurrently(samples, self._languages.get(content_hash))
            if chunk.start > 0 or content_hash in self._on_disk or _is_full(chunk):
                self._on_disk.add(content_hash)
                write_atomically(path, json.dumps(asdict(transcript)).encode())
        self._keep_language(content_hash, transcript)
        return transcript

    def _keep_language(self, content_hash: str, transcript: Transcript) -> None:
        """Use the language of a transcript for all further chunks of the file, unless one is known."""
        if transcript.language:
            self._languages.setdefault(content_hash, transcript.language)


def is_silent(samples: Pcm16) -> bool:
    """Return whether no sample is louder than the noise of a device that records nothing."""
    return int(np.abs(samples.astype(np.int32)).max(initial=0)) <= MAX_SILENCE_AMPLITUDE


def _is_full(chunk: AudioChunk) -> bool:
    """Return whether more of the file is likely to follow."""
    return len(chunk.samples) >= MIN_FULL_CHUNK_SHARE * CHUNK_SECONDS * SAMPLE_RATE


def _hash_samples(samples: Pcm16) -> str:
    return hashlib.blake2b(samples.tobytes(), digest_size=8).hexdigest()


def _read_transcript(path: Path) -> Transcript | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        segments = tuple(
            SpeechSegment(**segment | {"words": tuple(Word(*word) for word in segment.get("words", ()))})
            for segment in document["segments"]
        )
        return Transcript(document["language"], segments)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def cut_sentences(start: float, transcript: Transcript) -> list[Segment]:
    """Return the sentences of a transcript as segments.

    Args:
        start: Where the transcribed chunk starts in the recording, in seconds.
        transcript: The transcript of the chunk.

    Returns:
        Segments with times in the recording.
    """
    sentences = [sentence for segment in transcript.segments for sentence in split_at_pauses(segment)]
    return [
        Segment(
            SegmentKind.SPEECH,
            sentence.text,
            start=round(start + sentence.start, 3),
            end=round(start + sentence.end, 3),
            confidence=round(sentence.confidence * (1 - sentence.no_speech), 4),
            no_speech=round(sentence.no_speech, 4),
            words=tuple(
                Word(round(start + word.start, 2), round(start + word.end, 2), word.text) for word in sentence.words
            ),
        )
        for sentence in join_fragments(sentences)
    ]


def split_at_pauses(segment: SpeechSegment) -> Iterator[SpeechSegment]:
    """Yield the sentences of a segment, separated at pauses, or the segment itself if it has only one."""
    groups = _group_words(segment.words)
    texts = _divide_text(segment.text, groups) if len(groups) > 1 else None
    if texts is None:
        yield segment
        return
    for words, text in zip(groups, texts, strict=True):
        yield replace(segment, start=words[0].start, end=words[-1].end, text=text, words=words)


def _group_words(words: Sequence[Word]) -> list[tuple[Word, ...]]:
    groups: list[tuple[Word, ...]] = []
    first = 0
    for at in range(MIN_SENTENCE_WORDS, len(words) - MIN_SENTENCE_WORDS + 1):
        is_pause = words[at].start - words[at - 1].end >= MIN_PAUSE_SECONDS
        if is_pause and words[at - 1].text[-1:] in SENTENCE_ENDS and at - first >= MIN_SENTENCE_WORDS:
            groups.append(tuple(words[first:at]))
            first = at
    return [*groups, tuple(words[first:])]


def _divide_text(text: str, groups: Sequence[Sequence[Word]]) -> list[str] | None:
    """Cut a text before the first word of each group. Return None if the text does not contain the words."""
    starts, end = [0], 0
    for group in groups:
        for number, word in enumerate(group):
            start = text.find(word.text, end)
            if start < 0:
                return None
            if number == 0 and group is not groups[0]:
                starts.append(start)
            end = start + len(word.text)
    return [text[start:end].strip() for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def join_fragments(segments: Sequence[SpeechSegment]) -> list[SpeechSegment]:
    """Join sentences that Whisper cut into several segments, since half a sentence matches too many queries."""
    joined: list[SpeechSegment] = []
    for segment in segments:
        last = joined[-1] if joined else None
        if last is not None and _continues(last, segment):
            joined[-1] = SpeechSegment(
                start=last.start,
                end=segment.end,
                text=f"{last.text} {segment.text}",
                confidence=min(last.confidence, segment.confidence),
                no_speech=max(last.no_speech, segment.no_speech),
                words=(*last.words, *segment.words),
            )
        else:
            joined.append(segment)
    return joined


def _continues(last: SpeechSegment, segment: SpeechSegment) -> bool:
    """Return whether a segment continues the sentence of the one before."""
    is_near = segment.start - last.end < MAX_FRAGMENT_GAP_SECONDS
    is_short = segment.end - last.start <= MAX_SENTENCE_SECONDS
    return is_near and is_short and last.text[-1:] not in SENTENCE_ENDS
