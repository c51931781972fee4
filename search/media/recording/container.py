"""Open audio and video files, decode their tracks, and compute the times that a player shows.

The parameter `source` is a file, or the content of one.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from search.errors import UnreadableMediaError
from search.media.recording.boxes import is_unfinished

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

# The time in these containers starts at zero. In the others, such as transport streams, a player subtracts the start.
ZERO_BASED_FORMATS = {"mov", "matroska"}
# Where the time starts later than this, it is the clock of a broadcast, in any container.
MAX_LEAD_SECONDS = 60.0
# A larger jump of the time stamps is a new clock, not a gap. Transport streams start a new clock with each program.
MAX_JUMP_SECONDS, MAX_STREAM_JUMP_SECONDS = 24 * 3600.0, 10.0
# A new program in a transport stream continues the tracks of the one before.
OPEN_OPTIONS = {"merge_pmt_versions": "1"}
TS_DISCONT_FLAG = 0x0200  # AVFMT_TS_DISCONT of FFmpeg
# A recording that is shorter than its header says, by this time and this share of it, is incomplete.
MIN_MISSING_SECONDS, MIN_MISSING_SHARE = 1.0, 0.05

# How the remark about an incomplete file begins.
INCOMPLETE = "the file is incomplete"


@dataclass
class DecodeReport:
    """What went wrong while a track was decoded.

    Attributes:
        end: Where the last packet ends, in seconds.
        error: The error at which the file ends, if it ends at one.
        damaged: How many packets could not be decoded.
    """

    end: float = 0.0
    error: str | None = None
    damaged: int = 0

    def describe(self, expected: float | None) -> str | None:
        """Return a remark for users; None if the whole track was decoded.

        Args:
            expected: The duration that the header states, in seconds.
        """
        missing = (expected or 0.0) - self.end
        if missing > max(MIN_MISSING_SECONDS, MIN_MISSING_SHARE * (expected or 0.0)):
            decoded = f"{_format_seconds(self.end)} of {_format_seconds(expected or 0.0)} seconds"
            return f"{INCOMPLETE}: {decoded} could be decoded"
        if self.error:
            return f"{INCOMPLETE}: it ends after {_format_seconds(self.end)} seconds ({self.error})"
        return "parts of the file are damaged and were left out" if self.damaged else None


def _format_seconds(seconds: float) -> str:
    """Return seconds as users read them: below 10, with one decimal if it is not zero."""
    return f"{seconds:.1f}".removesuffix(".0") if seconds < 10 else f"{seconds:.0f}"


class Clock:
    """Turns the time stamps of a track into the times that a player shows."""

    def __init__(self, container: "InputContainer") -> None:
        start = (container.start_time or 0) / 1_000_000
        is_zero_based = container.format.name.split(",")[0] in ZERO_BASED_FORMATS and start < MAX_LEAD_SECONDS
        self._origin = 0.0 if is_zero_based else start
        self._max_jump = MAX_STREAM_JUMP_SECONDS if _can_restart(container) else MAX_JUMP_SECONDS

    def read(self, stamp: float | None, expected: float | None) -> float:
        """Return the time of a frame in seconds.

        Args:
            stamp: Its time stamp in seconds, if it has one.
            expected: Where the frame before it ends; None for the first frame.
        """
        if stamp is None:
            return expected or 0.0
        seconds = stamp - self._origin
        if expected is not None and abs(seconds - expected) > self._max_jump:
            self._origin += seconds - expected
            seconds = expected
        return max(0.0, seconds)

    def find_stamp(self, seconds: float) -> float:
        """Return the time stamp for a time, in seconds."""
        return seconds + self._origin


def decode_track(
    container: "InputContainer", stream: "Stream", report: DecodeReport, keys_only: bool = False
) -> Iterator[Any]:
    """Decode the frames of a track. Damaged packets are left out, and an incomplete file ends where it ends.

    Args:
        container: The open file.
        stream: The track.
        report: Damage is recorded here.
        keys_only: Decode only keyframes.

    Raises:
        av.FFmpegError: Nothing can be decoded.
    """
    import av

    count, failure = 0, None
    for packet in read_packets(container, stream, report):
        if keys_only and packet.size and not packet.is_keyframe:
            continue
        try:
            frames = packet.decode()
        except av.EOFError:
            break
        except av.FFmpegError as error:
            failure = error
            report.damaged += 1
            continue
        count += len(frames)
        yield from frames
    if failure is not None and not count:
        raise failure


def read_packets(container: "InputContainer", stream: "Stream", report: DecodeReport) -> "Iterator[Packet[Stream]]":
    """Yield the packets of a track up to the first one that cannot be read.

    Args:
        container: The open file.
        stream: The track.
        report: The end of the last packet and the error are recorded here.

    Raises:
        av.FFmpegError: Nothing can be read.
        OSError: The storage of the file cannot be read, as after a disk was removed.
    """
    import av

    clock, count = Clock(container), 0
    try:
        for packet in container.demux(stream):
            stamp = packet.dts if packet.pts is None else packet.pts
            if stamp is not None and packet.time_base:
                start = clock.read(float(stamp * packet.time_base), report.end if count else None)
                report.end = max(report.end, start + float((packet.duration or 0) * packet.time_base))
            count += 1
            yield packet
    except av.FFmpegError as error:
        if container.file is None:
            require_readable(Path(container.name))
        if not count:
            raise
        report.error = error.strerror


@contextmanager
def open_container(source: Path | bytes) -> "Iterator[InputContainer]":
    """Open a file for reading.

    Raises:
        UnreadableMediaError: The file cannot be decoded; also for errors while the container is in use.
        OSError: The file cannot be read.
    """
    import av

    stream: BinaryIO | str = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    try:
        with av.open(stream, "r", options=OPEN_OPTIONS, metadata_errors="ignore") as container:
            yield container
    except (av.FFmpegError, ValueError, OverflowError, MemoryError) as error:
        if isinstance(source, Path):
            require_readable(source)
        if is_unfinished(source):
            raise UnreadableMediaError(
                "the file is incomplete: its index (moov) is missing, because the recording or the copy was interrupted"
            ) from error
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreadableMediaError(f"cannot be decoded: {reason}") from error


def require_readable(path: Path) -> None:
    """Raise an error of the system if a file cannot be read, so that it does not count as damaged.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 1))
        stream.read(1)


def _can_restart(container: "InputContainer") -> bool:
    return bool(container.format.flags & TS_DISCONT_FLAG)
