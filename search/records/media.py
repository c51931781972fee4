"""What is indexed: files, their metadata and their segments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from search.records.arrays import Vectors
from search.records.places import ItemPlace
from search.records.segments import Segment

# The ratings that users give, in stars.
MIN_RATING, MAX_RATING = 1, 5
# Separates the sidecars of a file in the ledger: no file name can contain it.
SIDECAR_SEPARATOR = "/"
# How a description begins that the machine wrote.
GUESS = "Probably"


class ItemType(StrEnum):
    """The type of an item."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"


class State(StrEnum):
    """The state of a file in the ledger: every file of a source is in exactly one."""

    PENDING = "pending"
    INDEXED = "indexed"
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSING = "missing"


@dataclass(frozen=True)
class FileFacts:
    """What is known about a file before it is opened.

    Attributes:
        path: The absolute path.
        source_id: The source that contains the file.
        type: The type according to the file name; None if the name does not determine it.
        size: In bytes.
        mtime_ns: The modification time in nanoseconds.
        sidecar: The name, size and modification time of each of its sidecars, such as the subtitles of a film, the most
            important one first, separated by slashes.
        belongs_to: The path of the item that the file is an attachment of.
    """

    path: str
    source_id: int
    type: ItemType | None
    size: int
    mtime_ns: int
    sidecar: str | None = None
    belongs_to: str | None = None

    def without_stamp(self) -> "FileFacts":
        """Return the file without what changes are detected by: the next scan then reads the file again."""
        return replace(self, size=0, mtime_ns=0, sidecar=None)

    @property
    def sidecar_paths(self) -> tuple[Path, ...]:
        """The paths of the sidecars, the most important one first."""
        facts = self.sidecar.split(SIDECAR_SEPARATOR) if self.sidecar else ()
        return tuple(Path(self.path).with_name(one.rsplit(":", 2)[0]) for one in facts)


class FileStamp(NamedTuple):
    """What a scan compares to detect a changed file.

    Attributes:
        state: The state of the file in the ledger.
        size: In bytes.
        mtime_ns: The modification time in nanoseconds.
        sidecar: As in `FileFacts`.
        reason: Why the file is in this state, for users.
    """

    state: str
    size: int
    mtime_ns: int
    sidecar: str | None
    reason: str | None = None


class LedgerRow(NamedTuple):
    """What the ledger stores about a file for the next scan.

    Attributes:
        path: The absolute path.
        id: The id of the item.
        state: The state of the file, a value of `State`.
        size: In bytes.
        mtime_ns: The modification time in nanoseconds.
        content_hash: A hash of the content, if it was read.
        reason: Why the file is in this state, for users.
        sidecar: As in `FileFacts`.
        belongs_to: The path of the item that the file is an attachment of.
        has_segments: Whether its segments and embeddings are stored.
        problem: Why the file of an indexed item could not be read at the last scan; None if it could be.
    """

    path: str
    id: int
    state: str
    size: int
    mtime_ns: int
    content_hash: str | None
    reason: str | None
    sidecar: str | None
    belongs_to: str | None
    has_segments: bool
    problem: str | None = None


@dataclass(frozen=True)
class MediaFacts:
    """The metadata of a decoded file; embedded metadata is normalized, not verified.

    Attributes:
        title: The title.
        captured_at: When it was captured, in ISO 8601: the local time and, if known, its offset from UTC. `Z` means
            that only the time in UTC is known.
        is_date_guessed: Whether `captured_at` was read from the name of the file or of a folder.
        date_precision: `month`, `season` or `year` if a guessed date means the whole period that begins at
            `captured_at`; empty if it means a day or a time.
        duration: In seconds.
        width: In pixels, with the orientation applied.
        height: In pixels, with the orientation applied.
        language: The language of the speech, or of a book (ISO 639-1).
        camera: The camera's name.
        artist: The artist or author.
        album: The music album.
        description: The description or caption.
        latitude: In degrees, north is positive.
        longitude: In degrees, east is positive.
        orientation: The EXIF orientation, 1 to 8.
        rating: The rating by a user, 1 to 5 stars.
        tags: The keywords, each once.
        placeholder: A tiny preview of 4 x 3 RGB pixels, row by row, in hexadecimal.
    """

    title: str | None = None
    captured_at: str | None = None
    is_date_guessed: bool = False
    date_precision: str | None = None
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
    rating: int | None = None
    tags: tuple[str, ...] = ()
    placeholder: str | None = None


class SegmentEmbedding(NamedTuple):
    """The vector of a segment that is about to be written.

    Attributes:
        position: The position of the segment among those of the item, from 0.
        space_id: The space of the vector.
        vector: Shape (d,), float32.
    """

    position: int
    space_id: int
    vector: Vectors


@dataclass(frozen=True)
class Record:
    """Everything that is written to the catalog when a file is indexed.

    Attributes:
        file: The file.
        content_hash: A hash of the file's content.
        media: The metadata of the file.
        segments: The segments in order; they get ascending ids.
        embeddings: The vectors of the segments.
        remark: What could not be read of the file, for users; None if everything was. The ledger stores it as the
            reason.
        text_reader: What read the text in its images, as its fingerprint; None if they are still to be read.
        place: Where it was captured.
    """

    file: FileFacts
    content_hash: str
    media: MediaFacts
    segments: Sequence[Segment]
    embeddings: Sequence[SegmentEmbedding]
    remark: str | None = None
    text_reader: str | None = None
    place: ItemPlace | None = None


class MachineTag(NamedTuple):
    """A tag that the machine gave to an item.

    Attributes:
        name: Its name in the vocabulary.
        score: The probability that the item shows it, 0 to 1.
        start: For a video, the time of the frame that shows it best, in seconds.
        described: Whether the short description of the item names it.
    """

    name: str
    score: float
    start: float | None = None
    described: bool = False


@dataclass(frozen=True)
class Item:
    """One media file, as it is stored in the ledger.

    Attributes:
        id: The id of the item.
        path: The absolute path of the file.
        source: The root folder of the source.
        type: The type; None if it is unknown.
        state: The state in the ledger.
        reason: Why the file is in this state, for users.
        size: In bytes.
        mtime_ns: The modification time in nanoseconds.
        facts: The metadata of the file.
        belongs_to: The path of the item that the file is an attachment of.
        is_available: False if the file is on storage that was not connected at the last scan.
        volume: The folder at which the storage of the file begins; empty if no scan has recorded it, or on a server.
        modified_at: When the file was modified, at the latest when it was indexed, in UTC, ISO 8601. It counts as the
            date of an item without `captured_at`.
        machine_tags: What the machine recognized, the most probable first.
        place: Where it was captured.
    """

    id: int
    path: str
    source: str
    type: ItemType | None
    state: State
    reason: str | None
    size: int
    mtime_ns: int
    facts: MediaFacts
    belongs_to: str | None = None
    is_available: bool = True
    volume: str = ""
    modified_at: str | None = None
    machine_tags: tuple[MachineTag, ...] = ()
    place: ItemPlace | None = None

    @property
    def is_date_guessed(self) -> bool:
        """True when the date of the item is that in a name of its path, or the time when its file was modified."""
        return self.facts.captured_at is None or self.facts.is_date_guessed

    @property
    def machine_description(self) -> str | None:
        """A short description in English, made of what the machine recognized and marked as a guess; None without."""
        names = [tag.name for tag in self.machine_tags if tag.described]
        return f"{GUESS}: {', '.join(names)}" if names else None


@dataclass(frozen=True)
class FoundSegment:
    """A stored segment with its id and the id of its item."""

    id: int
    item_id: int
    segment: Segment
