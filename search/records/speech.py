"""Recognized speech."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.records.segments import Word


@dataclass(frozen=True)
class SpeechSegment:
    """A span of recognized speech.

    Attributes:
        start: In seconds.
        end: In seconds.
        text: The recognized text.
        confidence: As in `Segment`, 0 to 1.
        no_speech: The probability that there is no speech, 0 to 1.
        words: The words with their times.
    """

    start: float
    end: float
    text: str
    confidence: float
    no_speech: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Transcript:
    """The transcript of a recording.

    Attributes:
        language: The detected language (ISO 639-1), if there is one.
        segments: The spans of speech in order of time.
    """

    language: str | None
    segments: Sequence[SpeechSegment]

    @property
    def text(self) -> str:
        """The whole text in one line."""
        return " ".join(segment.text for segment in self.segments)
