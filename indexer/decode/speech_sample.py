"""Choose a short piece of sound in which much is said, to detect the spoken language."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from indexer.transcribe import is_silent
from search.errors import UnreadableMediaError
from search.media.recording.sound import SAMPLE_RATE, Pcm16, iterate_sound
from search.media.recording.tracks import Track
from search.records import Segment

# Whisper detects the language of at most this much sound.
SAMPLE_SECONDS = 30
# The sample is taken from the start of a recording, since all sound before it is decoded.
MAX_SEARCHED_SECONDS = 600


def take_sample(path: Path, tracks: Iterable[Track], lines: Sequence[Segment]) -> Pcm16 | None:
    """Return a piece of the first audio track that is not silent there, shape (n,); None if there is none.

    Args:
        path: The recording.
        tracks: Its audio tracks, the one that a player plays first.
        lines: Its subtitles, which show where much is said.
    """
    start = find_dense_start(lines)
    for track in tracks:
        try:
            samples = _read_piece(path, track.index, start)
        except UnreadableMediaError:
            continue
        if not is_silent(samples):
            return samples
    return None


def find_dense_start(lines: Iterable[Segment]) -> int:
    """Return the second, near the start of a recording, from which subtitles cover most of `SAMPLE_SECONDS`."""
    covered = np.zeros(MAX_SEARCHED_SECONDS, np.int64)
    for line in lines:
        start = int(line.start or 0.0)
        covered[start : max(start, int(line.end or 0.0)) + 1] = 1
    return int(np.convolve(covered, np.ones(SAMPLE_SECONDS, np.int64), "valid").argmax())


def _read_piece(path: Path, track: int, start: int) -> Pcm16:
    """Return up to `SAMPLE_SECONDS` of a track from a second on, moved so that they are in one chunk of the sound."""
    for at, samples in iterate_sound(path, track):
        if at * SAMPLE_RATE + len(samples) > start * SAMPLE_RATE:
            latest = max(0, len(samples) - SAMPLE_SECONDS * SAMPLE_RATE)
            first = min(max(0, round((start - at) * SAMPLE_RATE)), latest)
            return samples[first : first + SAMPLE_SECONDS * SAMPLE_RATE]
    return np.zeros(0, np.int16)
