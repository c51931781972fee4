"""Plain values that cross room borders: what was indexed, what was asked, what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Owners = npt.NDArray[np.void]
Samples = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]


class ItemType(StrEnum):
    """What kind of media file an item is."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"


class State(StrEnum):
    """The ledger: every file under a source is in exactly one of these."""

    PENDING = "pending"
    INDEXED = "indexed"
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSING = "missing"


class Lane(StrEnum):
    """One way of retrieving segments for a query."""

    PICTURE = "picture"
    MEANING = "meaning"
    WORDS = "words"


class SegmentKind(StrEnum):
    """What a segment is a piece of."""

    PICTURE = "picture"
    FRAME = "frame"
    SPEECH = "speech"
    PASSAGE = "passage"
    OCR = "ocr"
    NAME = "name"


LANE_SPACES = {Lane.PICTURE: "picture", Lane.MEANING: "meaning"}


@dataclass(frozen=True)
class Segment:
    """The smallest thing that is embedded and found.

    start, end: seconds in the recording; page: 1-based; offset: characters from the start of the
    document's text; confidence: mean word probability of recognised speech, 0 to 1; look: 64-bit perceptual
    hash of a picture, as a signed number.
    """

    kind: SegmentKind
    text: str | None = None
    start: float | None = None
    end: float | None = None
    page: int | None = None
    offset: int | None = None
    confidence: float | None = None
    look: int | None = None


@dataclass(frozen=True)
class FileFacts:
    """What the ledger knows of a file before it is opened. size in bytes, mtime in nanoseconds."""

    path: str
    source_id: int
    type: ItemType | None
    size: int
    mtime_ns: int


class LedgerRow(NamedTuple):
    """What the ledger keeps of a file for the next scan; there is one for every file of a source."""

    path: str
    id: int
    state: str
    size: int
    mtime_ns: int
    content_hash: str | None
    reason: str | None


@dataclass(frozen=True)
class MediaFacts:
    """What decoding a file revealed. duration in seconds; captured_at in ISO 8601."""

    title: str | None = None
    captured_at: str | None = None
    duration: float | None = None
    width: int | None = None
    height: int | None = None
    language: str | None = None
    camera: str | None = None


@dataclass(frozen=True)
class Record:
    """All that is written of an indexed file. embeddings: (position in `segments`, space id, vector of shape (d,))."""

    file: FileFacts
    content_hash: str
    media: MediaFacts
    segments: Sequence[Segment]
    embeddings: Sequence[tuple[int, int, Vectors]]


@dataclass(frozen=True)
class Item:
    """One row of the ledger."""

    id: int
    path: str
    source: str
    type: ItemType | None
    state: State
    reason: str | None
    size: int
    mtime_ns: int
    facts: MediaFacts


@dataclass(frozen=True)
class FoundSegment:
    """A stored segment together with its id and the item it belongs to."""

    id: int
    item_id: int
    segment: Segment


@dataclass(frozen=True)
class Filters:
    """What a hit must satisfy besides matching; an empty field filters nothing.

    path is a folder or file, as a whole path or as the name of a folder somewhere in it; after and before are ISO
    8601 dates or times, after inclusive, before exclusive; longer (inclusive) and shorter (exclusive) are seconds
    of sound or video; phrases are words that the item must hold one after the other; camera is a part of its name.
    """

    types: tuple[ItemType, ...] = ()
    sources: tuple[str, ...] = ()
    path: str | None = None
    after: str | None = None
    before: str | None = None
    longer: float | None = None
    shorter: float | None = None
    languages: tuple[str, ...] = ()
    camera: str | None = None
    phrases: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True when nothing is filtered."""
        return self == Filters()


# A region of a picture: left, top, width, height as shares of its width and height.
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class QueryPart:
    """A part of a mixed query: a text, the bytes of a picture file, or the id of an item; one of the three.

    weight: how much it counts beside the other parts; below 0 it pushes away. crop: only that region of the
    picture or of the item's picture.
    """

    text: str | None = None
    image: bytes | None = None
    item: int | None = None
    weight: float = 1.0
    crop: Box | None = None


@dataclass(frozen=True)
class Query:
    """What is asked: any mix of words, pictures, recorded voice and known items.

    text is read as the query language of `search.ranking.grammar`; voice holds the bytes of a media file. exclude
    lists things the hits must not show. weights maps a lane to the factor of its vote (default 1). stack: join
    near-identical pictures to one hit; diversity: 0 to 1, how much a hit unlike those before it is preferred.
    """

    text: str | None = None
    parts: tuple[QueryPart, ...] = ()
    voice: bytes | None = None
    exclude: tuple[str, ...] = ()
    weights: Mapping[Lane, float] = field(default_factory=dict)
    filters: Filters = Filters()
    limit: int = 20
    cursor: str | None = None
    include_all: bool = False
    explain: bool = False
    stack: bool = True
    diversity: float = 0.0


@dataclass(frozen=True)
class Evidence:
    """Why an item is a hit: the lane and the segment that made it one.

    score is the probability of relevance that this lane gives the segment, 0 to 1; raw the lane's own
    figure (cosine or BM25); terms what the score is made of, when that was asked for.
    """

    lane: Lane
    segment_id: int
    kind: SegmentKind
    score: float
    raw: float
    start: float | None = None
    end: float | None = None
    page: int | None = None
    offset: int | None = None
    snippet: str | None = None
    terms: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Hit:
    """An item with its score and its evidence, best first; stacked: near-identical items that it stands for."""

    rank: int
    score: float
    relevant: bool
    item: Item
    evidence: tuple[Evidence, ...]
    stacked: tuple[int, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """How much of the library could be searched at all: numbers of items by state."""

    indexed: int
    pending: int
    failed: int


@dataclass(frozen=True)
class Answer:
    """The hits of one query, best first, and what is needed to judge them."""

    text: str | None
    voice_text: str | None
    voice_language: str | None
    hits: tuple[Hit, ...]
    total: int
    next: str | None
    nothing_relevant: bool
    coverage: Coverage
    took_ms: float


@dataclass(frozen=True)
class SpeechSegment:
    """A span of recognised speech: start and end in seconds, confidence 0 to 1."""

    start: float
    end: float
    text: str
    confidence: float
    no_speech: float


@dataclass(frozen=True)
class Transcript:
    """What Whisper heard: its segments in order of time and the language detected (ISO 639-1)."""

    language: str | None
    segments: Sequence[SpeechSegment]

    @property
    def text(self) -> str:
        """All words in one line."""
        return " ".join(segment.text for segment in self.segments)
