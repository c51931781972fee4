"""What the methods of the Python API return."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
        is_refused: Whether nothing could be indexed, because all paths are unavailable.
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
    is_refused: bool = False


def make_further_query(query: "Query", answer: "Answer") -> "Query | None":
    """Return the query for what follows the relevant results on a page; None if they fill it.

    That is the less certain results, or the closest items if nothing is relevant and too little is less certain.
    """
    return make_next_query(query, len(answer.hits), answer.possible if answer.nothing_relevant else None)


def make_next_query(query: "Query", count: int, possible: int | None) -> "Query | None":
    """Return the query for what follows the relevant results on a page, from numbers; see `make_further_query`.

    Args:
        query: The query.
        count: The number of results on the page.
        possible: The number of less certain results if nothing is relevant, else None.
    """
    from search.records import Tier

    left = query.limit - count
    if left <= 0:
        return None
    if possible is not None and possible < left:
        return replace(query, limit=left, include_all=True)
    return replace(query, limit=left, tier=Tier.POSSIBLE)


class AnswerFacts:
    """What is known about all results of a search."""

    def __init__(self, query: "Query", answer: "Answer") -> None:
        self._query = query
        self._hits: list[Hit] = list(answer.hits)
        self._cursor = answer.next
        self._first = answer

    @property
    def answer(self) -> "Answer":
        """The first page, with everything that is known about the answer."""
        return self._first

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

    def _query_possible(self) -> "Query":
        """Return the query for the less certain results."""
        from search.records import Tier

        return replace(self._query, tier=Tier.POSSIBLE, include_all=False, cursor=None)

    def _query_all(self) -> "Query":
        """Return the query for every item that passes the filters."""
        return replace(self._query, include_all=True, cursor=None)

    def _query_next(self) -> "Query | None":
        """Return the query for the next page; None if there is none."""
        return None if self._cursor is None else replace(self._query, cursor=self._cursor)

    def _add(self, answer: "Answer") -> None:
        """Add the results of the next page."""
        self._hits += answer.hits
        self._cursor = answer.next

    def __repr__(self) -> str:
        about = "about " if self.total_is_estimate else ""
        return f"<{type(self).__name__}: {about}{self.total} relevant>"


class SearchResults(AnswerFacts):
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

    def __init__(self, load: "Callable[[Query], Answer]", query: "Query", answer: "Answer") -> None:
        super().__init__(query, answer)
        self._load = load

    def possible(self) -> "SearchResults":
        """Return the less certain results, which follow the relevant ones.

        Raises:
            CrossmodalError: The search failed.
        """
        return self._search_again(self._query_possible())

    def all(self) -> "SearchResults":
        """Return every item that passes the filters, relevant or not, best first.

        Use it to show the closest matches when nothing is relevant.

        Raises:
            CrossmodalError: The search failed.
        """
        return self._search_again(self._query_all())

    def _search_again(self, query: "Query") -> "SearchResults":
        return SearchResults(self._load, query, self._load(query))

    def _load_page(self) -> bool:
        """Load the next page. Return False if there is none."""
        query = self._query_next()
        if query is None:
            return False
        self._add(self._load(query))
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


class AsyncSearchResults(AnswerFacts):
    """The results of one search by an asynchronous client, best first.

    Iterating with `async for` yields `Hit` objects and loads further pages as needed.

    Examples:
        >>> results = await client.search("a red flower")
        >>> async for hit in results:
        ...     print(hit.item.path)
    """

    def __init__(self, load: "Callable[[Query], Awaitable[Answer]]", query: "Query", answer: "Answer") -> None:
        super().__init__(query, answer)
        self._load = load

    async def possible(self) -> "AsyncSearchResults":
        """Return the less certain results, which follow the relevant ones."""
        return await self._search_again(self._query_possible())

    async def all(self) -> "AsyncSearchResults":
        """Return every item that passes the filters, relevant or not, best first."""
        return await self._search_again(self._query_all())

    async def _search_again(self, query: "Query") -> "AsyncSearchResults":
        return AsyncSearchResults(self._load, query, await self._load(query))

    async def __aiter__(self) -> AsyncIterator["Hit"]:
        position = 0
        while True:
            while position < len(self._hits):
                yield self._hits[position]
                position += 1
            query = self._query_next()
            if query is None:
                return
            self._add(await self._load(query))
