"""GET /api/v1/items and what belongs to one item."""

import mimetypes
import os
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file

from search.engine import Engine
from search.errors import NotFoundError, UsageError
from search.inspection import drop_thumbnail
from search.records import Item, Query, SegmentKind, State
from search.wire import describe_answer, describe_item, describe_ledger_row, describe_segment

PAGE = 100
DAY = 24 * 3600
TYPES = {".heic": "image/heic", ".heif": "image/heif", ".avif": "image/avif", ".opus": "audio/ogg",
         ".m4a": "audio/mp4", ".mkv": "video/x-matroska", ".md": "text/markdown", ".srt": "text/plain",
         ".vtt": "text/vtt"}


def make_blueprint(engine: Engine) -> Blueprint:
    """Give the item routes."""
    api = Blueprint("items", __name__, url_prefix="/api/v1/items")
    library = engine.library

    def find(item_id: int) -> Item:
        item = library.catalogue.read_items([item_id]).get(item_id)
        if item is None:
            raise NotFoundError(f"there is no item {item_id}")
        return item

    @api.get("")
    def list_items() -> Response:
        state, after, limit = _read_listing()
        rows = library.catalogue.list_page(state, after, limit + 1)
        more = rows[limit - 1].id if len(rows) > limit else None
        return jsonify({"items": [describe_ledger_row(row) for row in rows[:limit]], "next": more})

    @api.get("/<int:item_id>")
    def show_item(item_id: int) -> Response:
        item = find(item_id)
        segments = [describe_segment(one) for one in library.catalogue.list_segments(item_id)]
        details: dict[str, Any] = {"state": item.state, "reason": item.reason, "size": item.size}
        return jsonify(describe_item(item) | details | {"segments": segments})

    @api.delete("/<int:item_id>")
    def forget_item(item_id: int) -> tuple[str, int]:
        find(item_id)
        library.catalogue.forget([item_id])
        drop_thumbnail(library, item_id)
        return "", 204

    @api.get("/<int:item_id>/similar")
    def find_similar(item_id: int) -> Response:
        find(item_id)
        query = Query(like=(item_id,))
        return jsonify(describe_answer(query, engine.search(query)))

    @api.get("/<int:item_id>/transcript")
    def show_transcript(item_id: int) -> Response:
        item = find(item_id)
        spoken = [
            describe_segment(one)
            for one in library.catalogue.list_segments(item_id)
            if one.segment.kind is SegmentKind.SPEECH
        ]
        return jsonify({"id": item_id, "language": item.facts.language, "segments": spoken})

    @api.get("/<int:item_id>/media")
    def send_media(item_id: int) -> Response:
        item = find(item_id)
        path = Path(item.path)
        if item.state is not State.INDEXED or not path.is_file():
            raise NotFoundError(f"the file of item {item_id} is not there: {item.path}")
        if not os.access(path, os.R_OK):
            raise NotFoundError(f"the file of item {item_id} cannot be read: {item.path}")
        suffix = path.suffix.lower()
        kind = TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        response = send_file(path, mimetype=kind, conditional=True, download_name=path.name)
        # A document from the library must not act as a page of this site.
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
        return response

    @api.get("/<int:item_id>/thumbnail")
    def send_thumbnail(item_id: int) -> Response:
        path = library.home.thumbnail(item_id)
        if not path.is_file():
            find(item_id)
            raise NotFoundError(f"item {item_id} has no thumbnail")
        return send_file(path, mimetype="image/webp", conditional=True, max_age=DAY)

    return api


def _read_listing() -> tuple[State | None, int, int]:
    state = request.args.get("state")
    if state is not None and state not in list(State):
        raise UsageError(f"state must be one of {', '.join(State)}, not {state!r}")
    numbers = {}
    for name, default in (("cursor", 0), ("limit", PAGE)):
        value = request.args.get(name, str(default))
        if not (value.isascii() and value.isdecimal() and len(value) < 16):
            raise UsageError(f"{name} must be a whole number, not {value!r}")
        numbers[name] = int(value)
    return State(state) if state else None, numbers["cursor"], max(1, min(numbers["limit"], 1000))
