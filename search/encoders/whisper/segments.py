"""Convert the segments of both Whisper engines to records."""

from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

from search.records import SpeechSegment, Word

# A language that is detected with a lower probability is not clear: there may be music only.
MIN_LANGUAGE_PROBABILITY = 0.5


def choose_language(probabilities: Mapping[str, float], languages: Sequence[str]) -> str:
    """Return the most probable of some languages; the first of those that are equal.

    Args:
        probabilities: The probability of each language.
        languages: ISO 639-1 codes, at least one.
    """
    return max(languages, key=lambda code: probabilities.get(code, 0.0))


def make_segment(segment: Mapping[str, Any]) -> SpeechSegment:
    """Return the record of a segment.

    Args:
        segment: The segment as Whisper returns it. If it has words, the record starts and ends with them, because
            their times are more exact than those of the segment.
    """
    words = tuple(
        Word(float(word["start"]), float(word["end"]), word["word"].strip()) for word in segment.get("words") or ()
    )
    return SpeechSegment(
        start=words[0].start if words else float(segment["start"]),
        end=words[-1].end if words else float(segment["end"]),
        text=segment["text"].strip(),
        confidence=exp(min(0.0, float(segment["avg_logprob"]))),
        no_speech=float(segment["no_speech_prob"]),
        words=words,
    )
