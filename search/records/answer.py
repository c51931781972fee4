"""The answer to a query: results and their evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from search.records.media import Item
from search.records.query import Recognized, Retriever
from search.records.segments import SegmentKind, TextLine


@dataclass(frozen=True)
class Evidence:
    """Why an item is a result: a retriever and a segment that it found.

    Attributes:
        retriever: The retriever that found the segment.
        segment_id: The segment.
        kind: The kind of the segment.
        score: The probability that the segment is relevant, 0 to 1.
        raw: The uncalibrated similarity: a cosine or a BM25 score; None if a server did not send it.
        start: The start of the segment in the recording, in seconds.
        end: The end of the segment, in seconds.
        page: The page of the segment, from 1.
        offset: The position of the segment in the text of the document, in characters.
        snippet: A part of the segment's text that contains words of the query.
        terms: The terms that the score is computed from, by name, if they were requested.
        lines: For text in an image, the lines with words of the query; all lines if none has one.
    """

    retriever: Retriever
    segment_id: int
    kind: SegmentKind
    score: float
    raw: float | None
    start: float | None = None
    end: float | None = None
    page: int | None = None
    offset: int | None = None
    snippet: str | None = None
    terms: Mapping[str, float] | None = None
    lines: tuple[TextLine, ...] = ()


@dataclass(frozen=True)
class Hit:
    """An item that is a result.

    Attributes:
        rank: The position in the results, from 1.
        score: The probability that the item is relevant, 0 to 1.
        relevant: Whether the item is in the relevant tier.
        item: The item.
        evidence: Why the item is a result, best evidence first.
        stacked: The ids of the near-duplicates that are hidden behind the item.
        is_date_guessed: Whether the item satisfies the filters by date only by a guessed date.
    """

    rank: int
    score: float
    relevant: bool
    item: Item
    evidence: tuple[Evidence, ...]
    stacked: tuple[int, ...] = ()
    is_date_guessed: bool = False


@dataclass(frozen=True)
class Coverage:
    """How much of the library could be searched, as numbers of items by state.

    Attributes:
        indexed: Items that can be found.
        pending: Items that are not indexed yet.
        failed: Items that could not be indexed.
        outdated: The retrievers that are not searched until the segments are embedded again with the updated bundled
            model.
        pending_by_type: The numbers of `pending` by type of the items; `other` for files whose type is not known yet.
    """

    indexed: int
    pending: int
    failed: int
    outdated: tuple[str, ...] = ()
    pending_by_type: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class VoiceTranscript:
    """The transcript of a spoken query.

    Attributes:
        text: The recognized text.
        language: The language of the text (ISO 639-1), if it was detected.
        translation: The English translation, if that was searched for.
    """

    text: str
    language: str | None
    translation: str | None = None

    @property
    def searched(self) -> str:
        """The text that was searched for."""
        return self.translation or self.text


@dataclass(frozen=True)
class Answer:
    """A page of the results of a query, and facts about all results.

    Attributes:
        text: The text of the query.
        voice: The transcript of the query's recording, if it has one.
        language: The language of the text (ISO 639-1), if it could be detected.
        only_english: The models in use that only understand English, if the text is in another language.
        hits: The results on this page, best first.
        total: The number of relevant results; a stack counts as one.
        next: The cursor of the next page, if there is one.
        nothing_relevant: Whether no result is relevant.
        coverage: How much of the library was searched.
        took_ms: How long the search took, in milliseconds.
        total_is_estimate: Whether `total` is an estimate.
        possible: The number of possible results; a stack counts as one.
        possible_is_estimate: Whether `possible` is an estimate.
        corrected: The text that was searched for, if typing errors were corrected.
        ignored: The stop words in the text, and words that only ask for something, which are not searched for.
        open_quote: A quotation mark in the text that is not closed, with the word after it, if there is one.
        recognized: The words of the text that are used as filters.
    """

    text: str | None
    voice: VoiceTranscript | None
    language: str | None
    only_english: tuple[str, ...]
    hits: tuple[Hit, ...]
    total: int
    next: str | None
    nothing_relevant: bool
    coverage: Coverage
    took_ms: float
    total_is_estimate: bool = False
    possible: int = 0
    possible_is_estimate: bool = False
    corrected: str | None = None
    ignored: tuple[str, ...] = ()
    open_quote: str | None = None
    recognized: tuple[Recognized, ...] = ()
