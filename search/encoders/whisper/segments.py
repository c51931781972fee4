"""Convert the segments of both Whisper engines to records."""

from collections.abc import Mapping
from math import exp
from typing import Any

from search.records import SpeechSegment, Word


def make_segment(said: Mapping[str, Any]) -> SpeechSegment:
    """Return the record of one segment.

    The times of words are more exact than those of the segment.
    """
    words = tuple(Word(float(one["start"]), float(one["end"]), one["word"].strip()) for one in said.get("words") or ())
    return SpeechSegment(
        start=words[0].start if words else float(said["start"]),
        end=words[-1].end if words else float(said["end"]),
        text=said["text"].strip(),
        confidence=exp(min(0.0, float(said["avg_logprob"]))),
        no_speech=float(said["no_speech_prob"]),
        words=words,
    )
