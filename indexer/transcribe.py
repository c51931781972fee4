"""Stretches of sound to words: several at once, a few ahead, and none twice."""

import hashlib
import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path

import numpy as np

from indexer.decode.content import AudioChunk, Pcm16
from indexer.profile import Profile
from search.encoders.encoder import Transcriber
from search.media.container import CHUNK_SECONDS, SAMPLE_RATE, to_samples
from search.paths import write_atomically
from search.records import SpeechSegment, Transcript, Word

# So many stretches wait for each that is heard.
AHEAD = 2
# Sound that is never louder than this, of 32,768, holds nothing to be heard.
SILENCE = 16


class TranscriptionQueue:
    """Transcribes in threads of its own. What was heard of long files is kept on disk until the file is written."""

    def __init__(self, transcriber: Transcriber, folder: Path, profile: Profile) -> None:
        """folder: where stretches that were heard wait for the rest of their file; disposable."""
        self._transcriber = transcriber
        self._folder = folder
        self._profile = profile
        self._pool: ThreadPoolExecutor | None = None
        self._room = threading.Semaphore(0)
        self._languages: dict[str, str] = {}
        self._earlier: dict[str, Future[Transcript]] = {}
        self._partial: set[str] = set()
        self._opening = threading.Lock()

    def listen(self, content_hash: str, sound: AudioChunk) -> "Future[Transcript]":
        """Have a stretch transcribed; waits while enough others are ahead."""
        pool = self._open()
        self._room.acquire()
        future = pool.submit(self._hear, content_hash, sound, self._earlier.get(content_hash))
        self._earlier[content_hash] = future
        future.add_done_callback(lambda _: self._room.release())
        return future

    def forget(self, content_hash: str) -> None:
        """Drop what was kept of a file: it is written, or will be heard anew."""
        self._languages.pop(content_hash, None)
        self._earlier.pop(content_hash, None)
        if content_hash in self._partial:
            self._partial.discard(content_hash)
            for path in self._folder.glob(f"{content_hash}-*.json"):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Stop after the stretches at hand."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _open(self) -> ThreadPoolExecutor:
        """Return the threads; how many is known only where there is something to hear."""
        with self._opening:
            if self._pool is None:
                streams = self._transcriber.streams
                self._pool = ThreadPoolExecutor(streams, thread_name_prefix="listen")
                self._room.release(AHEAD * streams)
            return self._pool

    def _hear(self, content_hash: str, sound: AudioChunk, earlier: "Future[Transcript] | None") -> Transcript:
        kept = self._folder / f"{content_hash}-{_hash(sound.samples)}.json"
        known = _read(kept)
        if known is not None:
            self._partial.add(content_hash)
            heard = known
        elif int(np.abs(sound.samples.astype(np.int32)).max(initial=0)) <= SILENCE:
            heard = Transcript(None, ())
        else:
            if earlier is not None and content_hash not in self._languages:
                # A file is in one language: the first that was heard. What came before began before.
                wait([earlier])
            with self._profile.measure("speech", round(len(sound.samples) / SAMPLE_RATE)):
                samples = to_samples(sound.samples)
                heard = self._transcriber.transcribe_beside(samples, self._languages.get(content_hash))
            if sound.start > 0 or content_hash in self._partial or _is_long(sound):
                self._keep(content_hash, kept, heard)
        if heard.language:
            self._languages.setdefault(content_hash, heard.language)
        return heard

    def _keep(self, content_hash: str, path: Path, heard: Transcript) -> None:
        self._partial.add(content_hash)
        write_atomically(path, json.dumps(asdict(heard)).encode())


def _is_long(sound: AudioChunk) -> bool:
    """Return whether more of the file is likely to follow."""
    return len(sound.samples) >= 0.8 * CHUNK_SECONDS * SAMPLE_RATE


def _hash(samples: Pcm16) -> str:
    return hashlib.blake2b(samples.tobytes(), digest_size=8).hexdigest()


def _read(path: Path) -> Transcript | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        segments = tuple(
            SpeechSegment(**one | {"words": tuple(Word(*word) for word in one.get("words", ()))})
            for one in document["segments"]
        )
        return Transcript(document["language"], segments)
    except (OSError, ValueError, KeyError, TypeError):
        return None
