"""GET /api/v1/items: the ledger, and single items."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from flask import Blueprint, Response, jsonify, url_for
from pydantic import BaseModel, ConfigDict, Field

from search.disk_guard import DISKS
from search.engine import Engine
from search.errors import HomeError
from search.forget import delete_items, is_uploaded
from search.media.image.motion_photo import find_film
from search.query.filters import MAX_VALUE_LENGTH
from search.records import Item, ItemType, LocationPrecision, Role, State
from search.serializers import serialize_attachment, serialize_item, serialize_ledger_row, serialize_segment
from web.access.caller import record_activity, restrict_library
from web.api.body import parse_address
from web.caching import keyed_by_revision
from web.contract.operation import Operation
from web.locations import get_disclosure, get_location_precision
from web.schemas.items import ItemDetails, ItemList

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


class LedgerFields(BaseModel):
    """Which files are listed.

    Attributes:
        state: Only files in this state.
        types: Only files of these types.
        path: Only files with this text in their path.
        limit: The number of files on a page.
        cursor: The `next` of the page before.
    """

    model_config = ConfigDict(extra="forbid")
    old_names: ClassVar = {"type": "types"}

    state: State | None = None
    types: list[ItemType] = Field(default_factory=list, max_length=len(ItemType))
    path: str = Field("", max_length=MAX_VALUE_LENGTH)
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: int = Field(0, ge=0, lt=2**63)


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the item routes."""
    api = Blueprint("items", __name__, url_prefix="/api/v1/items")
    library = engine.library
    versioned = keyed_by_revision(library)

    @api.get("")
    @Operation(ItemList, role=Role.VIEW, query=LedgerFields, examples={"Files that failed": "?state=failed&limit=10"})
    @versioned
    def list_items() -> Response:
        """List the ledger: every file of every source, with its state.

        Pages follow the order of ids.
        """
        fields = parse_address(LedgerFields)
        limit = fields.limit
        catalog = restrict_library(library).catalog
        rows = catalog.list_page(fields.state, fields.cursor, limit + 1, fields.types, fields.path)
        next_cursor = rows[limit - 1].id if len(rows) > limit else None
        disclosure = get_disclosure()
        listed = [
            serialize_ledger_row(row, disclosure) | {"uploaded": is_uploaded(library.home, row.path)}
            for row in rows[:limit]
        ]
        return jsonify({"items": listed, "next": next_cursor})

    @api.get("/<int:item_id>")
    @Operation(ItemDetails, role=Role.VIEW)
    @versioned
    def show_item(item_id: int) -> Response:
        """Return an item with its metadata, its state and all its segments."""
        catalog = restrict_library(library).catalog
        item = catalog.get_item(item_id)
        disclosure = get_disclosure().narrow(item.source)
        segments = [serialize_segment(found, disclosure) for found in catalog.list_segments(item_id)]
        attachments = catalog.list_attachments(item.path)
        details = serialize_item(item, disclosure) | {"film": _find_film(item, attachments)}
        details["attachments"] = [serialize_attachment(file, disclosure) for file in attachments]
        return jsonify(details | {"segments": segments})

    @api.delete("/<int:item_id>")
    @Operation(status=204, role=Role.ADMIN, errors=(HomeError,))
    def forget_item(item_id: int) -> tuple[str, int]:
        """Forget an item. Its file is deleted if it was uploaded, and else not changed."""
        item = restrict_library(library).catalog.get_item(item_id)
        delete_items(library, [item])
        record_activity(library, "item-forgotten", item.path)
        return "", 204

    return api


def _find_film(item: Item, attachments: Sequence[Item]) -> str | None:
    """Return the address of the film of a Live Photo or Motion Photo; None if there is none."""
    if item.type is not ItemType.IMAGE:
        return None
    film = next((file for file in attachments if file.type is ItemType.VIDEO), None)
    if film is not None:
        return url_for("content.send_media", item_id=film.id)
    if get_location_precision() is not LocationPrecision.EXACT:
        return None  # the film inside may name its place
    path = Path(item.path)
    try:
        is_inside = DISKS.call(item.volume or item.source, lambda: find_film(path)) is not None
    except TimeoutError:  # the other details are shown
        return None
    return url_for("content.send_media", item_id=item.id, part="film") if is_inside else None
