"""The file, the thumbnail and the preview of an item, and similar items."""

import mimetypes
import os
from pathlib import Path

from flask import Blueprint, Response, jsonify, request, send_file

from search.engine import Engine
from search.errors import NotFoundError, UsageError
from search.home import SMALL_THUMBNAIL_SIDES
from search.media.container import read_frame
from search.media.image.pillow import USEFUL_SIDE, encode_thumbnail, open_image, shrink_thumbnail
from search.open_home import OpenHome
from search.paths import find_file, make_download_name, write_atomically
from search.records import Item, ItemType, Query, QueryPart
from search.serializers import serialize_answer

DAY_SECONDS = 24 * 3600
# The last second of the year 9999. A file can have a later modification time, but HTTP has no such date.
MAX_HTTP_DATE = 253_402_300_799.0
# Maximum width and height of a preview in pixels.
MAX_PREVIEW = (2048, 2048)
IMAGES = {ItemType.IMAGE}
# Types that browsers need and `mimetypes` does not know everywhere.
MIME_TYPES = {
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
    """Return the routes of one item."""
    api = Blueprint("content", __name__, url_prefix="/api/v1/items")
    library = engine.library
    find = library.catalog.get_item

    @api.get("/<int:item_id>/similar")
    def find_similar(item_id: int) -> Response:
        find(item_id)
        query = Query(parts=(QueryPart(item=item_id),), include_all=True)
        return jsonify(serialize_answer(query, engine.search(query)))

    @api.get("/<int:item_id>/media")
    def send_media(item_id: int) -> Response:
        item = find(item_id)
        path = find_file(item, f"The file of item {item_id} is missing: {item.path}")
        if not os.access(path, os.R_OK):
            raise NotFoundError(f"Permission denied for the file of item {item_id}: {item.path}")
        suffix = path.suffix.lower()
        mime_type = MIME_TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        changed = max(0.0, min(path.stat().st_mtime, MAX_HTTP_DATE))
        name = make_download_name(path.name)
        response = send_file(path, mimetype=mime_type, conditional=True, download_name=name, last_modified=changed)
        # An HTML document of the library must not run as a page of this site.
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
        return response

    @api.get("/<int:item_id>/thumbnail")
    def send_thumbnail(item_id: int) -> Response:
        return _send_thumbnail(library, find(item_id))

    @api.get("/<int:item_id>/preview")
    def send_preview(item_id: int) -> Response:
        """Send the image as JPEG, which every browser can show."""
        path = find_file(find(item_id), f"Item {item_id} is not an image that can be read", IMAGES)
        return _send_jpeg(encode_thumbnail(open_image(path, MAX_PREVIEW[0])[0], MAX_PREVIEW))

    return api


def _send_thumbnail(library: OpenHome, item: Item) -> Response:
    if "at" in request.args:
        return _send_moment(item, request.args["at"])
    path = library.home.thumbnail(item.id)
    if not path.is_file():
        return _make_thumbnail(item)
    if "size" in request.args:
        size = _read_size()
        return _send_small(path, library.home.small_thumbnail(item.id, size), size)
    return send_file(path, mimetype="image/jpeg", conditional=True, max_age=DAY_SECONDS)


def _send_small(path: Path, small: Path, size: int) -> Response:
    """Send a smaller thumbnail. It is created again if the item has a newer thumbnail."""
    if not small.is_file() or small.stat().st_mtime < path.stat().st_mtime:
        write_atomically(small, shrink_thumbnail(path.read_bytes(), size))
    return send_file(small, mimetype="image/webp", conditional=True, max_age=DAY_SECONDS)


def _read_size() -> int:
    size = request.args.get("size", "")
    if size not in map(str, SMALL_THUMBNAIL_SIDES):
        raise UsageError(f"size must be one of {', '.join(map(str, SMALL_THUMBNAIL_SIDES))}, not {size!r}")
    return int(size)


def _make_thumbnail(item: Item) -> Response:
    """Create and send a thumbnail that is missing, for example because its file was deleted."""
    if item.type is ItemType.VIDEO:
        return _send_moment(item, "0")
    path = find_file(item, f"Item {item.id} has no thumbnail", IMAGES)
    return _send_jpeg(encode_thumbnail(open_image(path, USEFUL_SIDE)[0]))


def _send_moment(item: Item, at: str) -> Response:
    """Send the frame of a video at a time in seconds."""
    try:
        seconds = float(at)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 10**6:
        raise UsageError(f"at must be a number of seconds, not {at!r}")
    path = find_file(item, f"Item {item.id} has no video frames that can be read", {ItemType.VIDEO})
    return _send_jpeg(encode_thumbnail(read_frame(path, seconds)))


def _send_jpeg(body: bytes) -> Response:
    response = Response(body, mimetype="image/jpeg")
    response.cache_control.max_age = DAY_SECONDS
    return response
