"""Cut a span out of a recording: a fragment for browsers, or a clip. Packets are copied where possible.

The metadata of the file is not copied, nor are other tracks than one of images and one of sound.
"""

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.errors import MediaLimitError, UnreadableMediaError
from search.media.recording.container import Clock, open_container
from search.media.recording.playback import FRAGMENT_SECONDS, examine
from search.media.recording.reencoding import SAMPLE_RATE, encode_images, encode_sound, measure_output
from search.media.recording.tracks import is_supported, list_videos

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

# Times in fragments are later by this, since the decoding time of a first frame can be below zero.
LEAD_SECONDS = 2.0
TOLERANCE_SECONDS = 0.001
FRAGMENT_OPTIONS = {
    "movflags": "empty_moov+default_base_moof+frag_custom+frag_discont",
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",
}
CLIP_OPTIONS = {"movflags": "faststart"}
# What MP4 can contain, and players support.
COPIED_VIDEO = {"h264", "hevc", "av1", "vp9", "mpeg4"}
COPIED_AUDIO = {"aac", "mp3", "ac3", "eac3", "opus", "alac", "flac"}
# Containers whose packets have no times, or none that can be trusted.
UNTIMED_FORMATS = {"avi", "mpeg", "asf", "rm", "mpegvideo"}
# A clip does not contain more seconds before its start than this, to begin at a keyframe.
MAX_HIDDEN_SECONDS = 12.0
VIDEO_OPTIONS = {"preset": "veryfast", "crf": "23", "profile": "high", "level": "4.0", "bf": "0", "rc-lookahead": "10"}
VIDEO_CLOCK = Fraction(1, 90_000)


@dataclass(frozen=True)
class Span:
    """A part of a recording: start and end in seconds, as a player shows them."""

    start: float
    end: float


@dataclass(frozen=True)
class ClipReport:
    """How a clip was made.

    Attributes:
        copies_video: Whether images were copied. The clip then contains the frames since the keyframe before its start,
            which players skip.
        copies_audio: Whether sound was copied.
    """

    copies_video: bool
    copies_audio: bool


def write_fragment(source: Path, target: Path, number: int, may_copy: bool) -> None:
    """Write a fragment of a recording as MP4 that can be appended to the others, in any order.

    Copied images are whole groups of pictures that begin in the span of the fragment.

    Args:
        source: The recording.
        target: The file to write.
        number: The number of the fragment, from 0.
        may_copy: Whether packets of the file may be copied; otherwise everything is encoded again.

    Raises:
        UnreadableMediaError: The recording cannot be decoded.
    """
    playback = examine(source, may_copy)
    span = Span(number * FRAGMENT_SECONDS, (number + 1) * FRAGMENT_SECONDS)
    with _Cutter(source, span, LEAD_SECONDS) as cutter, cutter.write(target, FRAGMENT_OPTIONS) as out:
        if playback.video is not None:
            cutter.add_images(out, playback.copies_video, is_whole_groups=True)
        if playback.audio is not None:
            cutter.add_sound(out, playback.copies_audio)
        if not cutter.mux(out):
            out.start_encoding()  # a file without packets is written, too


def write_clip(source: Path, target: Path, span: Span, max_bytes: int) -> ClipReport:
    """Write a part of a recording as MP4, without encoding it again where possible.

    Raises:
        UnreadableMediaError: The recording cannot be decoded, or has nothing there.
        MediaLimitError: The clip is too large.
    """
    with _Cutter(source, span, -span.start, max_bytes) as cutter, cutter.write(target, CLIP_OPTIONS) as out:
        video, audio = cutter.can_copy_images(), cutter.can_copy_sound()
        cutter.add_images(out, video, is_whole_groups=False)
        cutter.add_sound(out, audio)
        if not cutter.mux(out):
            raise UnreadableMediaError("there is nothing at this time")
        return ClipReport(video, audio)


class _Cutter(ExitStack):
    """Reads the tracks of a recording in a span and writes them to another file. Use it in a `with` block."""

    def __init__(self, source: Path, span: Span, shift: float, max_bytes: int | None = None) -> None:
        """Prepare to read.

        Args:
            source: The recording.
            span: The part that is written.
            shift: What is added to times, in seconds.
            max_bytes: The maximum size of the packets.
        """
        super().__init__()
        self._source, self._span, self._shift, self._max_bytes = source, span, shift, max_bytes
        self._packets: list[Iterator[Packet[Any]]] = []

    def write(self, target: Path, options: dict[str, str]) -> "OutputContainer":
        """Return a new MP4 file."""
        import av

        return av.open(str(target), "w", format="mp4", options=options)

    def can_copy_images(self) -> bool:
        """Return whether the packets of the images fit into a clip, and a keyframe is not long before its start."""
        container, stream = self._open_images()
        if stream is None or not _is_timed(container) or stream.codec_context.codec.canonical_name not in COPIED_VIDEO:
            return False
        clock = Clock(container)
        self._seek(container, stream, clock, self._span.start)
        for packet in container.demux(stream):
            if packet.is_keyframe and packet.pts is not None:
                lead = self._span.start - clock.read(_read_time(packet, packet.pts), None)
                return -TOLERANCE_SECONDS <= lead <= MAX_HIDDEN_SECONDS
        return False

    def can_copy_sound(self) -> bool:
        """Return whether the packets of the sound fit into a clip."""
        container, stream = self._open_sound()
        return stream is not None and _is_timed(container) and stream.codec_context.codec.canonical_name in COPIED_AUDIO

    def add_images(self, out: "OutputContainer", is_copied: bool, is_whole_groups: bool) -> None:
        """Add the track of images, if there is one.

        Args:
            out: The file to write.
            is_copied: Whether packets are copied.
            is_whole_groups: Copy the groups of pictures that begin in the span; otherwise all that the span needs.
        """
        container, stream = self._open_images()
        if stream is None:
            return
        if is_copied:
            copied = _copy_track(out, stream)
            packets = self._copy_groups if is_whole_groups else self._copy_since_keyframe
            self._packets.append(packets(container, stream, copied))
            return
        width, height, rate = measure_output(self._source)
        encoded = out.add_stream("libx264", rate=rate, options=dict(VIDEO_OPTIONS))
        encoded.width, encoded.height, encoded.pix_fmt = width, height, "yuv420p"
        encoded.codec_context.time_base = VIDEO_CLOCK
        encoded.codec_context.thread_count = 2
        times = (self._span.start, self._span.end, self._shift)
        self._packets.append(encode_images(self._source, encoded, times))

    def add_sound(self, out: "OutputContainer", is_copied: bool) -> None:
        """Add the track of sound, if there is one."""
        container, stream = self._open_sound()
        if stream is None:
            return
        if is_copied:
            self._packets.append(self._copy_sound(container, stream, _copy_track(out, stream)))
            return
        encoded = out.add_stream("aac", rate=SAMPLE_RATE)
        encoded.layout, encoded.bit_rate = "stereo", 160_000
        times = (self._span.start, self._span.end, self._shift)
        self._packets.append(encode_sound(self._source, stream.index, encoded, times))

    def mux(self, out: "OutputContainer") -> int:
        """Write the packets of all tracks in order of time, and return their number.

        Raises:
            MediaLimitError: They are too large.
        """
        count = size = 0
        for packet in heapq.merge(*self._packets, key=lambda packet: _read_time(packet, packet.dts or 0)):
            count, size = count + 1, size + packet.size
            if self._max_bytes is not None and size > self._max_bytes:
                raise MediaLimitError(f"The clip is larger than {self._max_bytes // 2**20} MiB. Make it shorter.")
            out.mux(packet)
        return count

    def _open_images(self) -> "tuple[InputContainer, Any]":
        container = self.enter_context(open_container(self._source))
        return container, next(iter(filter(is_supported, list_videos(container))), None)

    def _open_sound(self) -> "tuple[InputContainer, Any]":
        container = self.enter_context(open_container(self._source))
        return container, next(iter(filter(is_supported, container.streams.audio)), None)

    def _copy_groups(self, container: "InputContainer", stream: "Stream", out: "Stream") -> "Iterator[Packet[Any]]":
        clock, is_inside = self._start(container, stream, self._span.start), False
        for packet in _read_timed(container, stream):
            if packet.is_keyframe:
                at = clock.read(_read_time(packet, packet.pts), None)
                if at >= self._span.end - TOLERANCE_SECONDS:
                    return
                is_inside = at >= self._span.start - TOLERANCE_SECONDS
            if is_inside:
                yield self._move(packet, clock, out)

    def _copy_since_keyframe(
        self, container: "InputContainer", stream: "Stream", out: "Stream"
    ) -> "Iterator[Packet[Any]]":
        clock, has_begun = self._start(container, stream, self._span.start), False
        end = clock.find_stamp(self._span.end) - TOLERANCE_SECONDS
        # Packets that are shown after the end are only written if one that is shown before it needs them.
        held: list[Any] = []
        for packet in _read_timed(container, stream):
            has_begun = has_begun or packet.is_keyframe
            if not has_begun:
                continue
            if _read_time(packet, packet.dts) >= end:
                return
            held.append(packet)
            if _read_time(packet, packet.pts) < end:
                yield from (self._move(one, clock, out) for one in held)
                held = []

    def _copy_sound(self, container: "InputContainer", stream: "Stream", out: "Stream") -> "Iterator[Packet[Any]]":
        clock = self._start(container, stream, max(0.0, self._span.start - 0.5))
        first, last = (clock.find_stamp(at) - TOLERANCE_SECONDS for at in (self._span.start, self._span.end))
        for packet in _read_timed(container, stream):
            at = _read_time(packet, packet.pts)
            if at >= last:
                return
            if at >= first:
                yield self._move(packet, clock, out)

    def _start(self, container: "InputContainer", stream: "Stream", seconds: float) -> Clock:
        """Move to the last keyframe before a time, and return the clock of the recording."""
        clock = Clock(container)
        self._seek(container, stream, clock, seconds)
        return clock

    @staticmethod
    def _seek(container: "InputContainer", stream: "Stream", clock: Clock, seconds: float) -> None:
        if stream.time_base:
            container.seek(int((clock.find_stamp(seconds) + TOLERANCE_SECONDS) / stream.time_base), stream=stream)

    def _move(self, packet: Any, clock: Clock, out: "Stream") -> Any:
        """Shift the times of a packet, and assign it to the track that is written."""
        offset = round((self._shift - clock.find_stamp(0.0)) / float(packet.time_base))
        packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
        packet.stream = out
        return packet


def _read_timed(container: "InputContainer", stream: "Stream") -> Iterator[Any]:
    """Yield the packets of a track. Matroska does not state when the first ones are decoded, which is filled in."""
    waiting: list[Any] = []
    for packet in container.demux(stream):
        if packet.pts is None:
            continue
        if packet.dts is None:
            waiting.append(packet)
            continue
        for place, earlier in enumerate(waiting):
            earlier.dts = packet.dts - (len(waiting) - place) * max(packet.duration or 0, 1)
            yield earlier
        waiting = []
        yield packet


def _copy_track(out: "OutputContainer", stream: Any) -> Any:
    copied = out.add_stream_from_template(stream)
    copied.metadata.clear()
    return copied


def _is_timed(container: "InputContainer") -> bool:
    return not UNTIMED_FORMATS & set(container.format.name.split(","))


def _read_time(packet: "Packet[Any]", stamp: int) -> float:
    return float(stamp * packet.time_base)
