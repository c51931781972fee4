"""Audio and video files: samples and frames with their times. Home of PyAV."""

import io
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from search.errors import UnreadableMediaError
from search.media.metadata import read_fields
from search.records import MediaFacts, Waveform

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from search.media.image.picture import Picture

SAMPLE_RATE = 16_000
# The minimum length of an audio chunk, and the window after it in which it is cut.
CHUNK_SECONDS, CUT_SEARCH_SECONDS = 120, 20
# With keyframes farther apart than this, all frames are decoded.
MAX_KEYFRAME_GAP_SECONDS = 12.0
KEYFRAME_PROBE_SECONDS = 300.0

Pcm16 = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Frame:
    """A video frame and when it is shown, in seconds from the start."""

    seconds: float
    picture: "Picture"


@dataclass(frozen=True)
class StreamFacts:
    """The streams and metadata of a container; the duration may be wrong."""

    has_audio: bool
    has_video: bool
    media: MediaFacts


def probe(source: Path | bytes) -> StreamFacts:
    """Read a container's headers. Raises UnreadableMediaError."""
    with _open(source) as container:
        # A cover image is a video stream of one attached frame, not a film.
        videos = [s for s in container.streams.video if not _is_cover(s)]
        duration = container.duration / 1_000_000 if container.duration else None
        fields = dict(container.metadata)
        if "ogg" in container.format.name:  # there, the stream has what elsewhere the container has
            for stream in container.streams:
                fields = dict(stream.metadata) | fields
        width, height = (videos[0].width, videos[0].height) if videos else (None, None)
        return StreamFacts(
            has_audio=bool(container.streams.audio),
            has_video=bool(videos),
            media=replace(read_fields(fields), duration=duration, width=width, height=height),
        )


def read_cover(source: Path | bytes) -> "Picture | None":
    """Return the image attached to a recording, such as the cover of its album; None when it has none."""
    with _open(source) as container:
        for stream in container.streams.video:
            if not _is_cover(stream):
                continue
            for packet in container.demux(stream):
                for frame in packet.decode():
                    return frame.to_image()  # type: ignore[no-untyped-call,no-any-return]
    return None


def decode_sound(source: Path | bytes) -> Waveform:
    """Return the first audio track as mono at 16 kHz, shape (n,), float32 in -1 to 1.

    Raises UnreadableMediaError when there is no audio track or it cannot be decoded.
    """
    parts = [to_samples(samples) for _, samples in iterate_sound(source)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def to_samples(samples: Pcm16) -> Waveform:
    """Return 16-bit audio as float32 from -1 to 1."""
    return samples.astype(np.float32) / np.float32(32768)


def iterate_sound(source: Path | bytes) -> Iterator[tuple[float, Pcm16]]:
    """Yield the first audio track as mono at 16 kHz, in chunks: (start in seconds, samples (n,), int16).

    A chunk is about two minutes long and ends at a quiet moment, so that no word is cut. Raises
    UnreadableMediaError when there is no audio track or it cannot be decoded.
    """
    import av

    waiting: list[Pcm16] = []
    count, start = 0, 0
    with _open(source) as container:
        if not container.streams.audio:
            raise UnreadableMediaError("no audio track")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        for frame in itertools.chain(container.decode(audio=0), (None,)):
            for part in resampler.resample(frame):
                waiting.append(part.to_ndarray().reshape(-1).astype(np.int16))
                count += len(waiting[-1])
            if count >= (CHUNK_SECONDS + CUT_SEARCH_SECONDS) * SAMPLE_RATE:
                whole = np.concatenate(waiting)
                cut = _find_quiet(whole)
                yield start / SAMPLE_RATE, whole[:cut]
                waiting, count, start = [whole[cut:]], len(whole) - cut, start + cut
    if count:
        yield start / SAMPLE_RATE, np.concatenate(waiting)


def measure_loudness(source: Path | bytes, points: int) -> Waveform:
    """Return the peak of each of `points` equal parts of a recording, shape (points,), float32 from 0 to 1.

    Raises UnreadableMediaError when there is no audio track or it cannot be decoded.
    """
    window = SAMPLE_RATE // 20
    parts = []
    for _, samples in iterate_sound(source):
        whole = np.abs(samples[: len(samples) // window * window].astype(np.int32)).reshape(-1, window)
        parts.append(whole.max(axis=1))
    peaks = np.concatenate(parts) if parts else np.zeros(0, np.int32)
    if not len(peaks):
        return np.zeros(points, np.float32)
    bounds = np.linspace(0, len(peaks), points + 1).astype(int)
    loud = [peaks[low : max(high, low + 1)].max(initial=0) for low, high in itertools.pairwise(bounds)]
    return (np.array(loud, np.float32) / 32768).clip(0, 1)


def _find_quiet(samples: Pcm16) -> int:
    """Return the quietest position after the minimum length, in samples."""
    begin = CHUNK_SECONDS * SAMPLE_RATE
    window = SAMPLE_RATE // 5
    rest = samples[begin:].astype(np.float32)
    loudness = (rest[: len(rest) // window * window].reshape(-1, window) ** 2).mean(axis=1)
    return begin + int(loudness.argmin()) * window + window // 2


def iterate_frames(source: Path | bytes, spacing: float, keys_only: bool = False) -> Iterator[Frame]:
    """Return the frames of the first video track, at least `spacing` seconds apart, in order.

    Args:
        source: The file, or its content.
        spacing: Seconds.
        keys_only: Decode only keyframes, which is several times faster, unless they are too far apart.

    Raises:
        UnreadableMediaError: There is no video track, or it cannot be decoded.
    """
    if keys_only and _are_keys_sparse(source):
        keys_only = False
    with _open(source) as container:
        stream = _find_video(container)
        stream.thread_type = "AUTO"
        if keys_only:
            stream.codec_context.skip_frame = "NONKEY"
        due, first = 0.0, None
        for packet in container.demux(stream):
            if keys_only and not packet.is_keyframe and packet.size:
                continue
            for frame in packet.decode():
                if frame.time is None:
                    continue
                first = frame.time if first is None else first
                seconds = frame.time - first
                if seconds + 1e-6 >= due:
                    yield Frame(seconds, _show(frame))
                    due = seconds + spacing


def _show(frame: "VideoFrame") -> "Picture":
    """Return a frame as an image, upright."""
    image: Picture = frame.to_image()  # type: ignore[no-untyped-call]
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image


def _are_keys_sparse(source: Path | bytes) -> bool:
    """Return whether keyframes are too far apart, by the packets of the first minutes."""
    with _open(source) as container:
        stream = _find_video(container)
        times: list[float] = []
        end = 0.0
        for packet in container.demux(stream):
            if packet.pts is None or not packet.time_base:
                continue
            end = max(end, float(packet.pts * packet.time_base))
            if packet.is_keyframe:
                times.append(end)
            if end > KEYFRAME_PROBE_SECONDS:
                break
        return not times or bool(np.diff([*times, end]).max() > MAX_KEYFRAME_GAP_SECONDS)


def _find_video(container: "InputContainer") -> "VideoStream":
    if not container.streams.video:
        raise UnreadableMediaError("no video track")
    return container.streams.video[0]


def read_frame(source: Path, seconds: float) -> "Picture":
    """Return the frame shown at a time, or the last one when the film is shorter.

    Raises UnreadableMediaError when there is no video track or it cannot be decoded.
    """
    with _open(source) as container:
        stream = _find_video(container)
        start = stream.start_time or 0
        if stream.time_base:
            container.seek(start + int(seconds / stream.time_base), stream=stream)
        last = None
        for frame in container.decode(stream):
            last = frame
            if frame.time is not None and frame.time - float(start * (stream.time_base or 0)) >= seconds - 1e-3:
                break
        if last is None:
            raise UnreadableMediaError("no frame at this time")
        return _show(last)


def _is_cover(stream: object) -> bool:
    import av

    return bool(getattr(stream, "disposition", 0) & av.stream.Disposition.attached_pic)


@contextmanager
def _open(source: Path | bytes) -> Iterator["InputContainer"]:
    import av

    stream: BinaryIO | str = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    try:
        with av.open(stream, "r", metadata_errors="ignore") as container:
            yield container
    except (av.FFmpegError, ValueError, OverflowError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreadableMediaError(f"cannot be decoded: {reason}") from error


def write_video(
    path: Path, frames: "Iterable[Picture]", rate: Fraction, samples: npt.NDArray[np.int16], sample_rate: int
) -> None:
    """Write images of one size (even sides) and mono sound as H.264 and AAC in an MP4."""
    import av

    with av.open(str(path), "w") as container:
        video = None
        for frame in frames:
            if video is None:
                video = container.add_stream("libx264", rate=rate)
                video.width, video.height = frame.size
                video.pix_fmt = "yuv420p"
                audio = container.add_stream("aac", rate=sample_rate)
                audio.layout = "mono"
            container.mux(video.encode(av.VideoFrame.from_image(frame)))  # type: ignore[no-untyped-call]
        if video is None:
            return
        container.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        sound.sample_rate = sample_rate
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=sample_rate, frame_size=1024)
        for part in [*resampler.resample(sound), *resampler.resample(None)]:
            container.mux(audio.encode(part))
        container.mux(audio.encode(None))
