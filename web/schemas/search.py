"""The response to a search."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from search.records import Coverage, IntentKind, ItemType, MediaFacts, Retriever, SegmentKind, State
from web.contract.documents import Document, make_record_document

if TYPE_CHECKING:
    CoverageDocument = Document
    Facts = Document
else:
    CoverageDocument = make_record_document(Coverage, "CoverageDocument")
    Facts = make_record_document(MediaFacts, "Facts")


class PlaceDocument(Document):
    """A city, a region or a country.

    Attributes:
        value: Its code, a value of the filter `places`.
        name: Its name in the language of the client (`Accept-Language`), else in English.
        level: What it is.
    """

    value: str
    name: str
    level: Literal["city", "region", "country"]


class MachineTagDocument(Document):
    """A tag that the machine gave to an item.

    Attributes:
        name: Its English name in the vocabulary.
        score: The probability that the item shows it, 0 to 1.
        start: For a video, the time of the frame that shows it best, in seconds.
        described: Whether the short description names it.
    """

    name: str
    score: float
    start: float | None
    described: bool


class ItemDocument(Facts):
    """An item: its file and its metadata.

    Attributes:
        id: The id of the item.
        type: The type; null if it is unknown.
        path: The absolute path of the file on the server.
        source: The root folder of the source.
        state: The state in the ledger.
        reason: Why the file is in this state.
        size: The size of the file in bytes.
        mtime_ns: The modification time of the file, in nanoseconds since 1970 in UTC.
        belongs_to: The path of the item that the file is an attachment of.
        available: Whether the disk of the file was mounted at the last scan.
        modified_at: When the file was modified, at the latest when it was indexed, in UTC, ISO 8601. It counts as the
            date of an item without `captured_at`.
        has_pages: Whether its pages can be drawn: it is a PDF, or an office document and LibreOffice is installed.
        places: The city, the region and the country where it was captured, as far as they are known and the caller may
            see them.
        machine_tags: What the machine recognized, the most probable first. It can be wrong.
        machine_description: A short description made of these tags; null without any.
    """

    id: int
    type: ItemType | None
    path: str
    source: str
    state: State
    reason: str | None
    size: int
    mtime_ns: int
    belongs_to: str | None
    available: bool
    modified_at: str | None
    has_pages: bool
    places: list[PlaceDocument]
    machine_tags: list[MachineTagDocument]
    machine_description: str | None


class TextLineDocument(Document):
    """A line of text that was read in an image.

    Attributes:
        quad: x and y of its four corners, clockwise from where the text begins, as shares of the width and height of
            the image.
        text: The text of the line.
    """

    quad: list[float] = Field(min_length=8, max_length=8)
    text: str


class EvidenceDocument(Document):
    """Why an item is a result: a retriever and a segment that it found.

    Attributes:
        retriever: The retriever that found the segment.
        segment: The id of the segment.
        kind: The kind of the segment.
        score: The probability that the segment is relevant, 0 to 1.
        start: The start of the segment in the recording, in seconds.
        end: The end of the segment, in seconds.
        page: The page of the segment, from 1.
        offset: The position of the segment in the text of the document, in characters.
        snippet: A part of the segment's text that contains words of the query.
        lines: For text in an image, the lines with words of the query; all lines of the segment if none has one.
        raw: With `explain`, the uncalibrated similarity: a cosine or a BM25 score.
        terms: With `explain`, the terms that the score is computed from, by name.
    """

    retriever: Retriever
    segment: int
    kind: SegmentKind
    score: float
    start: float | None
    end: float | None
    page: int | None
    offset: int | None
    snippet: str | None
    lines: list[TextLineDocument] | None = None
    raw: float | None = None
    terms: dict[str, float] | None = None


class HitDocument(Document):
    """An item that is a result.

    Attributes:
        rank: The position in the results, from 1.
        score: The probability that the item is relevant, 0 to 1.
        relevant: Whether the item is in the relevant tier: its score is at least 0.5.
        stacked: The ids of the near-duplicates that are hidden behind the item.
        date_guessed: Whether the item satisfies the filters by date only by a guessed date: that in the name of its
            file or folder, or the time when its file was modified.
        item: The item.
        evidence: Why the item is a result, best evidence first.
    """

    rank: int
    score: float
    relevant: bool
    stacked: list[int]
    date_guessed: bool
    item: ItemDocument
    evidence: list[EvidenceDocument]


class RecognizedDocument(Document):
    """Words of a query that are used as a filter.

    Attributes:
        kind: A date, the kind of item wanted, or a filter of the query language.
        text: The words. In `literal` they are searched for instead.
        start: Where they begin in the text that is searched, in characters.
        end: Where they end.
        filters: The values of the filters that follow, by name, as in a request.
    """

    kind: IntentKind
    text: str
    start: int
    end: int
    filters: dict[str, str | float | list[str] | list[int]]


class QueryDocument(Document):
    """How the query was understood.

    Attributes:
        text: The text of the query.
        corrected: The text that was searched if typing errors were corrected, else null.
        ignored: The stop words of the query, and words that only ask for something, which are not searched for.
        open_quote: A quotation mark of the text that is not closed, with the word after it, else null. The mark is
            plain text.
        recognized: The words that are used as filters instead of being searched for.
        voice_text: The recognized text of a spoken query.
        voice_language: The language of a spoken query (ISO 639-1), if it was detected.
        voice_translation: The English translation of a spoken query, if it was searched instead of the original because
            a model only understands English.
        language: The language of the text (ISO 639-1), if the text is long enough to detect it.
        only_english: The models in use that only understand English, if the text is in another language.
        images: The number of images.
        like: The ids of the items that results should resemble.
        exclude: The texts that describe what results must not show or say.
    """

    text: str | None
    corrected: str | None
    ignored: list[str]
    open_quote: str | None
    recognized: list[RecognizedDocument]
    voice_text: str | None
    voice_language: str | None
    voice_translation: str | None
    language: str | None
    only_english: list[str]
    images: int
    like: list[int]
    exclude: list[str] = Field(alias="not")


class SearchAnswer(Document):
    """A page of results, and facts about all results.

    Attributes:
        query: How the query was understood.
        took_ms: How long the search took, in milliseconds.
        nothing_relevant: Whether no result is relevant.
        coverage: How much of the library was searched.
        total: The number of relevant results; a stack counts as one.
        total_is_estimate: Whether `total` is an estimate.
        possible: The number of possible results; a stack counts as one.
        possible_is_estimate: Whether `possible` is an estimate.
        next: The cursor of the next page; null on the last page.
        hits: The results, best first.
    """

    query: QueryDocument
    took_ms: float
    nothing_relevant: bool
    coverage: CoverageDocument
    total: int
    total_is_estimate: bool
    possible: int
    possible_is_estimate: bool
    next: str | None
    hits: list[HitDocument]
