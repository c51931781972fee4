"""Decode audio and video files: samples and frames with their times. Home of PyAV.

The parameter `source` is a file, or the content of one.
"""

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

    from search.media.image.pillow import PilImage

SAMPLE_RATE = 16_000  # of decoded audio in Hz, as Whisper expects it
# The minimum length of an audio chunk, and the length of the window after it in which the chunk ends.
CHUNK_SECONDS, CUT_SEARCH_SECONDS = 120, 20
# If keyframes are farther apart than this, all frames are decoded. The gaps are measured at the start of the video.
MAX_KEYFRAME_GAP_SECONDS = 12.0
KEYFRAME_PROBE_SECONDS = 300.0

Pcm16 = npt.NDArray[np.int16]  # audio samples, shape (n,)


@dataclass(frozen=True)
class Frame:
    """A decoded video frame.

    Attributes:
        seconds: The time of the frame, from the start of the video.
        image: The image, upright.
    """

    seconds: float
    image: "PilImage"


@dataclass(frozen=True)
class StreamFacts:
    """The streams and metadata of an audio or video file, as its headers state them.

    Attributes:
        has_audio: Whether there is an audio track.
        has_video: Whether there is a video track; a cover image does not count.
        media: The metadata. The duration may be wrong.
    """

    has_audio: bool
    has_video: bool
    media: MediaFacts


def probe(source: Path | bytes) -> StreamFacts:
    """Read the headers of an audio or video file.

    Raises:
        UnreadableMediaError: The file cannot be decoded.
    """
    with _open(source) as container:
        # A cover image is stored as a video stream with one attached frame.
        videos = [stream for stream in container.streams.video if not _is_cover(stream)]
        duration = container.duration / 1_000_000 if container.duration else None
        fields = dict(container.metadata)
        if "ogg" in container.format.name:  # Ogg stores the metadata in the streams
            for stream in container.streams:
                fields = dict(stream.metadata) | fields
        width, height = (videos[0].width, videos[0].height) if videos else (None, None)
        return StreamFacts(
            has_audio=bool(container.streams.audio),
            has_video=bool(videos),
            media=replace(read_fields(fields), duration=duration, width=width, height=height),
        )


def read_cover(source: Path | bytes) -> "PilImage | None":
    """Return the image attached to an audio file, such as an album cover; None if there is none.

    Raises:
        UnreadableMediaError: The file cannot be decoded.
    """
    with _open(source) as container:
        for stream in container.streams.video:
            if not _is_cover(stream):
                continue
            for packet in container.demux(stream):
                for frame in packet.decode():
                    return frame.to_image()  # type: ignore[no-untyped-call,no-any-return]
    return None


def decode_sound(source: Path | bytes) -> Waveform:
    """Decode the first audio track as mono at 16 kHz; shape (n,), float32 from -1 to 1.

    Raises:
        UnreadableMediaError: There is no audio track, or it cannot be decoded.
    """
    parts = [convert_to_float(samples) for _, samples in iterate_sound(source)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def convert_to_float(samples: Pcm16) -> Waveform:
    """Convert 16-bit samples, shape (n,), int16, to float32 from -1 to 1."""
    return samples.astype(np.float32) / np.float32(32768)


def iterate_sound(source: Path | bytes) -> Iterator[tuple[float, Pcm16]]:
    """Decode the first audio track as mono, in chunks of about two minutes. Chunks end at quiet moments, not in words.

    Yields:
        The start of a chunk in seconds, and its samples at 16 kHz, shape (n,), int16.

    Raises:
        UnreadableMediaError: There is no audio track, or it cannot be decoded.
    """
    import av

    pending: list[Pcm16] = []
    count, start = 0, 0
    with _open(source) as container:
        if not container.streams.audio:
            raise UnreadableMediaError("no audio track")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        for frame in itertools.chain(container.decode(audio=0), (None,)):
            for part in resampler.resample(frame):
                pending.append(part.to_ndarray().reshape(-1).astype(np.int16))
                count += len(pending[-1])
            if count >= (CHUNK_SECONDS + CUT_SEARCH_SECONDS) * SAMPLE_RATE:
                samples = np.concatenate(pending)
                end = _find_quiet(samples)
                yield start / SAMPLE_RATE, samples[:end]
                pending, count, start = [samples[end:]], len(samples) - end, start + end
    if count:
        yield start / SAMPLE_RATE, np.concatenate(pending)


def measure_loudness(source: Path | bytes, points: int) -> Waveform:
    """Measure the peak levels of a recording, for a waveform display.

    Args:
        source: The file, or its content.
        points: The number of equal parts to divide the recording into.

    Returns:
        The peak of each part, shape (points,), float32 from 0 to 1.

    Raises:
        UnreadableMediaError: There is no audio track, or it cannot be decoded.
    """
    window = SAMPLE_RATE // 20
    parts = []
    for _, samples in iterate_sound(source):
        levels = np.abs(samples[: len(samples) // window * window].astype(np.int32)).reshape(-1, window)
        parts.append(levels.max(axis=1))
    peaks = np.concatenate(parts) if parts else np.zeros(0, np.int32)
    if not len(peaks):
        return np.zeros(points, np.float32)
    bounds = np.linspace(0, len(peaks), points + 1).astype(int)
    maxima = [peaks[low : max(high, low + 1)].max(initial=0) for low, high in itertools.pairwise(bounds)]
    return (np.array(maxima, np.float32) / 32768).clip(0, 1)


def _find_quiet(samples: Pcm16) -> int:
    """Return the quietest position after the minimum length of a chunk, as an index of a sample."""
    start = CHUNK_SECONDS * SAMPLE_RATE
    window = SAMPLE_RATE // 5
    searched = samples[start:].astype(np.float32)
    power = (searched[: len(searched) // window * window].reshape(-1, window) ** 2).mean(axis=1)
    return start + int(power.argmin()) * window + window // 2


def iterate_frames(source: Path | bytes, spacing: float, keys_only: bool = False) -> Iterator[Frame]:
    """Decode frames of the first video track, in order.

    Args:
        source: The file, or its content.
        spacing: The minimum time between two frames in seconds.
        keys_only: Decode only keyframes, which is several times faster. Ignored if they are too far apart.

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
        next_time, first_time = 0.0, None
        for packet in container.demux(stream):
            if keys_only and not packet.is_keyframe and packet.size:
                continue
            for frame in packet.decode():
                if frame.time is None:
                    continue
                first_time = frame.time if first_time is None else first_time
                seconds = frame.time - first_time
                if seconds + 1e-6 >= next_time:
                    yield Frame(seconds, _to_image(frame))
                    next_time = seconds + spacing


def _to_image(frame: "VideoFrame") -> "PilImage":
    """Convert a frame to an upright image."""
    image: PilImage = frame.to_image()  # type: ignore[no-untyped-call]
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image


def _are_keys_sparse(source: Path | bytes) -> bool:
    """Return whether the keyframes in the first minutes are too far apart."""
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


def read_frame(source: Path, seconds: float) -> "PilImage":
    """Return the video frame at a time, upright; the last frame if the video is shorter.

    Args:
        source: The file.
        seconds: The time from the start of the video.

    Raises:
        UnreadableMediaError: There is no video track, or it cannot be decoded.
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
        return _to_image(last)


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


def write_video(path: Path, frames: "Iterable[PilImage]", rate: Fraction, samples: Pcm16, sample_rate: int) -> None:
    """Write an MP4 file with H.264 video and AAC audio. Nothing is written to it if there are no frames.

    Args:
        path: The file to write.
        frames: Images of the same size, with an even width and height.
        rate: The frames per second.
        samples: Mono audio, shape (n,), int16.
        sample_rate: The sample rate of the audio in Hz.
    """
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
