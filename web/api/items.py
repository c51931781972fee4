"""GET /api/v1/items: the ledger, and single items."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from search.engine import Engine
from search.errors import UsageError
from search.forget import forget_items
from search.records import ItemType, State
from search.serializers import serialize_item, serialize_ledger_row, serialize_segment

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the item routes."""
    api = Blueprint("items", __name__, url_prefix="/api/v1/items")
    library = engine.library

    find = library.catalog.get_item

    @api.get("")
    def list_items() -> Response:
        state, kind, after, limit = _read_listing()
        rows = library.catalog.list_page(state, after, limit + 1, kind, request.args.get("path", ""))
        more = rows[limit - 1].id if len(rows) > limit else None
        return jsonify({"items": [serialize_ledger_row(row) for row in rows[:limit]], "next": more})

    @api.get("/<int:item_id>")
    def show_item(item_id: int) -> Response:
        item = find(item_id)
        segments = [serialize_segment(found) for found in library.catalog.list_segments(item_id)]
        details: dict[str, Any] = {"state": item.state, "reason": item.reason, "size": item.size}
        return jsonify(serialize_item(item) | details | {"segments": segments})

    @api.delete("/<int:item_id>")
    def forget_item(item_id: int) -> tuple[str, int]:
        find(item_id)
        forget_items(library, [item_id])
        return "", 204

    return api


def _read_listing() -> tuple[State | None, ItemType | None, int, int]:
    state, kind = request.args.get("state"), request.args.get("type")
    if state is not None and state not in list(State):
        raise UsageError(f"state must be one of {', '.join(State)}, not {state!r}")
    if kind is not None and kind not in list(ItemType):
        raise UsageError(f"type must be one of {', '.join(ItemType)}, not {kind!r}")
    numbers = {}
    for name, default in (("cursor", 0), ("limit", DEFAULT_LIMIT)):
        value = request.args.get(name, str(default))
        if not (value.isascii() and value.isdecimal() and len(value) < 16):
            raise UsageError(f"{name} must be a whole number, not {value!r}")
        numbers[name] = int(value)
    limit = max(1, min(numbers["limit"], MAX_LIMIT))
    return State(state) if state else None, ItemType(kind) if kind else None, numbers["cursor"], limit
