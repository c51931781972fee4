"""What is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from search.records.filters import Filters


class Sort(StrEnum):
    """In which order relevant hits come; what has no date or duration comes last."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    LONGEST = "longest"
    SHORTEST = "shortest"


class Tier(StrEnum):
    """How sure a result is: `relevant` from the relevance cut on, `possible` below it and still better than chance."""

    RELEVANT = "relevant"
    POSSIBLE = "possible"


class Retriever(StrEnum):
    """One way of retrieving segments for a query."""

    VISUAL = "visual"
    SEMANTIC = "semantic"
    LEXICAL = "lexical"


# The retrievers that compare vectors; each searches a space.
VECTOR_RETRIEVERS = (Retriever.VISUAL, Retriever.SEMANTIC)


# A region of a picture: left, top, width, height as shares of its width and height.
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class QueryPart:
    """A part of a mixed query: one of a text, the bytes of a picture file, a picture kept by the library, an item.

    Attributes:
        query_image: The id of an image that was uploaded before.
        item: The id of an item.
        weight: How much it counts compared with the other parts; below 0 it pushes away.
        crop: Only that region of the image, or of the item's image.
    """

    text: str | None = None
    image: bytes | None = None
    item: int | None = None
    weight: float = 1.0
    crop: Box | None = None
    query_image: str | None = None

    @property
    def is_image(self) -> bool:
        """True when it is a picture of the asker's own."""
        return self.image is not None or self.query_image is not None


@dataclass(frozen=True)
class Query:
    """What is asked: any mix of words, pictures, recorded voice and known items.

    text is read as the query language of `search.query.grammar`; voice holds the bytes of a media file. exclude
    lists things the hits must not show. weights maps a lane to the factor of its vote (default 1). stack: join
    near-identical pictures to one hit; diversity: 0 to 1, how much a hit unlike those before it is preferred. tier: the
    only results to return; with include_all, all tiers in their order and everything below them. correct: whether
    typing errors in text may be corrected.
    """

    text: str | None = None
    parts: tuple[QueryPart, ...] = ()
    voice: bytes | None = None
    exclude: tuple[str, ...] = ()
    weights: Mapping[Retriever, float] = field(default_factory=dict)
    filters: Filters = field(default_factory=Filters)
    limit: int = 20
    cursor: str | None = None
    include_all: bool = False
    tier: Tier = Tier.RELEVANT
    correct: bool = True
    explain: bool = False
    stack: bool = True
    diversity: float = 0.0
    sort: Sort = Sort.RELEVANCE
