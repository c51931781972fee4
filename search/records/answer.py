"""What is found, and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from search.records.media import Item, SegmentKind
from search.records.query import Retriever


@dataclass(frozen=True)
class Evidence:
    """Why an item is a hit: the lane and the segment that made it one.

    score is the probability of relevance that this lane gives the segment, 0 to 1; raw the lane's own
    figure (cosine or BM25); terms what the score is made of, when that was asked for.
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
    """An item with its score and its evidence, best first; stacked: near-identical items that it stands for."""

    rank: int
    score: float
    relevant: bool
    item: Item
    evidence: tuple[Evidence, ...]
    stacked: tuple[int, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """How much of the library could be searched at all: numbers of items by state.

    outdated: the lanes that are not searched until an update of the bundled model has embedded their segments again.
    """

    indexed: int
    pending: int
    failed: int
    outdated: tuple[str, ...] = ()


@dataclass(frozen=True)
class VoiceTranscript:
    """What was understood of a spoken query. language: ISO 639-1; translation: the English that was searched for."""

    text: str
    language: str | None
    translation: str | None = None

    @property
    def searched(self) -> str:
        """The words that were searched for."""
        return self.translation or self.text


@dataclass(frozen=True)
class Answer:
    """The hits of one query, best first, and what is needed to judge them.

    total, possible: how many results are relevant and how many possible, a stack counted as one. corrected: the text
    that was searched for, where typing errors were corrected. ignored: its stop words, which are not searched for.

    language: of the words, where they are enough to tell; only_english: what of the chosen models understands no other
    language, when the words are in one.
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
