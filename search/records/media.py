"""What is indexed: files, what is known of them, and the segments that they are found by."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from search.records.arrays import Vectors


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


class SegmentKind(StrEnum):
    """What a segment is a piece of."""

    IMAGE = "image"
    FRAME = "frame"
    SPEECH = "speech"
    PASSAGE = "passage"
    OCR = "ocr"
    NAME = "name"


class Word(NamedTuple):
    """A spoken word and when it is said, in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Segment:
    """The smallest thing that is embedded and found.

    start, end: seconds in the recording; page: 1-based; offset: characters from the start of the document's text;
    confidence: of recognized speech, the probability of its words less that of no speech, 0 to 1; no_speech: that
    latter; words: of speech, each with its time; look: 64-bit perceptual hash of a picture, as a signed number.
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


@dataclass(frozen=True)
class FileFacts:
    """What the ledger knows of a file before it is opened. size in bytes, mtime in nanoseconds.

    sidecar: name, size and time of a file beside it that belongs to it, such as a film's subtitles.
    """

    path: str
    source_id: int
    type: ItemType | None
    size: int
    mtime_ns: int
    sidecar: str | None = None

    @property
    def sidecar_path(self) -> Path | None:
        """The file beside it that belongs to it."""
        return Path(self.path).with_name(self.sidecar.rsplit(":", 2)[0]) if self.sidecar else None


class FileStamp(NamedTuple):
    """What a scan compares to detect a changed file.

    Attributes:
        state: The state of the file in the ledger.
        size: In bytes.
        mtime_ns: The modification time in nanoseconds.
        sidecar: The name, size and modification time of its sidecar file, if there is one.
    """

    state: str
    size: int
    mtime_ns: int
    sidecar: str | None


class LedgerRow(NamedTuple):
    """What the ledger keeps of a file for the next scan; there is one for every file of a source."""

    path: str
    id: int
    state: str
    size: int
    mtime_ns: int
    content_hash: str | None
    reason: str | None
    sidecar: str | None


@dataclass(frozen=True)
class MediaFacts:
    """What decoding a file revealed; what it says of itself is cleaned, not checked.

    duration in seconds; captured_at in ISO 8601; latitude and longitude in degrees, north and east positive;
    orientation: 1 to 8 as EXIF counts, already applied to width and height; tags: keywords, each once; blur: what it
    looks like from afar, 4 x 3 pixels of RGB in hexadecimal, row by row.
    """

    title: str | None = None
    captured_at: str | None = None
    duration: float | None = None
    width: int | None = None
    height: int | None = None
    language: str | None = None
    camera: str | None = None
    artist: str | None = None
    album: str | None = None
    description: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    orientation: int | None = None
    tags: tuple[str, ...] = ()
    placeholder: str | None = None


class SegmentEmbedding(NamedTuple):
    """The vector of a segment that is about to be written.

    Attributes:
        position: The position of its segment among those of the item.
        space_id: The space it belongs to.
        vector: Shape (d,), float32.
    """

    position: int
    space_id: int
    vector: Vectors


@dataclass(frozen=True)
class Record:
    """Everything that is written of an indexed file.

    Attributes:
        content_hash: A hash of the file's content.
        segments: In order of their ids.
        embeddings: Their vectors.
    """

    file: FileFacts
    content_hash: str
    media: MediaFacts
    segments: Sequence[Segment]
    embeddings: Sequence[SegmentEmbedding]


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
class SpeechSegment:
    """A span of recognized speech: start and end in seconds, confidence 0 to 1."""

    start: float
    end: float
    text: str
    confidence: float
    no_speech: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Transcript:
    """What Whisper heard: its segments in order of time and the language detected (ISO 639-1)."""

    language: str | None
    segments: Sequence[SpeechSegment]

    @property
    def text(self) -> str:
        """All words in one line."""
        return " ".join(segment.text for segment in self.segments)
