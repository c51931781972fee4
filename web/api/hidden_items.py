"""/api/v1/hidden: what users have hidden from searches and albums."""

import os

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.errors import NotAllowedError, NotFoundError, UsageError
from search.forget import is_uploaded
from search.open_home import OpenHome
from search.query.filters import ItemId
from search.records import Role
from search.serializers import serialize_ledger_row
from search.storage.hidden_items import HiddenItems
from web.access.caller import get_principal, record_activity, restrict_library
from web.api.body import parse_address, parse_body
from web.api.items import DEFAULT_LIMIT, MAX_LIMIT
from web.contract.operation import JSON, Operation
from web.locations import get_disclosure
from web.schemas.items import HiddenChange, ItemList


class HiddenFields(BaseModel):
    """Which hidden files are listed.

    Attributes:
        limit: The number of files on a page.
        cursor: The `next` of the page before.
    """

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: int = Field(0, ge=0, lt=2**63)


class HideRequest(BaseModel):
    """What is hidden, or shown again.

    Attributes:
        items: The ids of items; unknown ones are ignored.
        paths: Absolute paths of files and folders on the server. What is added to a folder later is not hidden.
    """

    model_config = ConfigDict(extra="forbid")

    items: list[ItemId] = Field(default_factory=list, max_length=100_000)
    paths: list[str] = Field(default_factory=list, max_length=1000)


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the routes."""
    api = Blueprint("hidden_items", __name__, url_prefix="/api/v1/hidden")

    def get_store() -> HiddenItems:
        return HiddenItems(library.database, get_principal().rights)

    @api.get("")
    @Operation(ItemList, role=Role.EDIT, query=HiddenFields)
    def list_hidden() -> Response:
        """List what is hidden, in order of id."""
        fields = parse_address(HiddenFields)
        ids = get_store().list_page(fields.cursor, fields.limit + 1)
        found = restrict_library(library).catalog.read_items(ids[: fields.limit])
        disclosure = get_disclosure()
        listed = [
            serialize_ledger_row(found[item_id], disclosure)
            | {"uploaded": is_uploaded(library.home, found[item_id].path)}
            for item_id in sorted(found)
        ]
        return jsonify({"items": listed, "next": ids[fields.limit - 1] if len(ids) > fields.limit else None})

    @api.post("")
    @Operation(
        HiddenChange,
        role=Role.EDIT,
        bodies={JSON: HideRequest},
        errors=(NotFoundError,),
        examples={"Two items": {"items": [1, 2]}},
    )
    def hide_items() -> Response:
        """Hide items, and all other items with the same content. No file is changed.

        Searches, lists and albums do not contain them anymore, also after their folder is indexed again; nor can those
        open them who may not show them again.
        """
        changed = get_store().hide(_read_items(get_store()))
        return _describe("items-hidden", changed)

    @api.post("/undo")
    @Operation(
        HiddenChange,
        role=Role.EDIT,
        bodies={JSON: HideRequest},
        errors=(NotFoundError, NotAllowedError),
        examples={"Two items": {"items": [1, 2]}},
    )
    def unhide_items() -> Response:
        """Show hidden items again, and all other items with the same content."""
        changed = get_store().unhide(_read_items(get_store()))
        return _describe("items-unhidden", changed)

    def _describe(action: str, changed: list[int]) -> Response:
        if changed:
            first = library.catalog.get_item(changed[0]).path
            record_activity(library, action, first if len(changed) == 1 else f"{first} (+{len(changed) - 1})")
        return jsonify({"items": changed})

    return api


def _read_items(store: HiddenItems) -> list[int]:
    """Return the ids of the items that a request names."""
    request = parse_body(HideRequest)
    if not request.items and not request.paths:
        raise UsageError("items: name items by `items`, or files and folders by `paths`")
    return [*request.items, *store.find_below([os.path.normpath(path) for path in request.paths])]
