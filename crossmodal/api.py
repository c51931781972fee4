"""The Python API: open a library, index files, search.

Heavy modules are imported inside the functions, so that `import crossmodal` is quick.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from crossmodal.arguments import (
    PathName,
    ProgressCallback,
    SearchOptions,
    make_list,
    make_query,
    make_similar_query,
    parse_state,
    resolve_path,
)
from crossmodal.collecting import Collections
from crossmodal.job_methods import JobMethods
from crossmodal.results import IndexSummary, SearchResults
from search.errors import HomeError

if TYPE_CHECKING:
    from indexer.progress import Progress
    from search import open_home as internal
    from search.engine import Engine
    from search.records import Answer, FoundSegment, Item, Query


def open(home: PathName | None = None, *, create: bool = True, device: str | None = None) -> "Library":
    """Open the library in a data directory.

    Args:
        home: The data directory. Default: the environment variable `CROSSMODAL_HOME`, or the user's data directory.
        create: Create the data directory if it does not exist.
        device: Where models run: `auto`, `cpu`, `cuda` or `cuda:1`. Default: `CROSSMODAL_DEVICE`, or `auto`.

    Returns:
        The library. Close it, or use it in a `with` block.

    Raises:
        HomeError: The data directory cannot be used, or does not exist and `create` is False.
        ModelError: A model that the library uses is not on this machine.
        UsageError: The device is not valid.

    Examples:
        >>> with crossmodal.open("~/library") as library:
        ...     library.index("~/Pictures")
    """
    from search.open_home import open_home
    from search.settings import read_settings

    settings = read_settings(home=Path(home) if home is not None else None, device=device)
    return Library(open_home(settings, create))


class Library(Collections, JobMethods):
    """An open library. Create one with `crossmodal.open`.

    Searches can run in several threads at once.
    """

    def __init__(self, opened: "internal.OpenHome") -> None:
        from search.engine import Engine

        self._engine = Engine(opened)
        self._is_closed = False

    def index(
        self,
        *paths: PathName,
        reindex: bool = False,
        retry_failed: bool = False,
        dry_run: bool = False,
        exclude: str | Iterable[str] | None = None,
        hidden: bool | None = None,
        forget_missing: float | None = None,
        workers: int = 2,
        progress: ProgressCallback | None = None,
    ) -> IndexSummary:
        """Add files and folders to the library, or bring them up to date.

        A file that cannot be read does not stop the run: its reason is in the summary's `failures`.

        Args:
            *paths: Files and folders.
            reindex: Index every file again, including files that have not changed.
            retry_failed: Try again to index the files that failed before.
            dry_run: Count what would be done and change nothing.
            exclude: Patterns of files and folders that are not indexed, as in .gitignore. They replace those of the
                source and are kept with it.
            hidden: Index hidden files and folders, too; kept with the source.
            forget_missing: Forget items whose file has been missing for this number of days.
            workers: The number of processes that decode files.
            progress: Called often, with the numbers of files done and to do, and the path of the file being read.

        Returns:
            The numbers of files by what was done, and the failures.

        Raises:
            UsageError: A path does not exist.
            HomeError: Another process is indexing into the same library.

        Examples:
            >>> summary = library.index("~/Pictures")
            >>> print(summary.added, summary.failures)
        """
        from indexer.pipeline import Options, run_index
        from indexer.summary import COUNTS
        from search.exclusion import check_patterns

        options = Options(
            workers=workers,
            retry_failed=retry_failed,
            dry_run=dry_run,
            reindex=reindex,
            exclude=None if exclude is None else check_patterns(make_list(exclude)),
            reads_hidden=hidden,
            forget_after=forget_missing,
        )
        summary = run_index(self._opened, [Path(path) for path in paths], options, _adapt(progress))
        counts = {name: summary.counts[name] for name in COUNTS}
        return IndexSummary(
            **counts,
            seconds=summary.seconds,
            failures=dict(summary.failures),
            unavailable=dict(summary.unavailable),
            is_refused=summary.is_refused,
        )

    def search(self, text: str | None = None, **options: Unpack[SearchOptions]) -> SearchResults:
        """Search by text, images, voice, known items, or any mix. With filters only, list the newest items.

        Args:
            text: The query, in any language. It may contain quoted phrases, `-parts` and filters.
            **options: See `SearchOptions`.

        Returns:
            The relevant results, best first.

        Raises:
            UsageError: An argument is not valid.
            UnreadableMediaError: An image or the recording cannot be decoded, or contains no speech.
            NotFoundError: An item in `like` does not exist.

        Examples:
            >>> for hit in library.search("a dog in the snow", types=["image"]):
            ...     print(hit.item.path, hit.score)
        """
        self._check_open()
        return self._search(make_query(text, options, is_local=True))

    def similar(self, item_id: int, limit: int = 20) -> SearchResults:
        """Return the other items, the most similar first, relevant or not.

        Args:
            item_id: The id of the item.
            limit: The number of results per page, at most 1,000. Iterating loads further pages.

        Raises:
            NotFoundError: The item does not exist.
        """
        self._check_open()
        return self._search(make_similar_query(item_id, limit))

    def answer(self, query: "Query") -> "Answer":
        """Return one page of the results of a query, with everything that is known about the answer.

        Raises:
            UsageError: The query is not valid.
            UnreadableMediaError: An image or the recording cannot be decoded, or contains no speech.
            NotFoundError: An item in the query does not exist.
        """
        return self._open_engine.search(query)

    def items(self, state: str | None = None) -> "Iterator[Item]":
        """Return all items in the order of their paths.

        Args:
            state: Only items in this state: `pending`, `indexed`, `failed`, `skipped` or `missing`.

        Raises:
            UsageError: The state is not valid.

        Examples:
            >>> for item in library.items("failed"):
            ...     print(item.path, item.reason)
        """
        return iter(self._opened.catalog.list_items(parse_state(state)))

    def get(self, item_id: int) -> "Item":
        """Return one item.

        Raises:
            NotFoundError: The item does not exist.
        """
        return self._opened.catalog.get_item(item_id)

    def segments(self, item_id: int) -> "list[FoundSegment]":
        """Return all segments of an item, in order: its frames, speech, passages and so on.

        Raises:
            NotFoundError: The item does not exist.
        """
        return self._opened.catalog.list_segments(self.get(item_id).id)

    def machine_tags(self) -> list[dict[str, Any]]:
        """Return the tags that the machine can give: the list of `crossmodal tags --every --json`.

        The tags of an item are its `machine_tags`; its `machine_description` is made of the most probable ones.

        Raises:
            UsageError: The vocabulary in the home is not valid.

        Examples:
            >>> [tag["name"] for tag in library.machine_tags() if tag["count"]]
            ['dog', 'snow']
        """
        from search.storage.machine_tags import MachineTags
        from search.tagging.vocabulary_report import list_tags

        library = self._opened
        return list_tags(library.home, library.models.image_encoder.name, MachineTags(library.database).count())

    def forget(self, *paths: PathName, missing_for: float | None = None) -> int:
        """Remove files and folders from the library, and cancel the jobs that would add them again.

        No file is changed, except that uploaded files which are named, or are in a named folder, are deleted.

        Args:
            *paths: Files and folders. A source among them is removed with all its items; its files are kept.
            missing_for: Also remove items whose file has been missing for this number of days.

        Returns:
            The number of removed items.

        Raises:
            NotFoundError: A path is not in the library; nothing is removed.
        """
        from search.forget import forget_missing, forget_paths

        count = forget_paths(self._opened, [resolve_path(path) for path in paths])
        return count + (forget_missing(self._opened, missing_for) if missing_for is not None else 0)

    def verify(self) -> list[str]:
        """Check that the database, the index files and the disk agree.

        Returns:
            The problems, one line each. An empty list if there are none.
        """
        from search.status import verify_library

        return verify_library(self._opened)

    def status(self) -> dict[str, Any]:
        """Return the same document as `crossmodal status --json`."""
        from search.status import read_status

        return read_status(self._opened)

    def close(self) -> None:
        """Close the library. Closing it twice has no effect."""
        if not self._is_closed:
            self._is_closed = True
            self._engine.library.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Library {self._engine.library.home.root}{' (closed)' if self._is_closed else ''}>"

    def _search(self, query: "Query") -> SearchResults:
        return SearchResults(self.answer, query, self.answer(query))

    def _check_open(self) -> None:
        if self._is_closed:
            raise HomeError("The library is closed. Open it again with crossmodal.open().")

    @property
    def _open_engine(self) -> "Engine":
        self._check_open()
        return self._engine

    @property
    def _opened(self) -> "internal.OpenHome":
        """The internal library with the models that are in use now."""
        return self._open_engine.get_current_library()


def _adapt(callback: ProgressCallback | None) -> "Progress":
    """Return what reports the progress of a run to a callback of the API."""

    def report(done: int, total: int, path: str, _left: float | None = None) -> None:
        if callback is not None:
            callback(done, total, path)

    return report
