"""A query: its parts and options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from search.records.filters import Filters


class Sort(StrEnum):
    """The order of the relevant results; items without a date or duration come last."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    LONGEST = "longest"
    SHORTEST = "shortest"


class Tier(StrEnum):
    """How certain a result is: `relevant` from the relevance cut of 0.5 on, `possible` from 0.1 to 0.5."""

    RELEVANT = "relevant"
    POSSIBLE = "possible"


class IntentKind(StrEnum):
    """What words of a query were recognized as: a date, the kind of item wanted, or a filter of the query language."""

    DATE = "date"
    TYPE = "type"
    FILTER = "filter"


@dataclass(frozen=True)
class Recognized:
    """Words of a query that are used as a filter.

    Attributes:
        kind: What they were recognized as.
        text: The words.
        start: Where they begin in the text that is searched: the corrected one if it was corrected.
        end: Where they end.
        filters: The values of the filters that follow, by name.
    """

    kind: IntentKind
    text: str
    start: int
    end: int
    filters: Mapping[str, Any]


class Retriever(StrEnum):
    """One way of retrieving segments for a query."""

    VISUAL = "visual"
    SEMANTIC = "semantic"
    LEXICAL = "lexical"


# The retrievers that compare vectors; each searches one embedding space.
VECTOR_RETRIEVERS = (Retriever.VISUAL, Retriever.SEMANTIC)

# A region of an image: left, top, width and height, as fractions of the image's width and height.
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class QueryPart:
    """A part of a mixed query: exactly one of `text`, `image`, `item` and `query_image`.

    Attributes:
        text: A text.
        image: The bytes of an image file.
        item: The id of an item to find similar items to.
        weight: The weight relative to the other parts; a negative weight ranks similar items lower.
        crop: The region of the image, or of the item's image, to search by; None for all of it.
        query_image: The id of an image that was uploaded before.
    """

    text: str | None = None
    image: bytes | None = None
    item: int | None = None
    weight: float = 1.0
    crop: Box | None = None
    query_image: str | None = None

    @property
    def is_image(self) -> bool:
        """True when the part is an uploaded image."""
        return self.image is not None or self.query_image is not None


@dataclass(frozen=True)
class Query:
    """A query: any mix of text, images, a recording and known items.

    Attributes:
        text: In the query language of `search.query.grammar`.
        parts: Images, items and further texts, with weights.
        voice: The bytes of a recording.
        voice_language: The language of the recording (ISO 639-1); None to detect it.
        voice_languages: The languages to detect among, if it is not known; empty for all.
        exclude: What results must not show or mention.
        weights: The weight of each retriever in the fusion (default 1).
        filters: The conditions that results must satisfy.
        limit: The maximum number of results on a page.
        cursor: The start of the page: `next` of an earlier answer; None for the first page.
        include_all: Whether to return the whole ranking: all tiers in order, then everything below them.
        tier: The tier to return.
        correct: Whether typing errors in the text may be corrected.
        recognize: Whether words that name a date or a kind of item become filters.
        literal: Words that are searched for although they name a date or a kind of item, as in `Recognized.text`.
        explain: Whether to return the terms of each score.
        stack: Whether near-duplicate images are grouped into one result.
        diversity: How strongly to prefer results that differ from those before them, 0 to 1.
        sort: The order of the relevant results.
        without: The names of filters that do not apply, wherever they are written: to count what each value of a
            filter would find.
    """

    text: str | None = None
    parts: tuple[QueryPart, ...] = ()
    voice: bytes | None = None
    voice_language: str | None = None
    voice_languages: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    weights: Mapping[Retriever, float] = field(default_factory=dict)
    filters: Filters = field(default_factory=Filters)
    limit: int = 20
    cursor: str | None = None
    include_all: bool = False
    tier: Tier = Tier.RELEVANT
    correct: bool = True
    recognize: bool = True
    literal: tuple[str, ...] = ()
    explain: bool = False
    stack: bool = True
    diversity: float = 0.0
    sort: Sort = Sort.RELEVANCE
    without: tuple[str, ...] = ()
