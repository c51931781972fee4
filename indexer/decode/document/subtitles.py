"""Subtitles: lines with their times. Home of pysubs2."""

from dataclasses import replace
from pathlib import Path

from indexer.decode.document.text import decode_text
from search.errors import UnreadableMediaError
from search.records import Segment, SegmentKind

SIZE_LIMIT = 16 * 1024 * 1024


def read_subtitles(body: bytes) -> list[Segment]:
    """Return the lines of a subtitle file as passages with start and end in seconds.

    Raises UnreadableMediaError when it is none, or holds no line.
    """
    import pysubs2

    try:
        lines = pysubs2.SSAFile.from_string(decode_text(body))
    except (pysubs2.exceptions.Pysubs2Error, ValueError) as error:
        raise UnreadableMediaError(f"not subtitles, or damaged: {error}") from error
    segments = [
        Segment(SegmentKind.PASSAGE, line.plaintext.replace("\n", " ").strip(), line.start / 1000, line.end / 1000)
        for line in lines
        if line.plaintext.strip()
    ]
    if not segments:
        raise UnreadableMediaError("no line of subtitles in the file")
    return segments


def read_spoken(sidecar: Path, owner: Path) -> tuple[list[Segment], str | None]:
    """Return the subtitles beside a recording as its speech, and their language, where the name tells it.

    Raises UnreadableMediaError that names the file.
    """
    try:
        if sidecar.stat().st_size > SIZE_LIMIT:
            raise UnreadableMediaError(f"subtitles of more than {SIZE_LIMIT // 2**20} MiB")
        lines = read_subtitles(sidecar.read_bytes())
    except UnreadableMediaError as error:
        raise UnreadableMediaError(f"its subtitles {sidecar.name}: {error}") from error
    language = sidecar.stem.removeprefix(owner.stem).strip(".").split("-")[0].lower()
    spoken = [replace(line, kind=SegmentKind.SPEECH) for line in lines]
    return spoken, language if 2 <= len(language) <= 3 and language.isalpha() else None
