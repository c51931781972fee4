"""Read the subtitle tracks of a video that are text."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from search.errors import UnreadableMediaError
from search.media.recording.container import Clock, DecodeReport, open_container, read_packets

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

# The text of a line is the last of the fields that FFmpeg returns, which commas separate.
FIELDS_BEFORE_TEXT = 8


def iterate_lines(source: Path, track: int, report: DecodeReport) -> Iterator[tuple[float, float, str]]:
    """Yield the lines of a subtitle track.

    Args:
        source: The file.
        track: The position among the subtitle tracks, from 0.
        report: Damage is recorded here.

    Yields:
        Start and end in seconds, as a player shows them, and the text with the markup of ASS.

    Raises:
        UnreadableMediaError: There is no such track, or it cannot be read.
    """
    with open_container(source) as container:
        if track >= len(container.streams.subtitles):
            raise UnreadableMediaError("no subtitle track")
        stream = container.streams.subtitles[track]
        clock = Clock(container)
        for packet in read_packets(container, stream, report):
            if packet.pts is None or not packet.time_base:
                continue
            start = clock.read(float(packet.pts * packet.time_base), None)
            end = start + float((packet.duration or 0) * packet.time_base)
            for text in _read_texts(packet, report):
                yield start, end, text


def _read_texts(packet: "Packet[Stream]", report: DecodeReport) -> Iterator[str]:
    """Yield the texts of a packet; none if it is damaged."""
    import av

    try:
        lines = packet.decode()
    except av.FFmpegError:
        report.damaged += 1
        return
    for line in lines:
        fields = getattr(line, "ass", b"").decode("utf-8", "replace").split(",", FIELDS_BEFORE_TEXT)
        if len(fields) > FIELDS_BEFORE_TEXT:
            yield fields[-1]
