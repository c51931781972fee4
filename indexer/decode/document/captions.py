"""Lines of subtitles with their times: SRT and WebVTT files, and captions that are shown word by word.

Every format of captions repeats text: a line stays on the screen while the next one appears, or appears word by word.
Each line is kept once, with the time at which it is first shown.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from indexer.transcribe import SENTENCE_ENDS
from search.records import Word

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,3}))?"
_TIMING = re.compile(rf"^\s*{_TIME}\s*-+>\s*{_TIME}(?:\s|$)")
# Tags, and the times of words in WebVTT, as in "hello<00:00:00.480><c> everyone</c>".
_MARKUP = re.compile(r"</?\s*[a-zA-Z][^<>]*>|<[\d:.]+>|\{[^}]*\}")
_COMMENTS = ("NOTE", "STYLE", "REGION")
# A caption that starts within this time after the one before continues it.
MAX_JOIN_SECONDS = 0.1
# If most captions have one word, they are joined into lines of at most this length, and at pauses.
MIN_SINGLE_WORDS, MIN_SINGLE_SHARE = 8, 0.8
MAX_JOINED_SECONDS, MAX_PAUSE_SECONDS = 10.0, 1.0


@dataclass(frozen=True)
class Caption:
    """Text that is shown for a time.

    Attributes:
        start: In seconds.
        end: In seconds.
        lines: The lines of the text, without markup.
        words: The words with their times, if they are known.
    """

    start: float
    end: float
    lines: tuple[str, ...]
    words: tuple[Word, ...] = ()

    @property
    def text(self) -> str:
        """The text as one line."""
        return " ".join(self.lines)


def parse_captions(text: str) -> list[Caption]:
    """Return the captions of an SRT or WebVTT file; an empty list if it is neither.

    Args:
        text: The content of the file, with line feeds.
    """
    lines = text.split("\n")
    is_webvtt = lines[0].startswith("WEBVTT")
    timings = [(number, match) for number, line in enumerate(lines) if (match := _TIMING.match(line))]
    ends = [*(number for number, _ in timings[1:]), len(lines)] if timings else []
    captions = []
    for (number, match), end in zip(timings, ends, strict=True):
        block = lines[number + 1 : end]
        body = _cut_webvtt(block) if is_webvtt else _cut_srt(block, end < len(lines))
        times = match.groups()
        captions.append(Caption(_read_time(times[:4]), _read_time(times[4:]), clean_lines(body)))
    return captions


def _cut_webvtt(block: Sequence[str]) -> Sequence[str]:
    """Return the lines of a caption: they end at an empty line."""
    first = next((number for number, line in enumerate(block) if line), len(block))
    last = next((number for number, line in enumerate(block) if number > first and not line), len(block))
    return () if first < len(block) and block[first].startswith(_COMMENTS) else block[first:last]


def _cut_srt(block: Sequence[str], has_next: bool) -> Sequence[str]:
    """Return the lines of a caption, without the number of the next one. They may contain empty lines."""
    filled = [line for line in block if line.strip()]
    return filled[:-1] if has_next and filled and filled[-1].strip().isdecimal() else filled


def _read_time(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction or 0}")


def clean_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the lines that are not empty, without markup."""
    cleaned = (" ".join(html.unescape(_MARKUP.sub("", line)).replace("\\h", " ").split()) for line in lines)
    return tuple(line for line in cleaned if line)


def merge_captions(captions: Iterable[Caption]) -> list[Caption]:
    """Return captions in order of time, each line once. Captions of single words are joined into lines."""
    merged: list[Caption] = []
    shown: Caption | None = None
    for caption in sorted(captions, key=lambda one: (one.start, one.end)):
        if not caption.lines:
            continue
        last, shown = shown, caption
        is_continued = bool(merged) and last is not None and caption.start <= last.end + MAX_JOIN_SECONDS
        if not is_continued or last is None:
            merged.append(caption)
            continue
        new = caption.lines[_count_repeated(last.lines, caption.lines) :]
        if _grows(last.lines, caption.lines):
            merged[-1] = replace(merged[-1], end=caption.end, lines=(*merged[-1].lines[:-1], caption.lines[-1]))
        elif new:
            merged.append(replace(caption, lines=new))
        elif caption.lines == last.lines:
            merged[-1] = replace(merged[-1], end=max(merged[-1].end, caption.end))
    return list(_join_words(merged))


def _count_repeated(before: Sequence[str], lines: Sequence[str]) -> int:
    """Return how many of the first lines were already shown as the last lines of the caption before."""
    counts = range(min(len(before), len(lines)), 0, -1)
    return next((count for count in counts if tuple(before[-count:]) == tuple(lines[:count])), 0)


def _grows(before: Sequence[str], lines: Sequence[str]) -> bool:
    """Return whether the last line is shown word by word: it begins with the line before and has more words."""
    if tuple(before[:-1]) != tuple(lines[:-1]) or not lines[-1].startswith(before[-1]):
        return False
    added = lines[-1][len(before[-1]) :]
    return bool(added) and (added[0] == " " or not added[0].isascii())


def _join_words(captions: Sequence[Caption]) -> Iterator[Caption]:
    """Join captions of single words into lines; yield others unchanged."""
    singles = sum(" " not in caption.text for caption in captions)
    if singles < max(MIN_SINGLE_WORDS, MIN_SINGLE_SHARE * len(captions)):
        yield from captions
        return
    line: Caption | None = None
    for caption in captions:
        words = (Word(caption.start, caption.end, caption.text),)
        if line is not None and _continues(line, caption):
            line = Caption(line.start, caption.end, (f"{line.text} {caption.text}",), line.words + words)
            continue
        if line is not None:
            yield line
        line = replace(caption, words=words)
    if line is not None:
        yield line


def _continues(line: Caption, caption: Caption) -> bool:
    is_near = caption.start - line.end < MAX_PAUSE_SECONDS
    return is_near and caption.end - line.start <= MAX_JOINED_SECONDS and line.text[-1:] not in SENTENCE_ENDS
