"""Segments of items: what embeddings and words belong to."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class SegmentKind(StrEnum):
    """The kind of a segment.

    An image, a video frame, a span of speech, the title of a chapter, a passage, text in an image or a file name. No
    segment is a place: evidence has this kind when an item was captured in a place that the query names.
    """

    IMAGE = "image"
    FRAME = "frame"
    SPEECH = "speech"
    CHAPTER = "chapter"
    PASSAGE = "passage"
    OCR = "ocr"
    NAME = "name"
    PLACE = "place"


class Word(NamedTuple):
    """A spoken word, as a list: its start and its end in seconds, and its text."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class TextLine:
    """A line of text that was read in an image.

    Attributes:
        quad: x and y of its four corners, clockwise from where the text begins, as shares of the width and height of
            the image.
        text: The text of the line.
    """

    quad: tuple[float, ...]
    text: str


@dataclass(frozen=True)
class Segment:
    """The smallest unit that is embedded and found.

    Attributes:
        kind: The kind of the segment.
        text: The text of the segment, if it has one.
        start: The start in the recording, in seconds.
        end: The end in the recording, in seconds.
        page: The page of the document, from 1.
        offset: The position in the text of the document, in characters.
        confidence: For recognized speech, the probability of its words minus that of no speech, 0 to 1; for text in an
            image, the probability of its characters.
        phash: For images, the 64-bit perceptual hash as a signed number.
        no_speech: For recognized speech, the probability that there is no speech, 0 to 1.
        words: For recognized speech, the words with their times.
        lines: For text in an image, the lines with their places.
        language: For subtitles, the language that their track or file states (ISO 639-1 where possible).
    """

    kind: SegmentKind
    text: str | None = None
    start: float | None = None
    end: float | None = None
    page: int | None = None
    offset: int | None = None
    confidence: float | None = None
    phash: int | None = None
    no_speech: float | None = None
    words: tuple[Word, ...] = ()
    lines: tuple[TextLine, ...] = ()
    language: str | None = None
