"""Cutting text into passages: whole sentences, a little overlap, offsets kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from search.records import Segment, SegmentKind

TARGET = 700
OVERLAP = 120
# A sentence ends at Latin or CJK punctuation, or at an empty line.
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])|\n\s*\n")
BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Sentence:
    """Text and where it begins, in characters."""

    offset: int
    text: str


def split_sentences(text: str) -> Iterator[Sentence]:
    """Return the sentences of a text in order; one longer than a passage comes in pieces."""
    start = 0
    for end, following in [(m.start(), m.end()) for m in SENTENCE_END.finditer(text)] + [(len(text),) * 2]:
        while end - start > TARGET:
            cut = text.rfind(" ", start + TARGET // 2, start + TARGET)
            cut = cut if cut > 0 else start + TARGET
            yield Sentence(start, text[start:cut])
            start = cut
        if text[start:end].strip():
            yield Sentence(start, text[start:end])
        start = following


def cut_passages(text: str, page: int | None = None, offset: int = 0) -> list[Segment]:
    """Group sentences into passages of about 700 characters that overlap by up to 120.

    offset: where `text` begins in its document; the segments' offsets count from the document's start.
    """
    passages: list[Segment] = []
    group: list[Sentence] = []
    size = 0
    for sentence in split_sentences(text):
        if group and size + len(sentence.text) > TARGET:
            passages.append(_join(text, group, page, offset))
            group = _take_overlap(group)
            size = sum(len(one.text) for one in group)
        group.append(sentence)
        size += len(sentence.text)
    if group:
        passages.append(_join(text, group, page, offset))
    return passages


def _join(text: str, group: list[Sentence], page: int | None, offset: int) -> Segment:
    start = group[0].offset
    end = group[-1].offset + len(group[-1].text)
    content = BLANKS.sub(" ", text[start:end]).strip()
    return Segment(SegmentKind.PASSAGE, content, page=page, offset=offset + start)


def _take_overlap(group: list[Sentence]) -> list[Sentence]:
    kept: list[Sentence] = []
    size = 0
    for sentence in reversed(group[1:]):
        size += len(sentence.text)
        if size > OVERLAP:
            break
        kept.insert(0, sentence)
    return kept
