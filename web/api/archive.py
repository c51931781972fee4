"""GET and POST /api/v1/archive: the files of several items as one ZIP. Home of zipstream."""

from dataclasses import replace
from pathlib import Path, PurePath

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field

from search.errors import LocationHiddenError, NotFoundError, StorageError, UsageError
from search.media.processes import MediaProcesses
from search.open_home import OpenHome
from search.paths import find_file, make_download_name
from search.query.filters import ItemId
from search.records import Item, Role, State
from search.settings import LocationPrecision
from web.access.caller import restrict_library
from web.api.body import parse_address, parse_body
from web.contract.operation import JSON, URLENCODED, Operation
from web.library_files import name_redacted, read_redacted
from web.locations import get_location_precision

# The limit for POST, and for GET: some servers and proxies refuse longer addresses.
MAX_ITEMS = 10_000
DISPOSITION = 'attachment; filename="crossmodal.zip"'
MAX_ITEMS_IN_ADDRESS = 500


class ArchiveRequest(BaseModel):
    """The items whose files are sent, by id."""

    model_config = ConfigDict(extra="forbid")

    ids: list[ItemId] = Field(min_length=1, max_length=MAX_ITEMS)


class AddressFields(BaseModel):
    """The items whose files are sent.

    Attributes:
        ids: The ids of the items, separated by commas.
    """

    model_config = ConfigDict(extra="forbid")

    ids: str = Field(max_length=20 * MAX_ITEMS, json_schema_extra={"pattern": "^[0-9]{1,18}(,[0-9]{1,18})*$"})


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
    @replace(archive, query=AddressFields, examples={"Two items": "?ids=1,2"})
    def send_by_address() -> Response:
        """Return the files of several items as one ZIP archive.

        An address may contain up to 500 ids. For more, send them by POST.
        """
        return _send_archive(library, _parse_ids(parse_address(AddressFields).ids, MAX_ITEMS_IN_ADDRESS))

    @api.post("")
    @replace(
        archive,
        bodies={JSON: ArchiveRequest, URLENCODED: AddressFields},
        examples={"Two items": {"ids": [1, 2]}},
    )
    def send_by_body() -> Response:
        """Return the files of up to 10,000 items as one ZIP archive.

        Browsers stream the response to a form to disk.
        """
        if request.mimetype == "application/x-www-form-urlencoded":
            return _send_archive(library, _parse_ids(request.form.get("ids", ""), MAX_ITEMS))
        return _send_archive(library, parse_body(ArchiveRequest).ids)

    return api


def _send_archive(library: OpenHome, ids: list[int]) -> Response:
    from zipstream import ZipStream

    precision = get_location_precision()
    found = restrict_library(library).catalog.read_items(ids)
    items = [item for item in found.values() if item.state is State.INDEXED and _find_file(item) is not None]
    if not items:
        raise NotFoundError("None of these items has a file. GET /api/v1/items says in which state each is.")
    if precision is not LocationPrecision.EXACT:
        return _send_redacted(items, precision, library.media)
    paths = [Path(item.path) for item in items]
    # Files are stored without compression, which does not shrink media, and streamed one after the other.
    archive = ZipStream(sized=True)
    for path, name in zip(paths, _make_unique_names(paths), strict=True):
        archive.add_path(str(path), name)
    response = Response(iter(archive), mimetype="application/zip")
    response.content_length = len(archive)
    response.headers["Content-Disposition"] = DISPOSITION
    return response


def _send_redacted(items: list[Item], precision: LocationPrecision, media: MediaProcesses) -> Response:
    """Return an archive whose files name no places; those from which these cannot be removed are left out.

    Its size is not known before: previews are made while it is sent.
    """
    from zipstream import ZipStream

    named = {item.id: name_redacted(item, Path(item.path).name, precision) for item in items}
    sent = [item for item in items if named[item.id] is not None]
    if not sent:
        raise LocationHiddenError("The locations of these files are hidden, and cannot be removed from their formats.")
    archive = ZipStream()
    names = _make_unique_names([Path(named[item.id] or "") for item in sent])
    for item, name in zip(sent, names, strict=True):
        archive.add(read_redacted(item, precision, media), name)
    response = Response(iter(archive), mimetype="application/zip")
    response.headers["Content-Disposition"] = DISPOSITION
    return response


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
        raise UsageError("ids: must be item ids, separated by commas")
    if len(ids) > limit:
        hint = f"; send up to {MAX_ITEMS} by POST" if limit < MAX_ITEMS else ""
        raise UsageError(f"ids: at most {limit} are allowed, not {len(ids)}{hint}")
    return [int(value) for value in ids]


def _make_unique_names(paths: list[Path]) -> list[str]:
    """Return a name for each file; a number is added to a name that another file has."""
    names: list[str] = []
    taken: set[str] = set()
    for path in paths:
        original = PurePath(make_download_name(path.name))
        name, number = original.name, 1
        while name.casefold() in taken:
            number += 1
            name = f"{original.stem} ({number}){original.suffix}"
        taken.add(name.casefold())
        names.append(name)
    return names
