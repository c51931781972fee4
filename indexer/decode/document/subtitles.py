"""Subtitles: lines with their times. Home of pysubs2."""

from dataclasses import replace
from pathlib import Path

from indexer.decode.content import FileSummary, Parts
from indexer.decode.document.charset import decode_text
from indexer.decode.family import DocumentFormat, split_suffixes
from search.errors import UnreadableMediaError
from search.records import MediaFacts, Segment, SegmentKind

# The formats that are read as sidecars of a recording. Only those of `SUBTITLES` are also indexed as documents.
SUBTITLE_SUFFIXES = split_suffixes("srt vtt ass ssa")
MAX_SUBTITLE_BYTES = 16 * 1024 * 1024


def read_subtitles(body: bytes) -> list[Segment]:
    """Return the lines of a subtitle file as passages, with start and end in seconds.

    Raises:
        UnreadableMediaError: The file is damaged, not a subtitle file, or has no line.
    """
    import pysubs2

    try:
        lines = pysubs2.SSAFile.from_string(decode_text(body))
    except (pysubs2.exceptions.Pysubs2Error, ValueError) as error:
        raise UnreadableMediaError(f"damaged or not a subtitle file: {error}") from error
    segments = [
        Segment(SegmentKind.PASSAGE, line.plaintext.replace("\n", " ").strip(), line.start / 1000, line.end / 1000)
        for line in lines
        if line.plaintext.strip()
    ]
    if not segments:
        raise UnreadableMediaError("the subtitle file has no lines")
    return segments


def read_spoken(sidecar: Path, owner: Path) -> tuple[list[Segment], str | None]:
    """Return the subtitles of a recording as its speech, and their language.

    Args:
        sidecar: The subtitle file.
        owner: The recording.

    Returns:
        Speech segments, and the language code in the name of the subtitle file (`film.en.srt`), if there is one.

    Raises:
        UnreadableMediaError: The subtitles cannot be read; the message names their file.
    """
    try:
        if sidecar.stat().st_size > MAX_SUBTITLE_BYTES:
            raise UnreadableMediaError(f"larger than the limit of {MAX_SUBTITLE_BYTES // 2**20} MiB")
        lines = read_subtitles(sidecar.read_bytes())
    except UnreadableMediaError as error:
        raise UnreadableMediaError(f"cannot read its subtitles {sidecar.name}: {error}") from error
    language = sidecar.stem.removeprefix(owner.stem).strip(".").split("-")[0].lower()
    spoken = [replace(line, kind=SegmentKind.SPEECH) for line in lines]
    return spoken, language if 2 <= len(language) <= 3 and language.isalpha() else None


def decode_subtitles(body: bytes) -> Parts:
    """Yield the lines of a subtitle file.

    Raises:
        UnreadableMediaError: The file is damaged, not a subtitle file, or has no line.
    """
    yield from read_subtitles(body)
    yield FileSummary(MediaFacts())


SUBTITLES = DocumentFormat(split_suffixes("srt vtt"), decode_subtitles)
