"""Decode the frames of a video: upright, with square pixels, in the colors of a screen, each with its time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from search.errors import UnreadableMediaError
from search.media.image.turn import turn_image
from search.media.recording.container import Clock, DecodeReport, decode_track, open_container, read_packets
from search.media.recording.tracks import is_supported, list_videos, shape_pixels
from search.media.tone_mapping import Transfer, map_tones

if TYPE_CHECKING:
    from fractions import Fraction

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from search.media.image.pillow import PilImage

# If keyframes are farther apart than this, all frames are decoded. The gaps are measured at the start of the video.
MAX_KEYFRAME_GAP_SECONDS = 12.0
KEYFRAME_PROBE_SECONDS = 300.0
# Frames with a high dynamic range are scaled down to this shorter side in pixels before their colors are converted.
HDR_SIDE = 720
# Some formats have no index of keyframes, so that seeking can end after the time. Then it is tried again from earlier.
SEEK_LEADS = (0.0, 5.0, 30.0, None)
# The time of a frame without a time stamp, if the frame rate is not known either.
DEFAULT_FRAME_SECONDS = 0.04


@dataclass(frozen=True)
class Frame:
    """A decoded video frame.

    Attributes:
        seconds: The time of the frame, as a player shows it.
        image: The image, upright.
    """

    seconds: float
    image: "PilImage"


def iterate_frames(
    source: Path | bytes, spacing: float, keys_only: bool = False, report: DecodeReport | None = None
) -> Iterator[Frame]:
    """Decode frames of the video track, in order.

    Args:
        source: The file, or its content.
        spacing: The minimum time between two frames in seconds.
        keys_only: Decode only keyframes, which is several times faster. Ignored if they are too far apart.
        report: Damage is recorded here.

    Raises:
        UnreadableMediaError: There is no video track, or it cannot be decoded.
    """
    if keys_only and _are_keys_sparse(source):
        keys_only = False
    with open_container(source) as container:
        stream = find_video(container)
        stream.thread_type = "AUTO"
        if keys_only:
            stream.codec_context.skip_frame = "NONKEY"
        clock, step = Clock(container), get_frame_seconds(stream)
        next_time, expected = 0.0, None
        for frame in decode_track(container, stream, report or DecodeReport(), keys_only):
            seconds = clock.read(frame.time, expected)
            expected = seconds + step
            if seconds + 1e-6 >= next_time:
                yield Frame(seconds, make_upright(frame, stream.sample_aspect_ratio))
                next_time = seconds + spacing


def read_frame(source: Path, seconds: float) -> "PilImage":
    """Return the video frame at a time, upright; the last frame if the video is shorter.

    Args:
        source: The file.
        seconds: The time from the start of the video.

    Raises:
        UnreadableMediaError: There is no video track, or it cannot be decoded.
    """
    for lead in SEEK_LEADS:
        frame = _seek_frame(source, seconds, lead)
        if frame is not None:
            return frame
    raise UnreadableMediaError("no frame at this time")


def _seek_frame(source: Path, seconds: float, lead: float | None) -> "PilImage | None":
    """Decode the frame at a time; return None if decoding started too late.

    Args:
        source: The file.
        seconds: The time from the start of the video.
        lead: How long before this time a keyframe is searched, in seconds; None to decode from the start.
    """
    import av

    with open_container(source) as container:
        stream = find_video(container)
        clock, step = Clock(container), get_frame_seconds(stream)
        if lead is not None and stream.time_base:
            try:
                container.seek(int(clock.find_stamp(max(0.0, seconds - lead)) / stream.time_base), stream=stream)
            except av.FFmpegError:
                return None
        last, expected = None, None
        for frame in decode_track(container, stream, DecodeReport()):
            at = clock.read(frame.time, expected)
            expected = at + step
            is_later = at > seconds + 1e-3
            if is_later and last is None and lead is not None:
                return None
            if is_later and last is not None:
                break
            last = frame
        return None if last is None else make_upright(last, stream.sample_aspect_ratio)


def get_frame_seconds(stream: "VideoStream") -> float:
    """Return how long a frame of a track is shown."""
    rate = stream.average_rate or stream.guessed_rate
    return float(1 / rate) if rate else DEFAULT_FRAME_SECONDS


def find_video(container: "InputContainer") -> "VideoStream":
    """Return the video track that a player shows. Raises UnreadableMediaError if there is none to decode."""
    streams = list_videos(container)
    if not streams:
        raise UnreadableMediaError("no video track")
    if not is_supported(streams[0]):
        raise UnreadableMediaError("cannot be decoded: the video codec is not supported")
    return streams[0]


def _are_keys_sparse(source: Path | bytes) -> bool:
    """Return whether the keyframes in the first minutes are too far apart."""
    with open_container(source) as container:
        stream = find_video(container)
        times: list[float] = []
        end = 0.0
        for packet in read_packets(container, stream, DecodeReport()):
            if packet.pts is None or not packet.time_base:
                continue
            end = max(end, float(packet.pts * packet.time_base))
            if packet.is_keyframe:
                times.append(end)
            if end > (times[0] if times else 0.0) + KEYFRAME_PROBE_SECONDS:
                break
        return not times or bool(np.diff([*times, end]).max() > MAX_KEYFRAME_GAP_SECONDS)


def make_upright(frame: "VideoFrame", aspect: "Fraction | None") -> "PilImage":
    """Convert a frame to an upright image with square pixels."""
    import av

    transfer = Transfer.find(frame.color_trc)
    if transfer is None:
        image: PilImage = frame.to_image()  # type: ignore[no-untyped-call]
    else:
        scale = min(1.0, HDR_SIDE / min(frame.width, frame.height))
        size = (max(1, round(frame.width * scale)), max(1, round(frame.height * scale)))
        colors = frame.reformat(*size, format="rgb48le").to_ndarray().astype(np.uint16, copy=False)
        shown = map_tones(colors, transfer, frame.color_primaries)
        image = av.VideoFrame.from_ndarray(shown, format="rgb24").to_image()  # type: ignore[no-untyped-call]
    size = shape_pixels(*image.size, aspect)
    return turn_image(image if size == image.size else image.resize(size), *read_turn(frame))


def read_turn(frame: "VideoFrame") -> tuple[int, bool]:
    """Return how a frame is turned: degrees counterclockwise, after it was mirrored from left to right if True."""
    from av.sidedata.sidedata import Type

    entries: Iterable[Any] = frame.side_data
    data = next((bytes(entry) for entry in entries if entry.type is Type.DISPLAYMATRIX), None)
    if data is None:
        return 0, False
    matrix = np.frombuffer(data[:36], np.int32).reshape(3, 3)[:2, :2] / 65536
    is_mirrored = float(np.linalg.det(matrix)) < 0
    if is_mirrored:
        matrix = np.diag([-1, 1]) @ matrix
    degrees = np.degrees(np.arctan2(-matrix[0, 1], matrix[0, 0]))
    return round(float(degrees) / 90) * 90 % 360, is_mirrored
