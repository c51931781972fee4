"""Decode sound as mono at 16 kHz, in chunks with their times."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from search.errors import UnreadableMediaError
from search.media.recording.container import Clock, DecodeReport, decode_track, open_container
from search.media.recording.downmix import Downmixer
from search.media.recording.tracks import probe
from search.records import Waveform

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

SAMPLE_RATE = 16_000  # of decoded audio in Hz, as Whisper expects it
# The minimum length of an audio chunk, and the length of the window after it in which the chunk ends.
CHUNK_SECONDS, CUT_SEARCH_SECONDS = 120, 20
# Time stamps that differ less than this from the length of the sound before are inexact; the others are a gap.
MIN_GAP_SECONDS = 0.2
# A longer gap ends a chunk; a shorter one is silence inside it.
MAX_FILLED_GAP_SECONDS = 30.0

Pcm16 = npt.NDArray[np.int16]  # audio samples, shape (n,)
# A piece of sound: where it starts, in samples from the start of the recording, and its samples, shape (n,), float32.
Piece = tuple[int, Waveform]


def decode_sound(source: Path | bytes) -> Waveform:
    """Decode the audio track that a player plays as mono at 16 kHz; shape (n,), float32 from -1 to 1.

    Raises:
        UnreadableMediaError: There is no audio track, or it cannot be decoded.
    """
    parts = [convert_to_float(samples) for _, samples in iterate_sound(source)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def convert_to_float(samples: Pcm16) -> Waveform:
    """Convert 16-bit samples, shape (n,), int16, to float32 from -1 to 1."""
    return samples.astype(np.float32) / np.float32(32768)


def iterate_sound(
    source: Path | bytes, track: int | None = None, report: DecodeReport | None = None
) -> Iterator[tuple[float, Pcm16]]:
    """Decode an audio track as mono, in chunks of about two minutes. Chunks end at quiet moments, not in words.

    Args:
        source: The file, or its content.
        track: The position of the track; by default the one that a player plays.
        report: Damage is recorded here.

    Yields:
        The start of a chunk in seconds, as a player shows it, and its samples at 16 kHz, shape (n,), int16.

    Raises:
        UnreadableMediaError: There is no audio track, or it cannot be decoded.
    """
    if track is None:
        sounds = probe(source).sounds
        track = sounds[0].index if sounds else 0
    pending: list[Waveform] = []
    count, start = 0, 0
    for position, samples in _decode_pieces(source, track, report or DecodeReport()):
        gap = position - start - count
        if count and gap > MAX_FILLED_GAP_SECONDS * SAMPLE_RATE:
            yield start / SAMPLE_RATE, _convert_to_pcm(np.concatenate(pending))
            pending, count = [], 0
        if not count:
            start = max(position, start)
        elif gap > 0:
            pending.append(np.zeros(gap, np.float32))
            count += gap
        pending.append(samples)
        count += len(samples)
        while count >= (CHUNK_SECONDS + CUT_SEARCH_SECONDS) * SAMPLE_RATE:
            whole = np.concatenate(pending)
            end = _find_quiet(whole)
            yield start / SAMPLE_RATE, _convert_to_pcm(whole[:end])
            pending, count, start = [whole[end:]], len(whole) - end, start + end
    if count:
        yield start / SAMPLE_RATE, _convert_to_pcm(np.concatenate(pending))


def _decode_pieces(source: Path | bytes, track: int, report: DecodeReport) -> Iterator[Piece]:
    """Decode a track as mono in pieces, each at its time."""
    with open_container(source) as container:
        if track >= len(container.streams.audio):
            raise UnreadableMediaError("no audio track")
        mixer: Downmixer | None = None
        clock, start, seconds = Clock(container), 0, 0.0
        for frame in decode_track(container, container.streams.audio[track], report):
            expected = start / SAMPLE_RATE + seconds
            placed = clock.read(frame.time, expected if mixer else None)
            is_continued = mixer is not None and abs(placed - expected) < MIN_GAP_SECONDS
            if mixer is None or not is_continued or not mixer.accepts(frame):
                if mixer is not None:
                    yield from mixer.flush()
                # The format can change within a track, as between the programs of a broadcast.
                start, seconds = round((expected if is_continued else placed) * SAMPLE_RATE), 0.0
                mixer = Downmixer(frame, SAMPLE_RATE, start)
            seconds += _measure(frame)
            yield from mixer.feed(frame)
        if mixer is not None:
            yield from mixer.flush()


def _measure(frame: "AudioFrame") -> float:
    return frame.samples / frame.sample_rate if frame.sample_rate else 0.0


def _convert_to_pcm(samples: Waveform) -> Pcm16:
    """Convert samples to 16 bits. Sound that exceeds the range, as floating point can, is made quieter, not clipped."""
    peak = float(np.abs(samples).max(initial=0))
    scaled = samples * np.float32(32768 / max(1.0, peak))
    samples_16: Pcm16 = np.rint(scaled).clip(-32768, 32767).astype(np.int16)
    return samples_16


def _find_quiet(samples: Waveform) -> int:
    """Return the quietest position after the minimum length of a chunk, as an index of a sample."""
    start = CHUNK_SECONDS * SAMPLE_RATE
    window = SAMPLE_RATE // 5
    searched = samples[start : start + (CUT_SEARCH_SECONDS + 1) * SAMPLE_RATE]
    power = (searched[: len(searched) // window * window].reshape(-1, window) ** 2).mean(axis=1)
    return start + int(power.argmin()) * window + window // 2
