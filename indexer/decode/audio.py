"""The family of sound recordings."""

from dataclasses import replace
from pathlib import Path

from indexer.decode.content import AudioChunk, DecodedImage, FileSummary, Parts
from indexer.decode.document.subtitles import SUBTITLE_SUFFIXES, read_spoken
from indexer.decode.family import Family, Signature, split_suffixes
from search.errors import UnreadableMediaError
from search.media.recording.sound import SAMPLE_RATE, iterate_sound
from search.media.recording.tracks import probe, read_cover
from search.records import ItemType, Segment, SegmentKind


def decode_audio(path: Path, sidecar: Path | None) -> Parts:
    """Yield the cover of a recording and its sound, or its subtitles in place of the sound.

    The duration is that of the decoded sound: the file's header may be wrong.

    Args:
        path: The file.
        sidecar: Subtitles.

    Raises:
        UnreadableMediaError: The file or its subtitles cannot be decoded.
    """
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
        raise UnreadableMediaError("the recording has no sound")
    yield FileSummary(replace(media, duration=round(duration, 3)), cover)


AUDIO = Family(
    type=ItemType.AUDIO,
    suffixes=split_suffixes("wav mp3 m4a m4b aac ogg oga opus flac wma aiff aif"),
    decode=decode_audio,
    signatures=(
        Signature(0, (b"ID3", b"fLaC", b"OggS", b"\xff\xf1", b"\xff\xf9")),
        Signature(4, (b"ftypM4A ", b"ftypM4B ")),
        Signature(8, (b"WAVEfmt ", b"AIFFCOMM", b"AIFCFVER")),
    ),
    sidecars=SUBTITLE_SUFFIXES,
)
