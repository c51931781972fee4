"""The asynchronous client of a server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
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
from crossmodal.results import AsyncSearchResults, IndexSummary
from crossmodal.written import writing
from search.records import Album, Answer, FoundSegment, Item, Job, Query

T = TypeVar("T")


class AsyncClient(BaseClient):
    """A library on a server, for asyncio. It has the methods of `Client`; use `await` and `async for`.

    Examples:
        >>> async with crossmodal.AsyncClient("http://127.0.0.1:8000") as client:
        ...     async for hit in await client.search("a dog in the snow", types=["image"]):
        ...         print(hit.item.path, hit.score)
    """

    def _prepare(self) -> None:
        self._http = httpx2.AsyncClient(**self._make_options())

    async def search(self, text: str | None = None, **options: Unpack[SearchOptions]) -> AsyncSearchResults:
        """Search by text, images, voice, known items, or any mix. See `Library.search`."""
        return await self._search(make_remote_query(text, options))

    async def similar(self, item_id: int, limit: int = 20) -> AsyncSearchResults:
        """Return the other items, the most similar first. See `Library.similar`."""
        return await self._search(make_similar_query(item_id, limit))

    async def answer(self, query: Query) -> Answer:
        """Return one page of the results of a query. See `Library.answer`."""
        return await self._send(calls.search(query))

    async def index(
        self,
        *paths: PathName,
        retry_failed: bool = False,
        exclude: str | Iterable[str] | None = None,
        hidden: bool | None = None,
        progress: ProgressCallback | None = None,
    ) -> IndexSummary:
        """Add files and folders of the server to the library, and wait until this is done. See `Client.index`."""
        run = IndexRun(paths, progress)
        for path in paths:
            queued = await self._send(calls.add_source(path, retry_failed, exclude, hidden))
            async for job in self.follow_job(queued.id):
                run.update(job)
        if run.lacks_failures:
            run.add_failures([item async for item in self.items("failed")])
        return run.summary

    async def upload(self, *paths: PathName, progress: ProgressCallback | None = None) -> Upload:
        """Send files of this machine to the server. See `Client.upload`."""
        call = calls.upload(list_files(paths))
        return await self._send(call, make_progress(call, progress))

    async def items(self, state: str | None = None) -> AsyncIterator[Item]:
        """Yield all items, or those in one state, in the order of their paths. See `Library.items`."""
        parse_state(state)
        found: list[Item] = []
        cursor: int | None = 0
        while cursor is not None:
            page = await self._send(calls.list_items(state, cursor))
            found += page.items
            cursor = page.next
        for item in sorted(found, key=lambda item: item.path):
            yield item

    async def get(self, item_id: int) -> Item:
        """Return one item. Raises NotFoundError."""
        return await self._send(calls.get_item(item_id))

    async def segments(self, item_id: int) -> list[FoundSegment]:
        """Return all segments of an item, in order. Raises NotFoundError."""
        return await self._send(calls.list_segments(item_id))

    async def machine_tags(self) -> list[dict[str, Any]]:
        """Return the tags that the machine can give. See `Library.machine_tags`."""
        return await self._send(calls.list_machine_tags())

    async def clip(self, item_id: int, start: float, end: float, path: PathName) -> Path:
        """Write a part of a recording as an MP4 file on this machine. See `Library.clip`."""
        await self._repeat(calls.cut_clip(item_id, start, end), lambda arguments: self._save(arguments, path))
        return Path(resolve_path(path))

    async def albums(self) -> list[Album]:
        """Return the albums, in order of name."""
        return await self._send(calls.list_albums())

    async def rename_album(self, album_id: int, name: str) -> Album:
        """Change the name of an album. See `Library.rename_album`."""
        return await self._send(calls.edit_album(album_id, {"name": name}))

    async def set_album_cover(self, album_id: int, item_id: int | None) -> Album:
        """Choose the item that represents an album; None for its first item. See `Library.set_album_cover`."""
        return await self._send(calls.edit_album(album_id, {"cover": item_id}))

    async def order_album(self, album_id: int, item_ids: Iterable[int]) -> Album:
        """Set the order in which an album shows its items. See `Library.order_album`."""
        return await self._send(calls.order_album(album_id, item_ids))

    async def forget(self, *paths: PathName, missing_for: float | None = None) -> int:
        """Remove files and folders of the server from the library. See `Library.forget`."""
        return await self._send(calls.forget(paths, missing_for)) if paths or missing_for is not None else 0

    async def hide(self, *paths: PathName, items: int | Iterable[int] = ()) -> int:
        """Hide items, and copies of them, from searches and albums. See `Library.hide`."""
        return await self._change_hidden(paths, items, hides=True)

    async def unhide(self, *paths: PathName, items: int | Iterable[int] = ()) -> int:
        """Show hidden items again, and copies of them. See `Library.unhide`."""
        return await self._change_hidden(paths, items, hides=False)

    async def hidden(self) -> list[Item]:
        """Return what is hidden, in the order of the paths."""
        found: list[Item] = []
        cursor: int | None = 0
        while cursor is not None:
            page = await self._send(calls.list_hidden(cursor))
            found += page.items
            cursor = page.next
        return sorted(found, key=lambda item: item.path)

    async def _change_hidden(self, paths: tuple[PathName, ...], items: int | Iterable[int], hides: bool) -> int:
        ids = make_list(items)
        return await self._send(calls.change_hidden(paths, ids, hides)) if paths or ids else 0

    async def status(self) -> dict[str, Any]:
        """Return the same document as `crossmodal status --json`."""
        return await self._send(calls.get_status())

    async def jobs(self) -> list[Job]:
        """Return the newest jobs, newest first."""
        return await self._send(calls.list_jobs())

    async def job(self, job_id: int) -> Job:
        """Return one job. Raises NotFoundError."""
        return await self._send(calls.get_job(job_id))

    async def follow_job(self, job_id: int) -> AsyncIterator[Job]:
        """Yield a job now and whenever it changes, until it is over. A lost connection is made again."""
        events = JobEvents(self._target, job_id)
        while not events.is_over:
            try:
                async for line in self._stream(events.request):
                    job = events.read(line)
                    if job is not None:
                        yield job
                    if events.is_over:
                        return
                raise make_cut()
            except (httpx2.RequestError, RefusedError) as error:
                pause = events.plan(error)
            await asyncio.sleep(pause)

    async def cancel_job(self, job_id: int) -> Job:
        """Cancel a queued job, or stop the running one, and return the job. Raises NotFoundError."""
        return await self._send(calls.cancel_job(job_id))

    async def remove_job(self, job_id: int) -> Job:
        """Remove a job that has ended, or cancel any other, and return the job. Raises NotFoundError."""
        return await self._send(calls.remove_job(job_id))

    async def retry_job(self, job_id: int) -> Job:
        """Queue a job again, and return the new one. Raises NotFoundError."""
        return await self._send(calls.retry_job(job_id))

    async def close(self) -> None:
        """Close the connections. Closing them twice has no effect."""
        self._is_closed = True
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def _search(self, query: Query) -> AsyncSearchResults:
        return AsyncSearchResults(self.answer, query, await self.answer(query))

    async def _send(self, call: Call[T], progress: SendProgress | None = None) -> T:
        """Send a request, again if need be, and return its result."""

        async def send(arguments: Mapping[str, Any]) -> T:
            return self._read(call, await self._http.request(**arguments))

        return await self._repeat(call, send, progress)

    async def _repeat(
        self, call: Call[Any], send: Callable[[Mapping[str, Any]], Awaitable[T]], progress: SendProgress | None = None
    ) -> T:
        """Return what sending a request returns; it is sent again if need be."""
        self._check_open()
        retries = Retries(self._target, call.is_repeatable)
        while True:
            try:
                with open_request(call, progress) as arguments:
                    return await send(arguments)
            except (httpx2.RequestError, RefusedError) as error:
                pause = retries.plan(error)
            await asyncio.sleep(pause)

    async def _save(self, request: Mapping[str, Any], path: PathName) -> None:
        """Write the clip that a request returns to a file."""
        async with self._http.stream(**request) as response:
            if not is_clip(response.status_code, response.headers):
                refuse_stream(self._target.url, response.status_code, response.headers, await response.aread())
            with writing(path) as file:
                async for block in response.aiter_bytes():
                    file.write(block)

    async def _stream(self, request: Mapping[str, Any]) -> AsyncIterator[str]:
        """Yield the lines of an event stream."""
        self._check_open()
        async with self._http.stream(**request) as response:
            if not is_stream(response.status_code, response.headers):
                refuse_stream(self._target.url, response.status_code, response.headers, await response.aread())
            async for line in response.aiter_lines():
                yield line
