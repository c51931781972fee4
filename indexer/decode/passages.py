"""Cut text into overlapping passages of whole sentences."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from search.records import Segment, SegmentKind

MAX_PASSAGE_CHARACTERS = 700
MAX_OVERLAP_CHARACTERS = 120
# A sentence ends at Latin or CJK punctuation, or at an empty line.
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])|\n\s*\n")
BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Sentence:
    """A sentence, or a piece of a very long one.

    Attributes:
        offset: Where it starts in the text, in characters.
        text: The sentence.
    """

    offset: int
    text: str


def split_sentences(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a text in order; a sentence longer than a passage is cut into pieces."""
    start = 0
    gaps = [(match.start(), match.end()) for match in SENTENCE_END.finditer(text)]
    for end, next_start in [*gaps, (len(text), len(text))]:
        while end - start > MAX_PASSAGE_CHARACTERS:
            cut = text.rfind(" ", start + MAX_PASSAGE_CHARACTERS // 2, start + MAX_PASSAGE_CHARACTERS)
            cut = cut if cut > 0 else start + MAX_PASSAGE_CHARACTERS
            yield Sentence(start, text[start:cut])
            start = cut
        if text[start:end].strip():
            yield Sentence(start, text[start:end])
        start = next_start


def cut_passages(text: str, page: int | None = None, offset: int = 0) -> list[Segment]:
    """Return the passages of a text: groups of sentences up to a maximum length, with a small overlap.

    Args:
        text: The text.
        page: The page of the document that the text is on, from 1.
        offset: Where the text starts in its document, in characters. The offsets of the segments count from there.

    Returns:
        Segments in order.
    """
    passages: list[Segment] = []
    group: list[Sentence] = []
    size = 0
    for sentence in split_sentences(text):
        if group and size + len(sentence.text) > MAX_PASSAGE_CHARACTERS:
            passages.append(_join(text, group, page, offset))
            group = _take_overlap(group)
            size = sum(len(repeated.text) for repeated in group)
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
    overlap: list[Sentence] = []
    size = 0
    for sentence in reversed(group[1:]):
        size += len(sentence.text)
        if size > MAX_OVERLAP_CHARACTERS:
            break
        overlap.insert(0, sentence)
    return overlap
