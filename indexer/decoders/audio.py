"""Sound recordings."""

from pathlib import Path

from indexer.decoders.content import Outline, Parts, Sound
from search.errors import UnreadableMediaError
from search.media.container import SAMPLE_RATE, iterate_sound, probe
from search.records import MediaFacts


def decode_audio(path: Path) -> Parts:
    """Decode a recording; its duration is that of the decoded sound."""
    facts = probe(path)
    duration = 0.0
    for start, samples in iterate_sound(path):
        duration = start + len(samples) / SAMPLE_RATE
        yield Sound(start, samples)
    if not duration:
        raise UnreadableMediaError("empty recording: it holds no sound")
    yield Outline(MediaFacts(title=facts.title, duration=round(duration, 3)))
