"""Responses about items: the ledger, metadata, segments and what is computed from a file."""

from typing import TYPE_CHECKING

from search.records import ItemType, Segment
from web.contract.documents import Document, make_record_document
from web.schemas.search import EvidenceDocument, ItemDocument

# Models with the fields of records. Type checkers do not know these fields.
if TYPE_CHECKING:
    SegmentFields = Document
else:
    SegmentFields = make_record_document(Segment, "SegmentFields", omits_empty=True)


class LedgerEntry(ItemDocument):
    """A file in the ledger.

    Attributes:
        advice: What to do about a file that is not indexed.
        uploaded: Whether the file was uploaded, and is deleted with the item.
    """

    advice: str | None
    uploaded: bool


class ItemList(Document):
    """A page of the ledger.

    Attributes:
        items: The files, in order of id.
        next: The cursor of the next page; null on the last page.
    """

    items: list[LedgerEntry]
    next: int | None


class HiddenChange(Document):
    """What was hidden or shown again.

    Attributes:
        items: The ids of the items that changed, with those that have the same content.
    """

    items: list[int]


class SegmentDocument(SegmentFields):
    """A segment of an item; fields that do not apply are left out.

    Attributes:
        id: The id of the segment.
    """

    id: int


class AttachmentDocument(Document):
    """A skipped file that belongs to an item: another name of its file, a sidecar, or one of a pair.

    Attributes:
        id: The id of the file, whose media can be read.
        path: The absolute path of the file on the server.
        type: The type; null if it is unknown.
        reason: Why it is skipped.
        size: The size of the file in bytes.
    """

    id: int
    path: str
    type: ItemType | None
    reason: str | None
    size: int


class ItemDetails(ItemDocument):
    """An item with all its segments.

    Attributes:
        film: The address of the film of an image: of a Live Photo, or inside a Motion Photo.
        attachments: The skipped files that belong to the item.
        segments: The segments, in order.
    """

    film: str | None
    attachments: list[AttachmentDocument]
    segments: list[SegmentDocument]


class TranscriptDocument(Document):
    """The speech of a recording.

    Attributes:
        id: The id of the item.
        language: The language of these segments (ISO 639-1), if it is known.
        languages: The languages that can be chosen, that of the recording first.
        segments: The segments of speech, in order of time.
    """

    id: int
    language: str | None
    languages: list[str]
    segments: list[SegmentDocument]


class Passages(Document):
    """Text segments of an item.

    Attributes:
        item: The item.
        segments: The segments with text, in order.
    """

    item: ItemDocument
    segments: list[SegmentDocument]


class Moments(Document):
    """The relevant segments of an item.

    Attributes:
        moments: The segments, in order.
    """

    moments: list[EvidenceDocument]


class Heatmap(Document):
    """Where an image matches a query.

    Attributes:
        heatmap: Rows of regions from top to bottom; 0 for the weakest match to 1 for the strongest.
    """

    heatmap: list[list[float]]


class PlaybackDocument(Document):
    """How a recording can be played.

    Attributes:
        container: The container of the file, as FFmpeg names it.
        video: The codec of the images; null without images.
        audio: The codec of the sound; null without sound.
        duration: The duration in seconds.
        media_type: The media type of the file with its codecs, to ask a browser; null if no browser opens it.
        common: Whether every current browser plays the file itself.
        fragments: The number of fragments.
        fragment_seconds: The length of a fragment in seconds.
        fragment_media_type: The media type of the fragments with their codecs.
        lead: Times in the fragments are later than in the recording by these seconds.
        converts_video: Whether images are encoded again for the fragments; otherwise they are copied.
        converts_audio: The same for sound.
    """

    container: str
    video: str | None
    audio: str | None
    duration: float
    media_type: str | None
    common: bool
    fragments: int
    fragment_seconds: float
    fragment_media_type: str
    lead: float
    converts_video: bool
    converts_audio: bool


class Loudness(Document):
    """The loudness of a recording.

    Attributes:
        peaks: The highest level of each part, 0 to 1; empty without an audio track.
    """

    peaks: list[float]


class PageDocument(Document):
    """A page of a document.

    Attributes:
        page: The number of the page, from 1.
        pages: The number of pages of the document.
        width: The width of the page in points of 1/72 inch.
        height: The height of the page in points.
        boxes: Where the words are: left, top, width and height, in shares of the page; at most 500.
    """

    page: int
    pages: int
    width: float
    height: float
    boxes: list[tuple[float, float, float, float]]
