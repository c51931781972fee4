"""What every decoder gives."""

from dataclasses import dataclass, field

from search.media.picture import Picture
from search.records import MediaFacts, Samples, Segment


@dataclass(frozen=True)
class Content:
    """The decoded parts of one file.

    pictures: stills or frames with the segment each belongs to; passages: text segments; samples: mono
    sound at 16 kHz to be transcribed.
    """

    facts: MediaFacts
    pictures: list[tuple[Segment, Picture]] = field(default_factory=list)
    passages: list[Segment] = field(default_factory=list)
    samples: Samples | None = None
    thumbnail: Picture | None = None
