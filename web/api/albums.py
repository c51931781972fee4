"""/api/v1/albums: named sets of items."""

from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.open_home import OpenHome
from search.query.filters import ItemId
from search.records import Album
from search.storage.collections import Albums
from web.api.body import parse_body
from web.contract.operation import JSON, Operation
from web.schemas.collections import AlbumDocument, AlbumList


class AlbumRequest(BaseModel):
    """A new album.

    Attributes:
        name: Its name, which no other album has.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)


class ChangeRequest(BaseModel):
    """Items to add to an album and to remove from it, by id.

    Attributes:
        add: The ids of items to add; unknown ones are ignored.
        remove: The ids of items to remove.
    """

    model_config = ConfigDict(extra="forbid")

    add: list[ItemId] = Field(default_factory=list, max_length=100_000)
    remove: list[ItemId] = Field(default_factory=list, max_length=100_000)


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the routes."""
    api = Blueprint("albums", __name__, url_prefix="/api/v1/albums")
    albums = Albums(library.database)

    @api.get("")
    @Operation(AlbumList)
    def list_albums() -> Response:
        """List the albums."""
        return jsonify({"albums": [serialize_album(album) for album in albums.list_all()]})

    @api.post("")
    @Operation(
        AlbumDocument,
        201,
        creates=True,
        bodies={JSON: AlbumRequest},
        examples={"A new album": {"name": "Best of 2024"}},
    )
    def add_album() -> tuple[Response, int]:
        """Create an album."""
        return jsonify(serialize_album(albums.add(parse_body(AlbumRequest).name))), 201

    @api.delete("/<int:album_id>")
    @Operation(status=204)
    def drop_album(album_id: int) -> tuple[str, int]:
        """Delete an album. Its items are not removed from the library."""
        albums.get(album_id)
        albums.drop(album_id)
        return "", 204

    @api.post("/<int:album_id>/items")
    @Operation(AlbumDocument, bodies={JSON: ChangeRequest}, examples={"Two new items": {"add": [1, 2]}})
    def change_album(album_id: int) -> Response:
        """Add items to an album and remove items from it. Returns the album."""
        change = parse_body(ChangeRequest)
        albums.change(albums.get(album_id).id, change.add, change.remove)
        return jsonify(serialize_album(albums.get(album_id)))

    return api


def serialize_album(album: Album) -> dict[str, Any]:
    """Return the JSON form of an album; `cover` is the id of one of its items."""
    return {
        "id": album.id,
        "name": album.name,
        "created_at": album.created_at,
        "count": album.count,
        "cover": album.cover,
    }
