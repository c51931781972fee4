"""/api/v1/albums: named sets of items."""

from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.library import Library
from search.records import Album
from web.api.body import parse_body


class AlbumRequest(BaseModel):
    """An album to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)


class ChangeRequest(BaseModel):
    """Items to put into an album and to take out."""

    model_config = ConfigDict(extra="forbid")

    add: list[int] = Field(default_factory=list, max_length=100_000)
    remove: list[int] = Field(default_factory=list, max_length=100_000)


def make_blueprint(library: Library) -> Blueprint:
    """Return the routes."""
    api = Blueprint("albums", __name__, url_prefix="/api/v1/albums")
    albums = library.albums

    @api.get("")
    def list_albums() -> Response:
        return jsonify({"albums": [serialize_album(one) for one in albums.list_all()]})

    @api.post("")
    def add_album() -> tuple[Response, int]:
        return jsonify(serialize_album(albums.add(parse_body(AlbumRequest).name))), 201

    @api.delete("/<int:album_id>")
    def drop_album(album_id: int) -> tuple[str, int]:
        albums.get(album_id)
        albums.drop(album_id)
        return "", 204

    @api.post("/<int:album_id>/items")
    def change_album(album_id: int) -> Response:
        asked = parse_body(ChangeRequest)
        albums.change(albums.get(album_id).id, asked.add, asked.remove)
        return jsonify(serialize_album(albums.get(album_id)))

    return api


def serialize_album(one: Album) -> dict[str, Any]:
    """Return an album. cover: an item of it."""
    return {"id": one.id, "name": one.name, "created_at": one.created_at, "count": one.count, "cover": one.cover}
