"""What the methods of the Python API return."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from search.engine import Engine
    from search.records import Answer, Hit, Query


@dataclass(frozen=True)
class IndexSummary:
    """The result of an index run, as numbers of files.

    Attributes:
        scanned: Files in the folders.
        added: New files that were indexed.
        updated: Changed files that were indexed again.
        renamed: Files that moved; nothing about them was computed again.
        unchanged: Files that are the same as before.
        removed: Files that are gone from disk; their items are now missing.
        failed: Files that cannot be read, including those of earlier runs.
        skipped: Files that are not indexed, such as subtitles of a video.
        postponed: Files that are still being written; the next run reads them.
        forgotten: Items that were removed from the library.
        seconds: The duration of the run.
        failures: The reason for each failed file, by path.
        unavailable: Why storage is unavailable, by folder. Everything on it is kept.
    """

    scanned: int = 0
    added: int = 0
    updated: int = 0
    renamed: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    skipped: int = 0
    postponed: int = 0
    forgotten: int = 0
    seconds: float = 0.0
    failures: Mapping[str, str] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)


class SearchResults:
    """The results of one search, best first.

    Iterating yields `Hit` objects and loads further pages as needed. `len()` and negative indexes load all pages.

    Examples:
        >>> results = library.search("a red flower")
        >>> results.nothing_relevant
        False
        >>> best = results[0]
        >>> for hit in results:
        ...     print(hit.item.path)
    """

    def __init__(self, engine: "Engine", query: "Query", answer: "Answer") -> None:
        self._engine = engine
        self._query = query
        self._first = answer
        self._hits: list[Hit] = list(answer.hits)
        self._cursor = answer.next

    @property
    def total(self) -> int:
        """The number of relevant results; beyond 1,000 it can be an estimate."""
        return self._first.total

    @property
    def total_is_estimate(self) -> bool:
        """True if `total` is an estimate."""
        return self._first.total_is_estimate

    @property
    def nothing_relevant(self) -> bool:
        """True if the library has no relevant item for this query."""
        return self._first.nothing_relevant

    @property
    def corrected(self) -> str | None:
        """The text that was searched for, if typing errors were corrected."""
        return self._first.corrected

    @property
    def voice_text(self) -> str | None:
        """The text of the voice query."""
        return self._first.voice.text if self._first.voice else None

    def possible(self) -> "SearchResults":
        """Return the less certain results, which follow the relevant ones.

        Raises:
            CrossmodalError: The search failed.
        """
        from search.records import Tier

        return self._search_again(replace(self._query, tier=Tier.POSSIBLE, include_all=False))

    def all(self) -> "SearchResults":
        """Return every item that passes the filters, relevant or not, best first.

        Use it to show the closest matches when nothing is relevant.

        Raises:
            CrossmodalError: The search failed.
        """
        return self._search_again(replace(self._query, include_all=True))

    def _search_again(self, query: "Query") -> "SearchResults":
        return SearchResults(self._engine, query, self._engine.search(query))

    def _load_page(self) -> bool:
        """Load the next page. Return False if there is none."""
        if self._cursor is None:
            return False
        answer = self._engine.search(replace(self._query, cursor=self._cursor))
        self._hits += answer.hits
        self._cursor = answer.next
        return True

    def __iter__(self) -> Iterator["Hit"]:
        position = 0
        while position < len(self._hits) or self._load_page():
            # A page can be empty if its items were forgotten in the meantime.
            if position < len(self._hits):
                yield self._hits[position]
                position += 1

    def __len__(self) -> int:
        while self._load_page():
            pass
        return len(self._hits)

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def __getitem__(self, index: int) -> "Hit":
        while (index < 0 or index >= len(self._hits)) and self._load_page():
            pass
        return self._hits[index]

    def __repr__(self) -> str:
        about = "about " if self.total_is_estimate else ""
        return f"<SearchResults: {about}{self.total} relevant>"
