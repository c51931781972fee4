"""The client of a server, with the methods of `crossmodal.Library`."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar, Unpack

import httpx2

from crossmodal.arguments import (
    PathName,
    ProgressCallback,
    SearchOptions,
    make_list,
    make_similar_query,
    parse_state,
    resolve_path,
)
from crossmodal.client import calls
from crossmodal.client.base import (
    BaseClient,
    make_progress,
    make_remote_query,
    open_request,
)
from crossmodal.client.calls import Call
from crossmodal.client.events import JobEvents, make_cut
from crossmodal.client.files import SendProgress, list_files
from crossmodal.client.indexing import IndexRun
from crossmodal.client.parsing import Upload
from crossmodal.client.problems import RefusedError, is_clip, is_stream, refuse_stream
from crossmodal.client.retries import Retries
from crossmodal.results import IndexSummary, SearchResults
from crossmodal.written import writing
from search.records import Album, Answer, FoundSegment, Item, Job, Query

T = TypeVar("T")


class Client(BaseClient):
    """A library on a server. Several threads can use one client.

    Paths are those of the server, except for `images` and `voice` of a search and the files of `upload`. Requests that
    fail for a reason that may pass are repeated, if that cannot do anything twice. Every method raises ServerError if
    the server cannot be reached, SignInError without a valid key and NotAllowedError if the key does not allow it.

    Examples:
        >>> with crossmodal.Client("http://127.0.0.1:8000") as client:
        ...     for hit in client.search("a dog in the snow", types=["image"]):
        ...         print(hit.item.path, hit.score)
    """

    def _prepare(self) -> None:
        self._http = httpx2.Client(**self._make_options())

    def search(self, text: str | None = None, **options: Unpack[SearchOptions]) -> SearchResults:
        """Search by text, images, voice, known items, or any mix. See `Library.search`."""
        return self._search(make_remote_query(text, options))

    def similar(self, item_id: int, limit: int = 20) -> SearchResults:
        """Return the other items, the most similar first. See `Library.similar`."""
        return self._search(make_similar_query(item_id, limit))

    def answer(self, query: Query) -> Answer:
        """Return one page of the results of a query. See `Library.answer`."""
        return self._send(calls.search(query))

    def index(
        self,
        *paths: PathName,
        retry_failed: bool = False,
        exclude: str | Iterable[str] | None = None,
        hidden: bool | None = None,
        progress: ProgressCallback | None = None,
    ) -> IndexSummary:
        """Add files and folders of the server to the library, or bring them up to date. Wait until this is done.

        Args:
            *paths: Absolute paths on the server. To send files of this machine, use `upload`.
            retry_failed: Try again to index the files that failed before.
            exclude: Patterns of files and folders that are not indexed; they are kept with the source.
            hidden: Index hidden files and folders, too; kept with the source.
            progress: Called with the number of files done, the number of files to do and the path of the file
                that is being read.

        Returns:
            The numbers of files by what was done, and the failures.

        Raises:
            UsageError: A path does not exist on the server.
            CancelledError: A job was cancelled.
        """
        run = IndexRun(paths, progress)
        for path in paths:
            queued = self._send(calls.add_source(path, retry_failed, exclude, hidden))
            for job in self.follow_job(queued.id):
                run.update(job)
        if run.lacks_failures:
            run.add_failures(self.items("failed"))
        return run.summary

    def upload(self, *paths: PathName, progress: ProgressCallback | None = None) -> Upload:
        """Send files of this machine to the server, which stores them and queues a job that indexes them.

        Args:
            *paths: Files. They are read while they are sent, and not loaded into memory.
            progress: Called with the bytes sent, the bytes to send and the path of the current file. If the request is
                repeated, the count begins again.

        Returns:
            The stored files, and the job; `follow_job` waits for it.

        Raises:
            UsageError: A file cannot be read.
            TooLargeError: The files are larger than the server accepts in one request.
        """
        call = calls.upload(list_files(paths))
        return self._send(call, make_progress(call, progress))

    def items(self, state: str | None = None) -> Iterator[Item]:
        """Return all items, or those in one state, in the order of their paths. See `Library.items`."""
        parse_state(state)
        found: list[Item] = []
        cursor: int | None = 0
        while cursor is not None:
            page = self._send(calls.list_items(state, cursor))
            found += page.items
            cursor = page.next
        return iter(sorted(found, key=lambda item: item.path))

    def get(self, item_id: int) -> Item:
        """Return one item. Raises NotFoundError."""
        return self._send(calls.get_item(item_id))

    def segments(self, item_id: int) -> list[FoundSegment]:
        """Return all segments of an item, in order. Raises NotFoundError."""
        return self._send(calls.list_segments(item_id))

    def machine_tags(self) -> list[dict[str, Any]]:
        """Return the tags that the machine can give. See `Library.machine_tags`."""
        return self._send(calls.list_machine_tags())

    def clip(self, item_id: int, start: float, end: float, path: PathName) -> Path:
        """Write a part of a recording as an MP4 file on this machine. See `Library.clip`."""
        self._repeat(calls.cut_clip(item_id, start, end), lambda arguments: self._save(arguments, path))
        return Path(resolve_path(path))

    def albums(self) -> list[Album]:
        """Return the albums, in order of name."""
        return self._send(calls.list_albums())

    def rename_album(self, album_id: int, name: str) -> Album:
        """Change the name of an album. See `Library.rename_album`."""
        return self._send(calls.edit_album(album_id, {"name": name}))

    def set_album_cover(self, album_id: int, item_id: int | None) -> Album:
        """Choose the item that represents an album; None for its first item. See `Library.set_album_cover`."""
        return self._send(calls.edit_album(album_id, {"cover": item_id}))

    def order_album(self, album_id: int, item_ids: Iterable[int]) -> Album:
        """Set the order in which an album shows its items. See `Library.order_album`."""
        return self._send(calls.order_album(album_id, item_ids))

    def forget(self, *paths: PathName, missing_for: float | None = None) -> int:
        """Remove files and folders of the server from the library. See `Library.forget`."""
        return self._send(calls.forget(paths, missing_for)) if paths or missing_for is not None else 0

    def hide(self, *paths: PathName, items: int | Iterable[int] = ()) -> int:
        """Hide items, and copies of them, from searches and albums. See `Library.hide`."""
        return self._change_hidden(paths, items, hides=True)

    def unhide(self, *paths: PathName, items: int | Iterable[int] = ()) -> int:
        """Show hidden items again, and copies of them. See `Library.unhide`."""
        return self._change_hidden(paths, items, hides=False)

    def hidden(self) -> list[Item]:
        """Return what is hidden, in the order of the paths."""
        found: list[Item] = []
        cursor: int | None = 0
        while cursor is not None:
            page = self._send(calls.list_hidden(cursor))
            found += page.items
            cursor = page.next
        return sorted(found, key=lambda item: item.path)

    def _change_hidden(self, paths: tuple[PathName, ...], items: int | Iterable[int], hides: bool) -> int:
        ids = make_list(items)
        return self._send(calls.change_hidden(paths, ids, hides)) if paths or ids else 0

    def status(self) -> dict[str, Any]:
        """Return the same document as `crossmodal status --json`."""
        return self._send(calls.get_status())

    def jobs(self) -> list[Job]:
        """Return the newest jobs, newest first."""
        return self._send(calls.list_jobs())

    def job(self, job_id: int) -> Job:
        """Return one job. Raises NotFoundError."""
        return self._send(calls.get_job(job_id))

    def follow_job(self, job_id: int) -> Iterator[Job]:
        """Yield a job now and whenever it changes, until it is over. A lost connection is made again.

        Raises:
            NotFoundError: There is no such job.
        """
        events = JobEvents(self._target, job_id)
        while not events.is_over:
            try:
                for line in self._stream(events.request):
                    job = events.read(line)
                    if job is not None:
                        yield job
                    if events.is_over:
                        return
                raise make_cut()
            except (httpx2.RequestError, RefusedError) as error:
                pause = events.plan(error)
            time.sleep(pause)

    def cancel_job(self, job_id: int) -> Job:
        """Cancel a queued job, or stop the running one, and return the job. Raises NotFoundError."""
        return self._send(calls.cancel_job(job_id))

    def remove_job(self, job_id: int) -> Job:
        """Remove a job that has ended, or cancel any other, and return the job. Raises NotFoundError."""
        return self._send(calls.remove_job(job_id))

    def retry_job(self, job_id: int) -> Job:
        """Queue a job again, and return the new one. Raises NotFoundError."""
        return self._send(calls.retry_job(job_id))

    def close(self) -> None:
        """Close the connections. Closing them twice has no effect."""
        self._is_closed = True
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _search(self, query: Query) -> SearchResults:
        return SearchResults(self.answer, query, self.answer(query))

    def _send(self, call: Call[T], progress: SendProgress | None = None) -> T:
        """Send a request, again if need be, and return its result."""
        return self._repeat(call, lambda arguments: self._read(call, self._http.request(**arguments)), progress)

    def _repeat(
        self, call: Call[Any], send: Callable[[Mapping[str, Any]], T], progress: SendProgress | None = None
    ) -> T:
        """Return what sending a request returns; it is sent again if need be."""
        self._check_open()
        retries = Retries(self._target, call.is_repeatable)
        while True:
            try:
                with open_request(call, progress) as arguments:
                    return send(arguments)
            except (httpx2.RequestError, RefusedError) as error:
                pause = retries.plan(error)
            time.sleep(pause)

    def _save(self, request: Mapping[str, Any], path: PathName) -> None:
        """Write the clip that a request returns to a file."""
        with self._http.stream(**request) as response:
            if not is_clip(response.status_code, response.headers):
                refuse_stream(self._target.url, response.status_code, response.headers, response.read())
            with writing(path) as file:
                for block in response.iter_bytes():
                    file.write(block)

    def _stream(self, request: Mapping[str, Any]) -> Iterator[str]:
        """Yield the lines of an event stream."""
        self._check_open()
        with self._http.stream(**request) as response:
            if not is_stream(response.status_code, response.headers):
                refuse_stream(self._target.url, response.status_code, response.headers, response.read())
            yield from response.iter_lines()
