"""The tracks, metadata, chapters and cover of an audio or video file, as its headers state them."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from search.media.metadata import clean_text, read_fields
from search.media.recording.container import open_container
from search.records import MediaFacts

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

    from search.media.image.pillow import PilImage

# Wider or narrower pixels are an error in the file.
MAX_PIXEL_ASPECT = 4
NO_LANGUAGES = {"", "und", "zxx", "mis", "mul", "unk"}
# Words in the titles of tracks and the names of subtitle files: made for few, or only a part of what is said.
SPECIAL_WORDS = {"commentary", "comment", "description", "descriptive", "descriptions", "lyrics", "karaoke"}
FORCED_WORDS = {"forced", "foreign", "sign", "signs", "song", "songs"}
# The containers whose headers state the duration of a track exactly, if they do at all.
EXACT_FORMATS = {"mov", "flac"}
# The codecs of subtitles that are text. Others are images.
TEXT_CODECS = {"subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text", "subviewer", "sami", "microdvd", "mpl2"}


@dataclass(frozen=True)
class Track:
    """An audio or subtitle track.

    Attributes:
        index: The position among the tracks of its kind, from 0.
        language: The language code that the file states.
        title: The title.
        is_default: Whether the file marks it as a default.
        is_special: Whether it is made for few: a commentary or a description of the images.
        is_forced: Whether it has only the subtitles that everyone needs, such as those of foreign speech.
        duration: The duration in seconds, if the file states it reliably.
    """

    index: int
    language: str | None = None
    title: str | None = None
    is_default: bool = False
    is_special: bool = False
    is_forced: bool = False
    duration: float | None = None


@dataclass(frozen=True)
class Chapter:
    """A chapter of a recording: start and end in seconds, and its title."""

    start: float
    end: float
    title: str


@dataclass(frozen=True)
class StreamFacts:
    """The streams and metadata of an audio or video file, as its headers state them.

    Attributes:
        media: The metadata. The duration may be wrong.
        has_video: Whether there is a video track; a cover image does not count.
        video_duration: The duration of the video track in seconds; None if the file does not state it.
        sounds: The audio tracks, the one that a player plays first.
        subtitles: The subtitle tracks that are text, in order.
        chapters: The chapters that have a title, in order.
    """

    media: MediaFacts
    has_video: bool
    video_duration: float | None = None
    sounds: tuple[Track, ...] = ()
    subtitles: tuple[Track, ...] = ()
    chapters: tuple[Chapter, ...] = ()


def probe(source: Path | bytes) -> StreamFacts:
    """Read the headers of an audio or video file.

    Raises:
        UnreadableMediaError: The file cannot be decoded.
    """
    with open_container(source) as container:
        videos = list_videos(container)
        duration = container.duration / 1_000_000 if container.duration else None
        fields = dict(container.metadata)
        if "ogg" in container.format.name:  # Ogg stores the metadata in the streams
            for stream in container.streams:
                fields = dict(stream.metadata) | fields
        width, height = _measure_shown(videos[0]) if videos and is_supported(videos[0]) else (None, None)
        return StreamFacts(
            media=replace(read_fields(fields), duration=duration, width=width, height=height),
            has_video=bool(videos),
            video_duration=_read_duration(videos[0]) if videos else None,
            sounds=_sort_tracks(itertools.starmap(_describe_track, enumerate(container.streams.audio))),
            subtitles=tuple(
                _describe_track(index, stream)
                for index, stream in enumerate(container.streams.subtitles)
                if is_supported(stream) and stream.codec_context.name in TEXT_CODECS
            ),
            chapters=tuple(_list_chapters(container)),
        )


def read_cover(source: Path | bytes) -> "PilImage | None":
    """Return the image attached to an audio file, such as an album cover; None if there is none.

    Raises:
        UnreadableMediaError: The file cannot be decoded.
    """
    with open_container(source) as container:
        for stream in container.streams.video:
            if not _is_cover(stream):
                continue
            for packet in container.demux(stream):
                for frame in packet.decode():
                    return frame.to_image()  # type: ignore[no-untyped-call,no-any-return]
    return None


def _sort_tracks(tracks: Iterable[Track]) -> tuple[Track, ...]:
    """Return audio tracks, the one that a player plays first."""
    return tuple(sorted(tracks, key=lambda track: (track.is_special, not track.is_default)))


def list_videos(container: "InputContainer") -> "list[VideoStream]":
    """Return the video tracks, the one that a player shows first. A cover image is no video."""
    streams = [stream for stream in container.streams.video if not _is_cover(stream)]
    return sorted(streams, key=lambda stream: not all(_get_size(stream)))


def _get_size(stream: "VideoStream") -> tuple[int, int]:
    """Return width and height as encoded; zero if they are unknown or the codec is not supported."""
    return (stream.width, stream.height) if is_supported(stream) else (0, 0)


def is_supported(stream: "Stream") -> bool:
    """Return whether there is a decoder for a track."""
    return stream.codec_context is not None


def _is_cover(stream: "Stream") -> bool:
    """Return whether a track is a cover image, which is stored as a video track with one attached frame."""
    import av

    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _read_duration(stream: "Stream") -> float | None:
    """Return where a track ends, in seconds; None if the file does not state it."""
    if stream.duration is None or not stream.time_base:
        return None
    return float((stream.duration + max(stream.start_time or 0, 0)) * stream.time_base)


def _measure_shown(stream: "VideoStream") -> tuple[int, int]:
    """Return width and height as shown: some videos have pixels that are not square."""
    return shape_pixels(stream.width, stream.height, stream.sample_aspect_ratio)


def shape_pixels(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """Return the size of an image with square pixels.

    Args:
        width: In pixels.
        height: In pixels.
        aspect: Width by height of one pixel; ignored if it is not plausible.
    """
    if not aspect or aspect == 1 or not 1 / MAX_PIXEL_ASPECT <= aspect <= MAX_PIXEL_ASPECT:
        return width, height
    return max(1, round(width * aspect)), height


def _describe_track(index: int, stream: "Stream") -> Track:
    import av

    container_name = stream.container.format.name.split(",")[0]
    flags, title = av.stream.Disposition, clean_text(stream.metadata.get("title"))
    words = set(re.findall(r"[a-z]+", (title or "").lower()))
    special = flags.comment | flags.visual_impaired | flags.descriptions | flags.karaoke
    language = (stream.metadata.get("language") or "").strip().lower()
    return Track(
        index=index,
        language=language if language not in NO_LANGUAGES else None,
        title=title,
        is_default=bool(stream.disposition & flags.default),
        is_special=bool(stream.disposition & special or words & SPECIAL_WORDS),
        is_forced=bool(stream.disposition & flags.forced or words & FORCED_WORDS),
        duration=_read_duration(stream) if container_name in EXACT_FORMATS else None,
    )


def _list_chapters(container: "InputContainer") -> Iterator[Chapter]:
    for chapter in container.chapters():
        title = clean_text(chapter["metadata"].get("title"))
        if title and chapter["time_base"]:
            start, end = (float(chapter[name] * chapter["time_base"]) for name in ("start", "end"))
            yield Chapter(max(0.0, round(start, 3)), round(end, 3), title)
