"""GET and POST /api/v1/archive: the files of several items as one ZIP. Home of zipstream."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePath
from typing import ClassVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field

from search.errors import LocationHiddenError, NotFoundError, StorageError, UsageError
from search.media.processes import MediaProcesses
from search.open_home import OpenHome
from search.paths import find_file, make_download_name
from search.query.filters import ItemId
from search.query.request import rename_fields
from search.records import Item, LocationPrecision, Role, State
from web.access.caller import restrict_library
from web.api.body import parse_address, parse_body
from web.contract.operation import JSON, URLENCODED, Operation
from web.library_files import SentFile, prepare_file
from web.locations import get_location_precision

# The limit for POST, and for GET: some servers and proxies refuse longer addresses.
MAX_ITEMS = 10_000
DISPOSITION = 'attachment; filename="crossmodal.zip"'
MAX_ITEMS_IN_ADDRESS = 500


class ArchiveRequest(BaseModel):
    """The items whose files are sent, by id."""

    model_config = ConfigDict(extra="forbid")
    old_names: ClassVar = {"ids": "items"}

    items: list[ItemId] = Field(min_length=1, max_length=MAX_ITEMS)


class AddressFields(BaseModel):
    """The items whose files are sent.

    Attributes:
        items: The ids of the items, separated by commas.
    """

    model_config = ConfigDict(extra="forbid")
    old_names: ClassVar = {"ids": "items"}

    items: str = Field(max_length=20 * MAX_ITEMS, json_schema_extra={"pattern": "^[0-9]{1,18}(,[0-9]{1,18})*$"})


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the routes."""
    api = Blueprint("archive", __name__, url_prefix="/api/v1/archive")

    archive = Operation(
        role=Role.VIEW,
        media=("application/zip",),
        headers={"Content-Disposition": "The name of the archive"},
        errors=(NotFoundError, LocationHiddenError),
    )

    @api.get("")
    @replace(archive, query=AddressFields, examples={"Two items": "?items=1,2"})
    def send_by_address() -> Response:
        """Return the files of several items as one ZIP archive.

        An address may contain up to 500 ids. For more, send them by POST.
        """
        return _send_archive(library, _parse_ids(parse_address(AddressFields).items, MAX_ITEMS_IN_ADDRESS))

    @api.post("")
    @replace(
        archive,
        bodies={JSON: ArchiveRequest, URLENCODED: AddressFields},
        examples={"Two items": {"items": [1, 2]}},
    )
    def send_by_body() -> Response:
        """Return the files of up to 10,000 items as one ZIP archive.

        Browsers stream the response to a form to disk.
        """
        if request.mimetype == "application/x-www-form-urlencoded":
            return _send_archive(
                library, _parse_ids(rename_fields(ArchiveRequest, request.form).get("items", ""), MAX_ITEMS)
            )
        return _send_archive(library, parse_body(ArchiveRequest).items)

    return api


def _send_archive(library: OpenHome, ids: list[int]) -> Response:
    from zipstream import ZipStream

    precision = get_location_precision()
    found = restrict_library(library).catalog.read_items(ids)
    items = [item for item in found.values() if item.state is State.INDEXED and _find_file(item) is not None]
    if not items:
        raise NotFoundError("None of these files can be sent: each is not indexed, missing or unknown. Check the ids.")
    if precision is not LocationPrecision.EXACT:
        return _send_redacted(items, precision, library.media)
    # Files are stored without compression, which does not shrink media, and streamed one after the other.
    archive, taken = ZipStream(sized=True), dict[str, int]()
    for item in items:
        archive.add_path(item.path, _make_unique_name(Path(item.path).name, taken))
    response = Response(iter(archive), mimetype="application/zip")
    response.content_length = len(archive)
    response.headers["Content-Disposition"] = DISPOSITION
    return response


def _send_redacted(items: list[Item], precision: LocationPrecision, media: MediaProcesses) -> Response:
    """Return an archive whose files name no places; those from which these cannot be removed are left out.

    Each file is read when its turn comes, so the response begins at once and its size is not known before.
    """
    prepared = (file for item in items if (file := prepare_file(item, precision)) is not None)
    first = next(prepared, None)
    if first is None:
        raise LocationHiddenError("The locations of these files are hidden, and cannot be removed from their formats.")
    response = Response(_stream_archive(chain([first], prepared), media), mimetype="application/zip")
    response.headers["Content-Disposition"] = DISPOSITION
    return response


def _stream_archive(files: Iterable[SentFile], media: MediaProcesses) -> Iterator[bytes]:
    from zipstream import ZipStream

    archive, taken = ZipStream(), dict[str, int]()
    for file in files:
        archive.add(file.read(media), _make_unique_name(file.name, taken))
        yield from archive.all_files()
    yield from archive.finalize()


def _find_file(item: Item) -> Path | None:
    """Return the file of an item, None if it cannot be read."""
    try:
        return find_file(item)
    except (NotFoundError, StorageError):
        return None


def _parse_ids(text: str, limit: int) -> list[int]:
    """Return item ids from a comma-separated list.

    Raises:
        UsageError: The list is not valid, or has more ids than the limit.
    """
    ids = text.split(",")
    if not all(value.isascii() and value.isdecimal() and len(value) < 19 for value in ids):
        raise UsageError("items: must be item ids, separated by commas")
    if len(ids) > limit:
        hint = f"; send up to {MAX_ITEMS} by POST" if limit < MAX_ITEMS else ""
        raise UsageError(f"items: at most {limit} are allowed, not {len(ids)}{hint}")
    return [int(value) for value in ids]


def _make_unique_name(name: str, taken: dict[str, int]) -> str:
    """Return a name for a file in an archive, with a number if another file has it.

    Args:
        name: The name of the file.
        taken: The names of the other files, to which this one is added, and the last number that each was given.
    """
    original = PurePath(make_download_name(name))
    key = original.name.casefold()
    unique, number = original.name, taken.get(key, 1)
    while unique.casefold() in taken:
        number += 1
        unique = f"{original.stem} ({number}){original.suffix}"
    taken |= {unique.casefold(): 1, key: number}
    return unique
