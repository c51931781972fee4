"""/api/v1/albums: named sets of items."""

from collections.abc import Callable
from typing import Any, ClassVar

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.errors import NotAllowedError
from search.open_home import OpenHome
from search.query.filters import ItemId
from search.records import Album, Role
from search.records.json_names import serialize_record
from search.storage.albums import Albums
from web.access.caller import get_principal, record_activity, refuse_limited_keys
from web.api.body import parse_body
from web.contract.operation import JSON, Operation
from web.schemas.collections import AlbumDocument, AlbumList


class AlbumRequest(BaseModel):
    """A new album.

    Attributes:
        name: Its name, which no other album of the account has.
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


class AlbumChange(BaseModel):
    """What is changed about an album. What is not sent stays.

    Attributes:
        name: Its new name, which no other album of its owner has.
        cover: The id of the item in it that represents it; null for its first item.
    """

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=200)
    cover: ItemId | None = None


class OrderRequest(BaseModel):
    """The order in which an album shows its items.

    Attributes:
        items: The ids of its items in order; those that are not listed follow as they were. If it is empty, the newest
            are first.
    """

    model_config = ConfigDict(extra="forbid")

    items: list[ItemId] = Field(max_length=100_000)


class ShareRequest(BaseModel):
    """Who else can see an album, and the items in it that its owner may read.

    Attributes:
        shared: Whether all accounts can see it.
        shared_with: The ids of further accounts that can see it.
    """

    model_config = ConfigDict(extra="forbid")
    old_names: ClassVar = {"is_shared": "shared"}

    shared: bool = False
    shared_with: list[ItemId] = Field(default_factory=list, max_length=1_000)


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the routes."""
    api = Blueprint("albums", __name__, url_prefix="/api/v1/albums")

    def get_albums() -> Albums:
        return Albums(library.database, get_principal())

    @api.get("")
    @Operation(AlbumList, role=Role.VIEW)
    def list_albums() -> Response:
        """List the albums of the account, and those that are shared with it."""
        return jsonify({"albums": [serialize_album(album) for album in get_albums().list_all()]})

    @api.post("")
    @Operation(
        AlbumDocument,
        201,
        role=Role.EDIT,
        creates=True,
        bodies={JSON: AlbumRequest},
        examples={"A new album": {"name": "Best of 2024"}},
    )
    def add_album() -> tuple[Response, int]:
        """Create an album."""
        return jsonify(serialize_album(get_albums().add(parse_body(AlbumRequest).name))), 201

    @api.delete("/<int:album_id>")
    @Operation(status=204, role=Role.EDIT, errors=(NotAllowedError,))
    def drop_album(album_id: int) -> tuple[str, int]:
        """Delete an album. Its items are not removed from the library."""
        refuse_limited_keys()
        albums = get_albums()
        albums.drop(albums.get_own(album_id).id)
        return "", 204

    @api.post("/<int:album_id>/items")
    @Operation(
        AlbumDocument,
        role=Role.EDIT,
        bodies={JSON: ChangeRequest},
        errors=(NotAllowedError,),
        examples={"Two new items": {"add": [1, 2]}},
    )
    def change_album(album_id: int) -> Response:
        """Add items to an album and remove items from it. Returns the album."""
        change, albums = parse_body(ChangeRequest), get_albums()
        albums.change(albums.get_own(album_id).id, change.add, change.remove)
        return jsonify(serialize_album(albums.get(album_id)))

    @api.put("/<int:album_id>/sharing")
    @Operation(AlbumDocument, role=Role.EDIT, bodies={JSON: ShareRequest}, errors=(NotAllowedError,))
    def share_album(album_id: int) -> Response:
        """Set who else can see an album. Returns the album."""
        refuse_limited_keys()
        sent, albums = parse_body(ShareRequest), get_albums()
        album = albums.get_own(album_id)
        albums.share(album.id, sent.shared, sent.shared_with)
        record_activity(library, "album-shared", album.name)
        return jsonify(serialize_album(albums.get(album_id)))

    _add_appearance_routes(api, get_albums)
    return api


def _add_appearance_routes(api: Blueprint, get_albums: Callable[[], Albums]) -> None:
    """Add the routes that change how an album is shown."""

    @api.patch("/<int:album_id>")
    @Operation(
        AlbumDocument,
        role=Role.EDIT,
        bodies={JSON: AlbumChange},
        errors=(NotAllowedError,),
        examples={"Another name": {"name": "Summer"}},
    )
    def edit_album(album_id: int) -> Response:
        """Rename an album, or choose its cover. Returns the album."""
        change, albums = parse_body(AlbumChange), get_albums()
        album = albums.get_own(album_id)
        if "cover" in change.model_fields_set:
            albums.set_cover(album.id, change.cover)
        if change.name is not None:
            albums.rename(album.id, change.name)
        return jsonify(serialize_album(albums.get(album_id)))

    @api.put("/<int:album_id>/order")
    @Operation(
        AlbumDocument,
        role=Role.EDIT,
        bodies={JSON: OrderRequest},
        errors=(NotAllowedError,),
        examples={"Item 2 first": {"items": [2]}},
    )
    def order_album(album_id: int) -> Response:
        """Set the order in which an album shows its items when it is not searched. Returns the album."""
        sent, albums = parse_body(OrderRequest), get_albums()
        albums.order(albums.get_own(album_id).id, sent.items)
        return jsonify(serialize_album(albums.get(album_id)))


def serialize_album(album: Album) -> dict[str, Any]:
    """Return the JSON form of an album; `cover` is the id of one of its items. Who it is shared with is its owner's."""
    principal = get_principal()
    if principal.role is Role.VIEW:
        return serialize_record(album) | {"shared_with": (), "owner": None, "owner_id": None}
    is_own = principal.role is Role.ADMIN or album.owner_id == principal.account_id
    return serialize_record(album) if is_own else serialize_record(album) | {"shared_with": ()}
