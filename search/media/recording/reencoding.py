"""Encode a span of a recording again, as H.264 and AAC, so that spans that follow each other join without a gap."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from search.media.recording.container import Clock, DecodeReport, decode_track, open_container
from search.media.recording.frames import SEEK_LEADS, find_video, get_frame_seconds, make_upright, read_turn
from search.media.recording.tracks import shape_pixels
from search.media.tone_mapping import Transfer

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame

# Start and end of the span, and what is added to times, in seconds.
Times = tuple[float, float, float]
Samples = npt.NDArray[np.float32]  # shape (2, n)

SAMPLE_RATE = 48_000
# The samples of a frame of AAC. Frames begin at multiples of it in all spans, so that spans join.
FRAME_SAMPLES = 1024
# Frames that an encoder and a decoder of AAC need before the first one that is right.
PRIMING_FRAMES = 3
# Sound that is off by more than this is placed again.
MAX_DRIFT_SECONDS = 0.1
MAX_SIDE, MAX_RATE = 1280, 30
# Frames are dropped if they are closer than this, in seconds.
MIN_SPACING = 0.9 / MAX_RATE
VIDEO_RATE = 90_000


def measure_output(source: Path) -> tuple[int, int, Fraction]:
    """Return the width and the height of encoded images in pixels, upright and even, and the frames per second."""
    for _, frame, aspect, rate in _iterate_frames(source, 0.0, float("inf")):
        width, height = shape_pixels(frame.width, frame.height, aspect)
        if read_turn(frame)[0] % 180:
            width, height = height, width
        scale = min(1.0, MAX_SIDE / max(width, height))
        return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2), rate
    return MAX_SIDE, MAX_SIDE * 9 // 16, Fraction(MAX_RATE)


def encode_images(source: Path, out: Any, times: Times) -> "Iterator[Packet[Any]]":
    """Yield packets with the images of a span.

    Args:
        source: The recording.
        out: The track that is written, with its size.
        times: The span.
    """
    start, end, shift = times
    last = -1
    for seconds, frame, aspect, _ in _iterate_frames(source, start, end):
        if seconds < start - 1e-3:
            continue
        image = _fit(frame, aspect, (out.width, out.height))
        image.pts, image.time_base = round((seconds + shift) * VIDEO_RATE), Fraction(1, VIDEO_RATE)
        if image.pts <= last + MIN_SPACING * VIDEO_RATE:
            continue
        last = image.pts
        yield from out.encode(image)
    yield from out.encode(None)


def _iterate_frames(
    source: Path, start: float, end: float
) -> "Iterator[tuple[float, VideoFrame, Fraction | None, Fraction]]":
    """Yield the frames from the keyframe before a span to its end: time, frame, shape of its pixels, frames per second.

    Where a file cannot be sought exactly, decoding begins earlier.
    """
    import av

    for lead in SEEK_LEADS if start > 0 else (None,):
        with open_container(source) as container:
            stream = find_video(container)
            stream.thread_type = "AUTO"
            clock, step = Clock(container), get_frame_seconds(stream)
            rate = min(stream.average_rate or Fraction(MAX_RATE), Fraction(MAX_RATE))
            if lead is not None and stream.time_base:
                try:
                    at = int(clock.find_stamp(max(0.0, start - lead)) / stream.time_base)
                    container.seek(at, stream=stream)
                except av.FFmpegError:
                    continue
            expected, is_late = None, False
            for frame in decode_track(container, stream, DecodeReport()):
                seconds = clock.read(frame.time, expected)
                if expected is None and lead is not None and seconds > start + step:
                    is_late = True
                    break
                if seconds >= end - 1e-3:
                    break
                expected = seconds + step
                yield seconds, frame, stream.sample_aspect_ratio, rate
            if not is_late:
                return


def _fit(frame: "VideoFrame", aspect: Fraction | None, size: tuple[int, int]) -> "VideoFrame":
    """Return a frame upright, in a size, with the colors of a screen."""
    import av

    if Transfer.find(frame.color_trc) is None and read_turn(frame) == (0, False):
        return frame.reformat(*size, format="yuv420p")
    image = make_upright(frame, aspect)
    upright: VideoFrame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
    return upright.reformat(*size, format="yuv420p")


def encode_sound(source: Path, index: int, out: Any, times: Times) -> "Iterator[Packet[Any]]":
    """Yield packets with the sound of a span: the frames of AAC that begin in it.

    Args:
        source: The recording.
        index: The number of the track in the file.
        out: The track that is written.
        times: The span.
    """
    import av

    start, end, shift = times
    first, last = (int(np.ceil(at * SAMPLE_RATE / FRAME_SAMPLES)) * FRAME_SAMPLES for at in (start, end))
    offset = round(shift * SAMPLE_RATE)
    position, rest = first - PRIMING_FRAMES * FRAME_SAMPLES, np.zeros((2, 0), np.float32)

    def encode(samples: Samples | None) -> "Iterator[Packet[Any]]":
        frame = None
        if samples is not None:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
            frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), position
        for packet in out.encode(frame):
            if first <= packet.pts < last:
                packet.pts = packet.dts = packet.pts + offset
                yield packet

    for block in _read_sound(source, index, position, last + FRAME_SAMPLES):
        rest = np.concatenate([rest, block], axis=1)
        while rest.shape[1] >= FRAME_SAMPLES:
            yield from encode(rest[:, :FRAME_SAMPLES])
            position, rest = position + FRAME_SAMPLES, rest[:, FRAME_SAMPLES:]
    if rest.shape[1]:
        yield from encode(np.pad(rest, ((0, 0), (0, FRAME_SAMPLES - rest.shape[1]))))
    yield from encode(None)


def _read_sound(source: Path, index: int, first: int, last: int) -> Iterator[Samples]:
    """Yield the sound from one sample to another, in blocks that follow each other; silence fills gaps."""
    import av

    position = first
    with open_container(source) as container:
        stream = container.streams[index]
        clock = Clock(container)
        if first > 0 and stream.time_base:
            container.seek(int(clock.find_stamp(max(0.0, first / SAMPLE_RATE - 0.5)) / stream.time_base), stream=stream)
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE)
        placed: int | None = None
        for frame in decode_track(container, stream, DecodeReport()):
            at = round(clock.read(frame.time, None if placed is None else placed / SAMPLE_RATE) * SAMPLE_RATE)
            if placed is None or abs(at - placed) > MAX_DRIFT_SECONDS * SAMPLE_RATE:
                placed = at
            frame.pts = None
            for part in resampler.resample(frame):
                samples = part.to_ndarray()[:, max(0, position - placed) : max(0, last - placed)]
                begin = max(placed, position)
                placed += part.samples
                if samples.shape[1]:
                    yield np.pad(samples, ((0, 0), (begin - position, 0)))
                    position = begin + samples.shape[1]
            if position >= last:
                return
