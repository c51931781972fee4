"""The metadata that XMP files and the JSON files of Google Takeout add to a photo or recording."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from search.media.metadata import add_later_facts
from search.media.takeout import TAKEOUT_SUFFIX, read_takeout
from search.media.xmp import XMP_SUFFIX, read_xmp
from search.records import MediaFacts, Segment, SegmentKind

MAX_SIDECAR_BYTES = 4 * 1024 * 1024
READERS = {XMP_SUFFIX: read_xmp, TAKEOUT_SUFFIX: read_takeout}


def read_metadata(sidecars: Sequence[Path]) -> list[MediaFacts]:
    """Return the metadata of each sidecar that has some. Files above the limit of size are left out.

    Args:
        sidecars: The sidecars of a file, also its subtitles.

    Raises:
        OSError: A sidecar cannot be read.
    """
    readable = [path for path in sidecars if path.suffix.lower() in READERS]
    return [
        READERS[path.suffix.lower()](path.read_bytes()) for path in readable if path.stat().st_size <= MAX_SIDECAR_BYTES
    ]


def add_metadata(facts: MediaFacts, metadata: Sequence[MediaFacts]) -> MediaFacts:
    """Return the metadata of a file in which those of sidecars replace it: they were written later.

    Args:
        facts: The metadata of the file.
        metadata: The metadata of the sidecars, the most important one first.
    """
    for later in reversed(metadata):
        facts = add_later_facts(facts, later)
    return facts


def list_descriptions(facts: MediaFacts, metadata: Sequence[MediaFacts]) -> Iterator[Segment]:
    """Yield the descriptions in sidecars as passages: each is searched, and the file has only the most important one.

    Args:
        facts: The metadata of the file itself.
        metadata: The metadata of the sidecars.
    """
    for description in dict.fromkeys(later.description for later in metadata):
        if description and description != facts.description:
            yield Segment(SegmentKind.PASSAGE, description)
