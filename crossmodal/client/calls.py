"""The requests of a client, as values: what is sent, and how the response is read. Nothing is sent here."""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from crossmodal.arguments import PathName, make_list
from crossmodal.client import parsing
from crossmodal.client.parsing import Document, ItemPage, Upload
from search.query.serializer import serialize_query
from search.records import Album, Answer, FoundSegment, Item, Job, Query

T = TypeVar("T")
API = "/api/v1"
PAGE_SIZE = 1000


@dataclass(frozen=True)
class FormFile:
    """A file of a multipart form.

    Attributes:
        field: The name of the field.
        name: The name of the file.
        content: The content, or the path of a file that is sent in small blocks.
    """

    field: str
    name: str
    content: bytes | Path


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and how its response is read.

    Attributes:
        method: The HTTP method.
        path: The path below the address of the server.
        read: Returns the result from the JSON document of the response.
        query: The fields of the address.
        body: The JSON body.
        form: The fields of a form, which also has the files.
        files: The files of the form.
        key: The `Idempotency-Key` of a request that creates something.
        is_safe: Whether the request can be repeated without a key.
    """

    method: str
    path: str
    read: Callable[[Document], T]
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    files: tuple[FormFile, ...] = ()
    key: str | None = None
    is_safe: bool = False

    @property
    def is_repeatable(self) -> bool:
        """True if the request can be sent again when it failed."""
        return self.is_safe or self.key is not None


def search(query: Query) -> Call[Answer]:
    """Return one page of the results of a query."""
    fields = serialize_query(query)
    # Left out as by a program that does not know them, so that an older server does not refuse them.
    given = {name: value for name, value in fields.items() if value is not None and value not in ([], {})}
    images = [part.image for part in query.parts if part.image is not None]
    files = [FormFile("image", f"image-{number}", image) for number, image in enumerate(images)]
    if query.voice is not None:
        files.append(FormFile("voice", "voice", query.voice))
    if not files:
        return Call("POST", f"{API}/search", parsing.parse_answer, body=given, is_safe=True)
    form = {"request": json.dumps(given, ensure_ascii=False)}
    return Call("POST", f"{API}/search", parsing.parse_answer, form=form, files=tuple(files), is_safe=True)


def list_items(state: str | None, cursor: int) -> Call[ItemPage]:
    """Return a page of the ledger."""
    query: dict[str, str | int] = {"limit": PAGE_SIZE, "cursor": cursor}
    return _get("items", parsing.parse_item_page, query | ({} if state is None else {"state": state}))


def get_item(item_id: int) -> Call[Item]:
    """Return one item."""
    return _get(f"items/{int(item_id)}", parsing.parse_item)


def list_segments(item_id: int) -> Call[list[FoundSegment]]:
    """Return all segments of an item."""
    return _get(f"items/{int(item_id)}", parsing.parse_segments)


def list_machine_tags() -> Call[list[dict[str, Any]]]:
    """Return the tags that the machine can give."""
    return _get("machine-tags", lambda document: list(map(dict, document["tags"])))


def list_albums() -> Call[list[Album]]:
    """Return the albums."""
    return _get("albums", parsing.parse_albums)


def edit_album(album_id: int, change: Mapping[str, Any]) -> Call[Album]:
    """Rename an album, or choose its cover."""
    return Call("PATCH", f"{API}/albums/{int(album_id)}", parsing.parse_album, body=change)


def order_album(album_id: int, item_ids: Iterable[int]) -> Call[Album]:
    """Set the order in which an album shows its items."""
    return Call("PUT", f"{API}/albums/{int(album_id)}/order", parsing.parse_album, body={"items": list(item_ids)})


def get_status() -> Call[dict[str, Any]]:
    """Return the state of the library."""
    return _get("status", parsing.parse_status)


def list_jobs() -> Call[list[Job]]:
    """Return the newest jobs."""
    return _get("jobs", parsing.parse_jobs)


def get_job(job_id: int) -> Call[Job]:
    """Return one job."""
    return _get(f"jobs/{int(job_id)}", parsing.parse_job)


def cancel_job(job_id: int) -> Call[Job]:
    """Cancel a job."""
    return Call("POST", f"{API}/jobs/{int(job_id)}/cancel", parsing.parse_job, is_safe=True)


def remove_job(job_id: int) -> Call[Job]:
    """Remove a job that has ended; a second such request would remove the job that the first one cancelled."""
    return Call("DELETE", f"{API}/jobs/{int(job_id)}", parsing.parse_job)


def retry_job(job_id: int) -> Call[Job]:
    """Queue a job again."""
    return Call("POST", f"{API}/jobs/{int(job_id)}/retry", parsing.parse_job, key=_make_key())


def add_source(
    path: PathName, retry_failed: bool, exclude: str | Iterable[str] | None, hidden: bool | None
) -> Call[Job]:
    """Add a file or folder, and queue the job that indexes it."""
    body: dict[str, Any] = {"path": str(path), "retry_failed": retry_failed, "hidden": hidden}
    body["exclude"] = None if exclude is None else make_list(exclude)
    return Call("POST", f"{API}/sources", parsing.parse_source_job, body=body, key=_make_key())


def forget(paths: Iterable[PathName], missing_for: float | None) -> Call[int]:
    """Remove files and folders from the library."""
    body = {"paths": [str(path) for path in paths], "missing_for": missing_for}
    return Call("POST", f"{API}/forget", _read_count, body=body, key=_make_key())


def change_hidden(paths: Iterable[PathName], items: int | Iterable[int], hides: bool) -> Call[int]:
    """Hide items, or show them again. Doing it twice changes nothing."""
    body = {"paths": [str(path) for path in paths], "items": make_list(items)}
    path = f"{API}/hidden" if hides else f"{API}/hidden/undo"
    return Call("POST", path, lambda document: len(document["items"]), body=body)


def list_hidden(cursor: int) -> Call[ItemPage]:
    """Return a page of what is hidden."""
    return _get("hidden", parsing.parse_item_page, {"limit": PAGE_SIZE, "cursor": cursor})


def upload(files: Iterable[FormFile]) -> Call[Upload]:
    """Store files on the server, and queue the job that indexes them."""
    return Call("POST", f"{API}/uploads", parsing.parse_upload, form={}, files=tuple(files), key=_make_key())


def _get(path: str, read: Callable[[Document], T], query: Mapping[str, str | int] | None = None) -> Call[T]:
    return Call("GET", f"{API}/{path}", read, query or {}, is_safe=True)


def _read_count(document: Document) -> int:
    return int(document["forgotten"])


def _make_key() -> str:
    return uuid.uuid4().hex
