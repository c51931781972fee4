"""The Python API: open a library, index files, search.

Heavy modules are imported inside the functions, so that `import crossmodal` is quick.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from crossmodal.arguments import Media, PathName, make_list, read_media, resolve_filter, resolve_path
from crossmodal.results import IndexSummary, SearchResults
from search.errors import HomeError, UsageError

if TYPE_CHECKING:
    from search import open_home as internal
    from search.engine import Engine
    from search.records import Item


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


class Library:
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
        progress: Callable[[int, int, str], None] | None = None,
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
            progress: Called with the number of files done, the number of files to do and the last file's path.

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
        summary = run_index(self._opened, [Path(path) for path in paths], options, progress or _ignore_progress)
        counts = {name: summary.counts[name] for name in COUNTS}
        return IndexSummary(
            **counts,
            seconds=summary.seconds,
            failures=dict(summary.failures),
            unavailable=dict(summary.unavailable),
        )

    def search(
        self,
        text: str | None = None,
        *,
        images: Media | Iterable[Media] = (),
        voice: Media | None = None,
        like: int | Iterable[int] = (),
        exclude: str | Iterable[str] = (),
        types: str | Iterable[str] = (),
        sources: PathName | Iterable[PathName] = (),
        path: PathName | None = None,
        after: str | None = None,
        before: str | None = None,
        longer: float | None = None,
        shorter: float | None = None,
        languages: str | Iterable[str] = (),
        camera: str | None = None,
        artist: str | None = None,
        album: str | None = None,
        tags: str | Iterable[str] = (),
        rating: int | None = None,
        albums: int | Iterable[int] = (),
        phrases: str | Iterable[str] = (),
        sort: str = "relevance",
        limit: int = 20,
        correct: bool = True,
        stack: bool = True,
        diversity: float = 0.0,
        explain: bool = False,
    ) -> SearchResults:
        """Search by text, images, voice, known items, or any mix. With filters only, list the newest items.

        Where several values are possible, one value may be passed without a list.

        Args:
            text: The query, in any language. It may contain quoted phrases, `-parts` and filters.
            images: Images to search by: paths, or the bytes of image files.
            voice: A recording of a spoken query: a path, or the bytes of the file.
            like: Ids of items that the results should resemble.
            exclude: Texts that describe what the results must not show or say.
            types: Item types: `image`, `audio`, `video`, `document`.
            sources: Root folders that were indexed.
            path: A folder or file, or the name of a folder somewhere in the path.
            after: The first date, such as `2024` or `2024-05-31`.
            before: The first date that is excluded.
            longer: Minimum duration in seconds, inclusive.
            shorter: Maximum duration in seconds, exclusive.
            languages: ISO 639-1 codes of spoken languages.
            camera: Part of the camera's name.
            artist: Part of the artist's name.
            album: Part of the title of the album that a recording belongs to.
            tags: Keywords, all of which an item must have.
            rating: Minimum rating, 1 to 5 stars.
            albums: Ids of albums, in all of which an item must be.
            phrases: Word sequences, all of which an item must contain.
            sort: `relevance`, `newest`, `oldest`, `longest` or `shortest`: the order of the relevant results.
            limit: The number of results per page, at most 1,000. Iterating loads further pages.
            correct: Correct typing errors in the text.
            stack: Join near-duplicate images to one result.
            diversity: From 0 to 1: prefer results that differ from those above them.
            explain: Add to each evidence the terms that its score consists of.

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
        # Only the parameters are local variables so far; those with a field of the same name go to the request.
        given = dict(locals())
        from search.query.request import SearchRequest, parse_request

        fields = {name: given[name] for name in SearchRequest.model_fields if name in given}
        for name in ("like", "exclude", "types", "languages", "tags", "albums", "phrases"):
            fields[name] = make_list(fields[name])
        fields["sources"] = [resolve_path(source) for source in make_list(sources)]
        fields["path"] = resolve_filter(path) if path is not None else None
        query = parse_request(fields).make_query(
            tuple(read_media(image) for image in make_list(images)), read_media(voice) if voice is not None else None
        )
        engine = self._open_engine
        return SearchResults(engine, query, engine.search(query))

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
        from search.records import State

        if state is not None and state not in list(State):
            raise UsageError(f"state must be one of {', '.join(State)}, not {state!r}")
        return iter(self._opened.catalog.list_items(State(state) if state is not None else None))

    def get(self, item_id: int) -> "Item":
        """Return one item.

        Raises:
            NotFoundError: The item does not exist.
        """
        return self._opened.catalog.get_item(item_id)

    def forget(self, *paths: PathName) -> int:
        """Remove files and folders from the library. No file on disk is changed.

        Returns:
            The number of removed items.

        Raises:
            NotFoundError: A path is not in the library; nothing is removed.
        """
        from search.forget import forget_paths

        return forget_paths(self._opened, [resolve_path(path) for path in paths])

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

    def __enter__(self) -> "Library":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Library {self._engine.library.home.root}{' (closed)' if self._is_closed else ''}>"

    @property
    def _open_engine(self) -> "Engine":
        if self._is_closed:
            raise HomeError("The library is closed. Open it again with crossmodal.open().")
        return self._engine

    @property
    def _opened(self) -> "internal.OpenHome":
        """The internal library with the models that are in use now."""
        return self._open_engine.get_current_library()


def _ignore_progress(_done: int, _total: int, _path: str) -> None:
    pass
