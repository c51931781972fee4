"""Sound recordings."""

from dataclasses import replace
from pathlib import Path

from indexer.decode.content import AudioChunk, DecodedImage, FileSummary, Parts
from indexer.decode.document.subtitles import read_spoken
from search.errors import UnreadableMediaError
from search.media.container import SAMPLE_RATE, iterate_sound, probe, read_cover
from search.records import Segment, SegmentKind


def decode_audio(path: Path, sidecar: Path | None) -> Parts:
    """Decode a recording; its duration is that of the decoded sound, its cover is a picture."""
    cover = read_cover(path)
    if cover is not None:
        yield DecodedImage(Segment(SegmentKind.IMAGE), cover)
    media, duration = probe(path).media, 0.0
    if sidecar is not None:
        spoken, language = read_spoken(sidecar, path)
        yield from spoken
        media = replace(media, language=language)
    for start, samples in iterate_sound(path):
        duration = start + len(samples) / SAMPLE_RATE
        if sidecar is None:
            yield AudioChunk(start, samples)
    if not duration:
        raise UnreadableMediaError("empty recording: it holds no sound")
    yield FileSummary(replace(media, duration=round(duration, 3)), cover)
