"""GET /api/v1/items: the ledger, and single items."""

from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request

from search.engine import Engine
from search.errors import UsageError
from search.forget import forget_items
from search.query.filters import MAX_VALUE_LENGTH
from search.records import ItemType, State
from search.serializers import serialize_attachment, serialize_item, serialize_ledger_row, serialize_segment

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

E = TypeVar("E", bound=StrEnum)


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the item routes."""
    api = Blueprint("items", __name__, url_prefix="/api/v1/items")
    library = engine.library
    find = library.catalog.get_item

    @api.get("")
    def list_items() -> Response:
        state, item_type = _read_choice("state", State), _read_choice("type", ItemType)
        cursor = _read_number("cursor", 0)
        limit = max(1, min(_read_number("limit", DEFAULT_LIMIT), MAX_LIMIT))
        part = request.args.get("path", "")
        if len(part) > MAX_VALUE_LENGTH:
            raise UsageError(f"path must have at most {MAX_VALUE_LENGTH} characters, not {len(part)}")
        rows = library.catalog.list_page(state, cursor, limit + 1, item_type, part)
        next_cursor = rows[limit - 1].id if len(rows) > limit else None
        return jsonify({"items": [serialize_ledger_row(row) for row in rows[:limit]], "next": next_cursor})

    @api.get("/<int:item_id>")
    def show_item(item_id: int) -> Response:
        item = find(item_id)
        segments = [serialize_segment(found) for found in library.catalog.list_segments(item_id)]
        details: dict[str, Any] = {"state": item.state, "reason": item.reason, "size": item.size}
        attachments = [serialize_attachment(file) for file in library.catalog.list_attachments(item.path)]
        details |= {"belongs_to": item.belongs_to, "attachments": attachments}
        return jsonify(serialize_item(item) | details | {"segments": segments})

    @api.delete("/<int:item_id>")
    def forget_item(item_id: int) -> tuple[str, int]:
        find(item_id)
        forget_items(library, [item_id])
        return "", 204

    return api


def _read_choice(name: str, choices: type[E]) -> E | None:
    """Return a field of the address as a member of an enumeration, None without the field.

    Raises:
        UsageError: The value is not one of the choices.
    """
    value = request.args.get(name)
    if value is not None and value not in list(choices):
        raise UsageError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return choices(value) if value is not None else None


def _read_number(name: str, default: int) -> int:
    """Return a field of the address as a whole number.

    Raises:
        UsageError: The value is not a whole number.
    """
    value = request.args.get(name, str(default))
    if not (value.isascii() and value.isdecimal() and len(value) < 16):
        raise UsageError(f"{name} must be a whole number, not {value!r}")
    return int(value)
