"""Sound and video files: samples and frames with their times. Home of PyAV."""

import io
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from search.errors import UnreadableMediaError
from search.records import Samples

if TYPE_CHECKING:
    from av.container import InputContainer

    from search.media.picture import Picture

SAMPLE_RATE = 16_000


@dataclass(frozen=True)
class Frame:
    """A video frame and when it is shown, in seconds from the start."""

    seconds: float
    picture: "Picture"


@dataclass(frozen=True)
class StreamFacts:
    """What a container holds. duration in seconds as the container states it, which may be wrong."""

    has_audio: bool
    has_video: bool
    duration: float | None
    width: int | None
    height: int | None
    title: str | None


def probe(source: Path | bytes) -> StreamFacts:
    """Read a container's headers. Raises UnreadableMediaError."""
    with _open(source) as container:
        # A cover picture is a video stream of one attached frame, not a film.
        videos = [s for s in container.streams.video if not _is_cover(s)]
        duration = container.duration / 1_000_000 if container.duration else None
        return StreamFacts(
            has_audio=bool(container.streams.audio),
            has_video=bool(videos),
            duration=duration,
            width=videos[0].width if videos else None,
            height=videos[0].height if videos else None,
            title=container.metadata.get("title") or None,
        )


def decode_sound(source: Path | bytes) -> Samples:
    """Give the first audio track as mono at 16 kHz, shape (n,), float32 in -1 to 1.

    Raises UnreadableMediaError when there is no audio track or it cannot be decoded.
    """
    import av

    parts: list[Samples] = []
    with _open(source) as container:
        if not container.streams.audio:
            raise UnreadableMediaError("no audio track")
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        for frame in itertools.chain(container.decode(audio=0), (None,)):
            for part in resampler.resample(frame):
                parts.append(part.to_ndarray().reshape(-1).astype(np.float32))
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def iterate_frames(source: Path | bytes, spacing: float) -> Iterator[Frame]:
    """Give the frames of the first video track, at least `spacing` seconds apart, in order.

    Raises UnreadableMediaError when there is none or it cannot be decoded.
    """
    with _open(source) as container:
        if not container.streams.video:
            raise UnreadableMediaError("no video track")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        due, first = 0.0, None
        for frame in container.decode(stream):
            if frame.time is None:
                continue
            first = frame.time if first is None else first
            seconds = frame.time - first
            if seconds + 1e-6 >= due:
                yield Frame(seconds, frame.to_image())  # type: ignore[no-untyped-call]
                due = seconds + spacing


def read_frame(source: Path, seconds: float) -> "Picture":
    """Give the frame shown at a time, or the last one when the film is shorter.

    Raises UnreadableMediaError when there is no video track or it cannot be decoded.
    """
    with _open(source) as container:
        if not container.streams.video:
            raise UnreadableMediaError("no video track")
        stream = container.streams.video[0]
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
        return last.to_image()  # type: ignore[no-untyped-call,no-any-return]


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
    """Write pictures of one size (even sides) and mono sound as H.264 and AAC in an MP4."""
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
