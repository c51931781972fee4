"""Clips: parts of recordings as files."""

from pathlib import Path

from search.errors import UsageError
from search.media.recording.cutting import Span, write_clip
from search.open_home import OpenHome
from search.paths import find_file
from search.records import Item, ItemType

RECORDINGS = {ItemType.AUDIO, ItemType.VIDEO}


def make_span(item: Item, start: float, end: float, max_seconds: int) -> Span:
    """Return a part of a recording, up to its end.

    Args:
        item: The recording.
        start: Where the part starts, in seconds.
        end: Where it ends, in seconds.
        max_seconds: The maximum length of the part.

    Raises:
        UsageError: The part is empty or too long.
    """
    last = min(end, item.facts.duration or end)
    if last <= start:
        raise UsageError("end: must be after `start`, and `start` before the end of the recording")
    if last - start > max_seconds:
        raise UsageError(f"end: a clip can have up to {max_seconds} seconds (the setting `clip_seconds`)")
    return Span(start, last)


def cut_clip(library: OpenHome, item: Item, span: Span, target: Path) -> None:
    """Write a part of a recording as MP4, without metadata, and without encoding it again where possible.

    Args:
        library: The open library.
        item: The recording.
        span: The part.
        target: The file to write.

    Raises:
        NotFoundError: The item is not a recording, or its file is missing.
        UnreadableMediaError: The recording cannot be decoded, or has nothing there.
        MediaLimitError: The clip is larger than the setting `clip_limit`, or takes too long.
    """
    library.converter.call(write_clip, find_file(item, RECORDINGS), target, span, library.settings.clip_limit)


def name_clip(item: Item, span: Span) -> str:
    """Return the name of the file of a clip: that of the recording, with the times."""
    suffix = "mp4" if item.type is ItemType.VIDEO else "m4a"
    return f"{Path(item.path).stem} {_describe(span.start)}-{_describe(span.end)}.{suffix}"


def _describe(seconds: float) -> str:
    """Return a time for a file name: minutes and seconds."""
    return f"{int(seconds) // 60}.{int(seconds) % 60:02d}"
