"""Sound recordings."""

from pathlib import Path

from indexer.decoders.content import Content
from search.errors import UnreadableMediaError
from search.media.container import SAMPLE_RATE, decode_sound, probe
from search.records import MediaFacts


def decode_audio(path: Path) -> Content:
    """Decode a recording; its duration is that of the decoded sound."""
    facts = probe(path)
    samples = decode_sound(path)
    if samples.size == 0:
        raise UnreadableMediaError("empty recording: it holds no sound")
    return Content(facts=MediaFacts(title=facts.title, duration=round(samples.size / SAMPLE_RATE, 3)), samples=samples)
