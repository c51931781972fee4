"""What every decoder gives, piece by piece: nothing large is ever held as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search.media.image.picture import Picture
from search.records import ItemType, MediaFacts, Segment

Pcm16 = npt.NDArray[np.int16]


@dataclass(frozen=True)
class DecodedImage:
    """A still or a frame, and the segment it is."""

    segment: Segment
    picture: Picture


@dataclass(frozen=True)
class AudioChunk:
    """A stretch of mono sound at 16 kHz, and where it begins, in seconds."""

    start: float
    samples: Pcm16


@dataclass(frozen=True)
class FileSummary:
    """What is known of the file as a whole; comes last. kind: its type, where decoding found another."""

    facts: MediaFacts
    thumbnail: Picture | None = None
    kind: ItemType | None = None


Part = DecodedImage | AudioChunk | Segment | FileSummary
Parts = Iterator[Part]
