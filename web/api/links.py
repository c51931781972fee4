"""/api/v1/albums/ID/links: links to albums for people without an account, and the page that follows them."""

from dataclasses import asdict
from datetime import timedelta

from flask import Blueprint, Response, jsonify, make_response, redirect, request
from pydantic import BaseModel, ConfigDict, Field

from search.access.authentication import Authentication
from search.access.tokens import MAX_DAYS, TokenKind, expire_after, make_token
from search.errors import NotAllowedError, SignInError
from search.open_home import OpenHome
from search.records import Album, Role
from search.storage.albums import Albums
from search.storage.shares import Shares
from web.access.caller import get_principal, record_activity, refuse_limited_keys
from web.access.cookies import LINK_COOKIE, set_cookie
from web.api.body import parse_body
from web.contract.operation import JSON, Operation
from web.schemas.access import LinkList, NewLinkDocument

LOCATION = {"Location": "The page with the album"}
# How long a browser that followed a link remembers it; the link itself can expire before.
COOKIE_LIFETIME = timedelta(days=1)


class LinkRequest(BaseModel):
    """A new link to an album.

    Attributes:
        days: After how many days it expires; null if it does not.
    """

    model_config = ConfigDict(extra="forbid")

    days: int | None = Field(30, ge=1, le=MAX_DAYS)


def make_blueprint(library: OpenHome, authentication: Authentication) -> Blueprint:
    """Return the routes."""
    api = Blueprint("links", __name__)
    shares = Shares(library.database)

    def get_own(album_id: int) -> Album:
        refuse_limited_keys()
        return Albums(library.database, get_principal()).get_own(album_id)

    @api.get("/api/v1/albums/<int:album_id>/links")
    @Operation(LinkList, role=Role.EDIT, errors=(NotAllowedError,))
    def list_links(album_id: int) -> Response:
        """List the links to an album."""
        return jsonify({"links": [asdict(share) for share in shares.list_all(get_own(album_id).id)]})

    @api.post("/api/v1/albums/<int:album_id>/links")
    @Operation(
        NewLinkDocument,
        201,
        role=Role.EDIT,
        bodies={JSON: LinkRequest},
        errors=(NotAllowedError,),
        examples={"A link for a week": {"days": 7}},
    )
    def create_link(album_id: int) -> tuple[Response, int]:
        """Create a link with which anyone can see an album and its items until it is deleted or expires.

        The response contains the path of the link, which is not stored and cannot be shown again.
        """
        sent, album = parse_body(LinkRequest), get_own(album_id)
        token = make_token(TokenKind.LINK)
        share = shares.add(album.id, token.hash, expire_after(sent.days))
        record_activity(library, "link-added", album.name)
        return jsonify(asdict(share) | {"address": f"{request.root_path}/shared/{token.text}"}), 201

    @api.delete("/api/v1/albums/<int:album_id>/links/<int:link_id>")
    @Operation(status=204, role=Role.EDIT, errors=(NotAllowedError,))
    def delete_link(album_id: int, link_id: int) -> tuple[str, int]:
        """Delete a link to an album. It leads nowhere from then on."""
        album = get_own(album_id)
        shares.drop(album.id, link_id)
        record_activity(library, "link-deleted", album.name)
        return "", 204

    @api.get("/shared/<token>")
    @Operation(
        status=302,
        role=Role.NONE,
        media=("text/html",),
        errors=(SignInError, NotAllowedError),
        headers=LOCATION,
    )
    def follow_link(token: str) -> Response:
        """Follow a link to an album. The response sets a cookie and leads to the page with the album."""
        principal = authentication.find_link(token)
        if principal is None:
            raise SignInError(
                "This link has expired or was deleted, or its owner left. Ask who sent it for another one."
            )
        album_id, account = principal.rights.shared[0], get_principal().account
        if account is not None:
            _require_visible(album_id, account.name)
        response = make_response(redirect(f"{request.root_path}/?album={album_id}"))
        if account is None:
            set_cookie(response, LINK_COOKIE, token, COOKIE_LIFETIME)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.cache_control.no_store = True
        return response

    return api


def _require_visible(album_id: int, name: str) -> None:
    """Raise NotAllowedError if the account that has signed in cannot see an album."""
    albums = get_principal().rights.albums
    if albums is not None and album_id not in albums:
        raise NotAllowedError(
            f"You are signed in as {name}, and this album is not shared with {name}. Sign out, then open it again."
        )
