"""What belongs to one item: its file, thumbnail, transcript and likenesses."""

import mimetypes
import os
from pathlib import Path

from flask import Blueprint, Response, jsonify, send_file

from search.engine import Engine
from search.errors import NotFoundError
from search.records import Query, SegmentKind, State
from search.wire import describe_answer, describe_segment

DAY = 24 * 3600
TYPES = {
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".avif": "image/avif",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mkv": "video/x-matroska",
    ".md": "text/markdown",
    ".srt": "text/plain",
    ".vtt": "text/vtt",
}


def make_blueprint(engine: Engine) -> Blueprint:
    """Give the routes below an item."""
    api = Blueprint("content", __name__, url_prefix="/api/v1/items")
    library = engine.library
    find = library.catalogue.get_item

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
