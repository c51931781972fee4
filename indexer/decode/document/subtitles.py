"""Subtitles: lines with their times. Home of pysubs2."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.decode.content import FileSummary, Parts
from indexer.decode.document.captions import Caption, clean_lines, merge_captions, parse_captions
from indexer.decode.document.charset import decode_text
from indexer.decode.document.subtitle_names import read_marks
from indexer.decode.family import DocumentFormat, Format, split_suffixes
from search.errors import UnreadableMediaError
from search.media.telemetry import is_telemetry
from search.records import MediaFacts, Segment, SegmentKind

# The formats that are read as documents, and as sidecars of a recording.
SUBTITLE_SUFFIXES = split_suffixes("srt vtt ass ssa")
MAX_SUBTITLE_BYTES = 16 * 1024 * 1024
# Subtitles that cover a smaller share of a recording of at least a minute are not all that is said in it.
MIN_COVERED_SHARE, MIN_COMPARED_SECONDS = 0.1, 60.0


@dataclass(frozen=True)
class Spoken:
    """The subtitles of a recording.

    Attributes:
        lines: The speech segments.
        language: The language code, if it is known.
        is_partial: Whether more is said than they contain.
    """

    lines: Sequence[Segment]
    language: str | None = None
    is_partial: bool = False

    def mark_lines(self) -> list[Segment]:
        """Return the speech segments with their language."""
        return [replace(line, language=self.language) for line in self.lines]

    def is_complete(self, duration: float) -> bool:
        """Return whether they contain all that is said in a recording; not if they cover too little of its seconds."""
        covered = sum((line.end or 0.0) - (line.start or 0.0) for line in self.lines)
        is_sparse = duration >= MIN_COMPARED_SECONDS and covered < MIN_COVERED_SHARE * duration
        return not self.is_partial and not is_sparse


def read_subtitles(body: bytes, kind: SegmentKind = SegmentKind.PASSAGE) -> list[Segment]:
    """Return the lines of a subtitle file as segments of a kind, with start and end in seconds; none of telemetry.

    Raises:
        UnreadableMediaError: The file is damaged, not a subtitle file, or has no line.
    """
    text = decode_text(body).replace("\r\n", "\n").replace("\r", "\n")
    captions = parse_captions(text.lstrip("\ufeff\n")) or _parse_others(text)
    if not any(caption.lines for caption in captions):
        raise UnreadableMediaError("the subtitle file has no lines")
    return _make_segments(captions, kind)


def _parse_others(text: str) -> list[Caption]:
    """Return the lines of the other formats, such as ASS."""
    import pysubs2

    try:
        # The format is not detected if the file has no styles.
        has_styles = "Dialogue:" not in text or "V4" in text
        events = pysubs2.SSAFile.from_string(text, format_=None if has_styles else "ass")
    except (pysubs2.exceptions.Pysubs2Error, ValueError) as error:
        raise UnreadableMediaError(f"damaged or not a subtitle file: {error}") from error
    return [_make_caption(event.start / 1000, event.end / 1000, event.text) for event in events if event.is_text]


def _make_caption(start: float, end: float, text: str) -> Caption:
    """Return a line of ASS without its markup."""
    return Caption(start, end, clean_lines(text.replace("\\N", "\n").replace("\\n", "\n").split("\n")))


def _make_segments(captions: Iterable[Caption], kind: SegmentKind) -> list[Segment]:
    return [
        Segment(
            kind,
            caption.text,
            start=round(max(0.0, caption.start), 3),
            end=round(max(0.0, caption.start, caption.end), 3),
            words=caption.words if kind is SegmentKind.SPEECH else (),
        )
        for caption in merge_captions(caption for caption in captions if not is_telemetry(caption.text))
    ]


def read_spoken(sidecar: Path, owner: Path) -> Spoken:
    """Return the subtitles of a recording as its speech.

    Args:
        sidecar: The subtitle file. Its name can state the language and the kind, as in `film.en.forced.srt`.
        owner: The recording.

    Raises:
        UnreadableMediaError: The subtitles cannot be read; the message names their file.
    """
    try:
        if sidecar.stat().st_size > MAX_SUBTITLE_BYTES:
            raise UnreadableMediaError(f"larger than the limit of {MAX_SUBTITLE_BYTES // 2**20} MiB")
        lines = read_subtitles(sidecar.read_bytes(), SegmentKind.SPEECH)
    except UnreadableMediaError as error:
        raise UnreadableMediaError(f"cannot read its subtitles {sidecar.name}: {error}") from error
    marks = read_marks(sidecar.stem, owner)
    # Without a line there was only telemetry: nothing that was said.
    return Spoken(lines, marks.language, marks.is_partial or not lines)


def convert_lines(lines: Iterable[tuple[float, float, str]]) -> list[Segment]:
    """Return the lines of a subtitle track, with the markup of ASS, as speech.

    Args:
        lines: Start and end in seconds, and text.
    """
    return _make_segments((_make_caption(*line) for line in lines if "\\p1" not in line[2]), SegmentKind.SPEECH)


def decode_subtitles(body: bytes) -> Parts:
    """Yield the lines of a subtitle file.

    Raises:
        UnreadableMediaError: The file is damaged, not a subtitle file, or has no line.
    """
    yield from read_subtitles(body)
    yield FileSummary(MediaFacts())


SUBTITLES = DocumentFormat(
    Format(
        "Subtitles: SRT, WebVTT, ASS, SSA",
        SUBTITLE_SUFFIXES,
        "each line once, with its times; next to a recording they are its transcript",
        "drawings, comments, karaoke effects and the telemetry of drones",
    ),
    decode_subtitles,
)
