"""Read the subtitle tracks of a video that are text."""

from collections.abc import Iterator
from pathlib import Path

from search.errors import UnreadableMediaError
from search.media.recording.container import Clock, open_container

# The text of a line is the last of the fields that FFmpeg returns, which commas separate.
FIELDS_BEFORE_TEXT = 8


def iterate_lines(source: Path, track: int) -> Iterator[tuple[float, float, str]]:
    """Yield the lines of a subtitle track.

    Args:
        source: The file.
        track: The position among the subtitle tracks, from 0.

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
        for packet in container.demux(stream):
            if packet.pts is None or not packet.time_base:
                continue
            start = clock.read(float(packet.pts * packet.time_base), None)
            end = start + float((packet.duration or 0) * packet.time_base)
            for rectangle in packet.decode():
                line = getattr(rectangle, "dialogue", b"") or b""
                fields = line.decode("utf-8", "replace").split(",", FIELDS_BEFORE_TEXT)
                if len(fields) > FIELDS_BEFORE_TEXT:
                    yield start, end, fields[-1]
