"""The answer to a query: results and their evidence."""

from collections.abc import Mapping
from dataclasses import dataclass

from search.records.media import Item, SegmentKind
from search.records.query import Retriever


@dataclass(frozen=True)
class Evidence:
    """Why an item is a result: a retriever and a segment that it found.

    Attributes:
        retriever: The retriever that found the segment.
        segment_id: The segment.
        kind: What the segment is a part of.
        score: The probability that the segment is relevant, 0 to 1.
        raw: The retriever's own measure: a cosine or a BM25 score.
        start: Where it begins in the recording, in seconds.
        end: Where it ends, in seconds.
        page: Its page, from 1.
        offset: Its position in the text of the document, in characters.
        snippet: A few words of it.
        terms: The terms that the score is computed from, if they were requested.
    """

    retriever: Retriever
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
    """An item that is a result.

    Attributes:
        rank: Its position in the results, from 1.
        score: The probability that it is relevant, 0 to 1.
        relevant: Whether it is in the relevant tier.
        item: The item.
        evidence: Why it is a result, best first.
        stacked: The ids of the near-identical items that are hidden behind it.
    """

    rank: int
    score: float
    relevant: bool
    item: Item
    evidence: tuple[Evidence, ...]
    stacked: tuple[int, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """How much of the library could be searched: numbers of items by state.

    Attributes:
        indexed: Items that can be found.
        pending: Items that are not indexed yet.
        failed: Items that could not be indexed.
        outdated: The retrievers that are not searched until the segments are embedded again with the updated bundled
            model.
    """

    indexed: int
    pending: int
    failed: int
    outdated: tuple[str, ...] = ()


@dataclass(frozen=True)
class VoiceTranscript:
    """The transcript of a spoken query.

    Attributes:
        text: The words.
        language: Their language (ISO 639-1), if it was detected.
        translation: Their English translation, if that was searched for.
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
    """The results of one query and what is needed to read them.

    Attributes:
        text: The text of the query.
        voice: The transcript of its recording.
        language: The language of the text (ISO 639-1), if it could be detected.
        only_english: The models in use that only understand English, if the text is in another language.
        hits: The results of this page, best first.
        total: The number of relevant results; a stack counts as one.
        next: The cursor of the next page, if there is one.
        nothing_relevant: Whether no result is relevant.
        coverage: How much of the library was searched.
        took_ms: How long it took, in milliseconds.
        total_is_estimate: Whether `total` is an estimate.
        possible: The number of possible results; a stack counts as one.
        possible_is_estimate: Whether `possible` is an estimate.
        corrected: The text that was searched for, if typing errors were corrected.
        ignored: The stop words of the text, which are not searched for.
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
