"""Stretches of sound to words: one after the other, a few ahead, and never twice."""

import hashlib
import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np

from indexer.decoders.content import Pulses, Sound
from indexer.profile import Profile
from search.media.container import SAMPLE_RATE, to_samples
from search.models.encoder import Transcriber
from search.paths import keep_file
from search.records import SpeechSegment, Transcript, Word

AHEAD = 2
# Sound that is never louder than this, of 32,768, holds nothing to be heard.
SILENCE = 16


class Listener:
    """Transcribes in a thread of its own. What was heard of long files is kept on disk until the file is written."""

    def __init__(self, transcriber: Transcriber, folder: Path, profile: Profile) -> None:
        """folder: where stretches that were heard wait for the rest of their file; disposable."""
        self._transcriber = transcriber
        self._folder = folder
        self._profile = profile
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="listen")
        self._room = threading.Semaphore(AHEAD)
        self._languages: dict[str, str] = {}
        self._partial: set[str] = set()

    def listen(self, content_hash: str, sound: Sound) -> "Future[Transcript]":
        """Have a stretch transcribed; waits while enough others are ahead."""
        self._room.acquire()
        future = self._pool.submit(self._hear, content_hash, sound)
        future.add_done_callback(lambda _: self._room.release())
        return future

    def forget(self, content_hash: str) -> None:
        """Drop what was kept of a file: it is written, or will be heard anew."""
        self._languages.pop(content_hash, None)
        if content_hash in self._partial:
            self._partial.discard(content_hash)
            for path in self._folder.glob(f"{content_hash}-*.json"):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Stop after the stretch at hand."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _hear(self, content_hash: str, sound: Sound) -> Transcript:
        kept = self._folder / f"{content_hash}-{_hash(sound.samples)}.json"
        known = _read(kept)
        if known is not None:
            self._partial.add(content_hash)
            heard = known
        elif int(np.abs(sound.samples.astype(np.int32)).max(initial=0)) <= SILENCE:
            heard = Transcript(None, ())
        else:
            with self._profile.measure("speech", round(len(sound.samples) / SAMPLE_RATE)):
                samples = to_samples(sound.samples)
                heard = self._transcriber.transcribe(samples, self._languages.get(content_hash))
            if sound.start > 0 or content_hash in self._partial or _is_long(sound):
                self._keep(content_hash, kept, heard)
        if heard.language:
            # A file is in one language: the first that was heard.
            self._languages.setdefault(content_hash, heard.language)
        return heard

    def _keep(self, content_hash: str, path: Path, heard: Transcript) -> None:
        self._partial.add(content_hash)
        keep_file(path, json.dumps(asdict(heard)).encode())


def _is_long(sound: Sound) -> bool:
    """Tell whether more of the file is likely to follow."""
    return len(sound.samples) >= 240 * SAMPLE_RATE


def _hash(samples: Pulses) -> str:
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
