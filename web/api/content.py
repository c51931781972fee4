"""The file, the thumbnail and the preview of an item, and similar items."""

import logging
from pathlib import Path
from typing import Annotated, Literal

from flask import Blueprint, Response, jsonify
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from search.engine import Engine
from search.errors import LocationHiddenError, StorageError, UnreadableMediaError
from search.home import SMALL_THUMBNAIL_SIDES
from search.media.image.limits import MAX_PIXELS
from search.media.image.pillow import THUMBNAIL_SIZE, shrink_thumbnail
from search.media.on_demand import copy_frame, copy_image
from search.media.redaction.patches import NotRedactableError
from search.media.redaction.redaction import find_patches
from search.open_home import OpenHome
from search.paths import find_file, write_atomically
from search.records import Item, ItemType, LocationPrecision, Query, QueryPart, Role
from search.serializers import serialize_answer
from web.access.caller import restrict_library, restrict_query
from web.api.body import parse_address
from web.contract.operation import NOT_MODIFIED, PARTIAL, Operation
from web.http_errors import RangeError
from web.library_files import DAY_SECONDS, send_bytes, send_film, send_library_file, send_preview
from web.locations import get_disclosure, get_location_precision
from web.ranges import send_ranges
from web.schemas.search import SearchAnswer

IMAGES = {ItemType.IMAGE}


def _check_size(size: int) -> int:
    if size not in SMALL_THUMBNAIL_SIDES:
        raise ValueError(f"must be one of {', '.join(map(str, SMALL_THUMBNAIL_SIDES))}")
    return size


Side = Annotated[int, AfterValidator(_check_size), Field(json_schema_extra={"enum": [*SMALL_THUMBNAIL_SIDES]})]


class ThumbnailFields(BaseModel):
    """Which thumbnail is returned.

    Attributes:
        size: The longer side in pixels: 128 or 256.
        at: For a video, the time in seconds.
    """

    model_config = ConfigDict(extra="forbid")

    size: Side | None = None
    at: float | None = Field(None, ge=0, lt=10**6, allow_inf_nan=False)


class MediaFields(BaseModel):
    """Which part of a file is returned.

    Attributes:
        part: `film` for the film inside a Motion Photo; by default the whole file.
    """

    model_config = ConfigDict(extra="forbid")

    part: Literal["film"] | None = None


def make_blueprint(engine: Engine) -> Blueprint:
    """Return the routes of one item."""
    api = Blueprint("content", __name__, url_prefix="/api/v1/items")
    library = engine.library

    def find(item_id: int) -> Item:
        return restrict_library(library).catalog.get_item(item_id)

    @api.get("/<int:item_id>/similar")
    @Operation(SearchAnswer, role=Role.VIEW)
    def find_similar(item_id: int) -> Response:
        """Return the 20 most similar other items, relevant or not."""
        find(item_id)
        query = Query(parts=(QueryPart(item=item_id),), include_all=True)
        return jsonify(serialize_answer(query, engine.search(restrict_query(query)), get_disclosure()))

    @api.get("/<int:item_id>/media")
    @Operation(
        media=("*/*",),
        role=Role.VIEW,
        query=MediaFields,
        statuses=PARTIAL | NOT_MODIFIED,
        errors=(RangeError, StorageError, LocationHiddenError),
        headers={"Accept-Ranges": "`bytes`", "ETag": "Identifies the content for `If-None-Match` and `If-Range`"},
    )
    def send_media(item_id: int) -> Response:
        """Return the file of an item, or the film inside it. `Range` requests are supported (RFC 9110).

        Images, recordings, PDFs and plain texts can be shown by browsers. Any other file is sent to be downloaded. For
        clients that may not see exact locations, metadata is removed from images and recordings, and an image of a
        format from which it cannot be removed is sent as a JPEG of up to 2,048 pixels.
        """
        fields, item = parse_address(MediaFields), find(item_id)
        path, precision = find_file(item), get_location_precision()
        if fields.part is not None:
            return send_film(item, path, precision)
        return send_library_file(item, path, precision, library.media)

    @api.get("/<int:item_id>/thumbnail")
    @Operation(
        media=("image/jpeg", "image/webp"),
        role=Role.VIEW,
        query=ThumbnailFields,
        errors=(UnreadableMediaError, StorageError),
        statuses=PARTIAL | NOT_MODIFIED,
    )
    def send_thumbnail(item_id: int) -> Response:
        """Return a JPEG of up to 512 pixels, or a smaller WebP; for a video, the frame at a time."""
        return _send_thumbnail(library, find(item_id), parse_address(ThumbnailFields))

    @api.get("/<int:item_id>/preview")
    @Operation(
        media=("image/jpeg",), role=Role.VIEW, errors=(UnreadableMediaError, StorageError), statuses=NOT_MODIFIED
    )
    def show_preview(item_id: int) -> Response:
        """Return an image of any supported format as a JPEG of up to 2,048 pixels."""
        path = find_file(find(item_id), IMAGES)
        return send_preview(path, library.media)

    return api


def _send_thumbnail(library: OpenHome, item: Item, fields: ThumbnailFields) -> Response:
    if fields.at is not None:
        return _send_moment(library, item, fields.at)
    path = library.home.thumbnail(item.id)
    if path.is_file():
        try:
            return _send_stored(library, item, path, fields.size)
        except (UnreadableMediaError, NotRedactableError) as error:
            message = "The stored thumbnail of item %d is damaged (%s); it is made again for each request"
            logging.getLogger("crossmodal").warning(message, item.id, error)
    return _make_thumbnail(library, item)


def _send_stored(library: OpenHome, item: Item, path: Path, size: int | None) -> Response:
    if size is not None:
        return _send_small(path, library.home.small_thumbnail(item.id, size), size)
    # An earlier version stored the comment of the original file in thumbnails.
    patches = () if get_location_precision() is LocationPrecision.EXACT else find_patches(path, None)
    return send_ranges(path, "image/jpeg", max_age=DAY_SECONDS, patches=patches)


def _send_small(path: Path, small: Path, size: int) -> Response:
    """Send a smaller thumbnail. It is created again if the item has a newer thumbnail."""
    if not small.is_file() or small.stat().st_mtime < path.stat().st_mtime:
        body = shrink_thumbnail(path.read_bytes(), size)
        try:
            write_atomically(small, body)
        except OSError:  # the disk is full
            return send_bytes(body, "image/webp")
    return send_ranges(small, "image/webp", max_age=DAY_SECONDS)


def _make_thumbnail(library: OpenHome, item: Item) -> Response:
    """Create and send a thumbnail that is missing, for example because its file was deleted."""
    if item.type is ItemType.VIDEO:
        return _send_moment(library, item, 0.0)
    path = find_file(item, IMAGES)
    return send_bytes(library.media.call(copy_image, path, THUMBNAIL_SIZE[0], MAX_PIXELS), "image/jpeg")


def _send_moment(library: OpenHome, item: Item, seconds: float) -> Response:
    """Send the frame of a video at a time in seconds."""
    path = find_file(item, {ItemType.VIDEO})
    return send_bytes(library.media.call(copy_frame, path, seconds), "image/jpeg")
