"""Measure the peak levels of a recording, for a waveform display."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from search.media.recording.container import Clock, DecodeReport, decode_track, open_container
from search.media.recording.downmix import Downmixer
from search.media.recording.sound import SAMPLE_RATE, iterate_sound
from search.media.recording.tracks import probe
from search.records import Waveform

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

# Of a longer recording, some seconds of each point of the display are decoded, together as long as this.
MAX_WHOLE_SECONDS = 4500.0
SAMPLED_SECONDS = 1800.0


def measure_loudness(source: Path | bytes, points: int) -> Waveform:
    """Measure the peak levels of a recording.

    Args:
        source: The file, or its content.
        points: The number of equal parts to divide the recording into.

    Returns:
        The peak of each part, shape (points,), float32 from 0 to 1; shape (0,) without an audio track.

    Raises:
        UnreadableMediaError: The audio track cannot be decoded.
    """
    facts = probe(source)
    if not facts.sounds:
        return np.zeros(0, np.float32)
    duration = facts.media.duration or 0.0
    if duration > MAX_WHOLE_SECONDS:
        return _measure_samples(source, facts.sounds[0].index, duration, points)
    return _measure_whole(source, points)


def _measure_whole(source: Path | bytes, points: int) -> Waveform:
    window = SAMPLE_RATE // 20
    parts: list[npt.NDArray[np.int32]] = []
    count = 0
    for start, samples in iterate_sound(source):
        gap = round(start * SAMPLE_RATE / window) - count
        levels = np.abs(samples[: len(samples) // window * window].astype(np.int32)).reshape(-1, window)
        parts += [np.zeros(max(gap, 0), np.int32), levels.max(axis=1)]
        count += max(gap, 0) + len(levels)
    peaks = np.concatenate(parts) if parts else np.zeros(0, np.int32)
    if not len(peaks):
        return np.zeros(points, np.float32)
    bounds = np.linspace(0, len(peaks), points + 1).astype(int)
    maxima = [peaks[low : max(high, low + 1)].max(initial=0) for low, high in itertools.pairwise(bounds)]
    return (np.array(maxima, np.float32) / 32768).clip(0, 1)


def _measure_samples(source: Path | bytes, track: int, duration: float, points: int) -> Waveform:
    """Measure the start of each part only."""
    import av

    peaks = np.zeros(points, np.float32)
    with open_container(source) as container:
        clock = Clock(container)
        for point in range(points):
            start = point * duration / points
            try:
                container.seek(int(clock.find_stamp(start) * 1_000_000))
                frames = decode_track(container, container.streams.audio[track], DecodeReport())
                peaks[point] = _find_peak(_choose(frames, clock, start, SAMPLED_SECONDS / points))
            except av.FFmpegError:  # nothing can be decoded there
                continue
    return peaks.clip(0, 1)


def _choose(frames: "Iterable[AudioFrame]", clock: Clock, start: float, seconds: float) -> "Iterator[AudioFrame]":
    """Yield the frames of some seconds. Those before are decoded for as long, where a file is sought inexactly."""
    decoded = 0.0
    for frame in frames:
        at = clock.read(frame.time, None) if frame.time is not None else start
        if at >= start + seconds or decoded >= 2 * seconds + 1:
            return
        if at >= start:
            yield frame
        decoded += frame.samples / max(frame.sample_rate, 1)


def _find_peak(frames: "Iterable[AudioFrame]") -> float:
    """Return the peak of frames that are mixed to mono."""
    mixer, peaks = None, [0.0]
    for frame in frames:
        if mixer is None or not mixer.accepts(frame):
            mixer = Downmixer(frame, SAMPLE_RATE, 0)
        peaks += [float(np.abs(samples).max(initial=0)) for _, samples in mixer.feed(frame)]
    rest = mixer.flush() if mixer is not None else ()
    return max([*peaks, *(float(np.abs(samples).max(initial=0)) for _, samples in rest)])
