"""/api/v1/searches: saved searches, and the new matches of those that are watched."""

from typing import Annotated, Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.errors import NotFoundError, QueriesNotKeptError, UsageError
from search.open_home import OpenHome
from search.query.request import SearchRequest, parse_request
from search.records import Query, SavedSearch
from search.serializers import serialize_item
from search.settings import Settings
from search.storage.saved_searches import SavedSearches
from search.webhooks import WebhookHosts, split_address
from web.access.caller import get_principal, refuse_limited_keys, restrict_library
from web.api.body import parse_body
from web.contract.documents import DescribedAs
from web.contract.operation import JSON, Operation
from web.locations import get_disclosure
from web.schemas.collections import Matches, NewSavedSearch, SavedSearchDocument, SavedSearchList, WebhookSecret

# It is stored as it was sent, and described as the body of a search.
SearchFields = Annotated[dict[str, Any], DescribedAs(SearchRequest)]


class SavedRequest(BaseModel):
    """A search to save.

    Attributes:
        name: The name that users see.
        request: The fields of the search.
        address: The address of the page that shows the search.
        watched: Collect new matches.
        webhook: An address that is notified about new matches.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    request: SearchFields
    address: str = Field("/", max_length=20_000, pattern=r"^/(\?.*)?$")
    watched: bool = False
    webhook: str | None = Field(None, max_length=2_000)


def make_blueprint(library: OpenHome, settings: Settings) -> Blueprint:
    """Return the routes.

    Args:
        library: The library.
        settings: The settings with whether queries are kept, and the hosts that webhooks may be sent to.
    """
    api = Blueprint("saved_searches", __name__, url_prefix="/api/v1/searches")
    hosts = WebhookHosts(settings.webhook_hosts)

    def get_saved() -> SavedSearches:
        refuse_limited_keys()
        return SavedSearches(library.database, get_principal())

    @api.get("")
    @Operation(SavedSearchList)
    def list_searches() -> Response:
        """List the saved searches."""
        return jsonify({"searches": [serialize_saved(saved_search) for saved_search in get_saved().list_all()]})

    @api.post("")
    @Operation(
        NewSavedSearch,
        201,
        creates=True,
        bodies={JSON: SavedRequest},
        errors=(QueriesNotKeptError, NotFoundError),
        examples={"A watched search": {"name": "cats", "request": {"text": "a cat"}, "watched": True}},
    )
    def save_search() -> tuple[Response, int]:
        """Save a search. If it is watched, new matches are collected and sent to the webhook.

        The secret that the webhook is signed with is in this response only.
        """
        new = parse_body(SavedRequest)
        if not settings.keep_queries:
            raise QueriesNotKeptError("The search is not saved: this server keeps no queries. See `keep_queries`.")
        query = parse_request(new.request).make_query()
        library.limits.check(query)
        _require_parts(restrict_library(library), query)
        _check_webhook(new.webhook, hosts)
        saved = get_saved()
        saved_search = saved.add(new.name, new.request, new.address, new.watched, new.webhook or None)
        secret = saved.read_secret(saved_search.id)
        return jsonify(serialize_saved(saved_search) | {"webhook_secret": secret}), 201

    @api.delete("/<int:search_id>")
    @Operation(status=204)
    def drop_search(search_id: int) -> tuple[str, int]:
        """Delete a saved search."""
        saved = get_saved()
        saved.drop(saved.get(search_id).id)
        return "", 204

    @api.post("/<int:search_id>/secret")
    @Operation(WebhookSecret)
    def renew_secret(search_id: int) -> Response:
        """Create a new secret for the webhook of a saved search. The one before is no longer used."""
        saved = get_saved()
        if saved.get(search_id).webhook is None:
            raise NotFoundError(f"The saved search {search_id} has no webhook.")
        return jsonify({"webhook_secret": saved.renew_secret(search_id)})

    @api.get("/<int:search_id>/matches")
    @Operation(Matches)
    def list_new_matches(search_id: int) -> Response:
        """List the matches of a watched search since it was saved, newest first."""
        saved = get_saved()
        saved_search = saved.get(search_id)
        scores = saved.list_found(search_id)
        items = restrict_library(library).catalog.read_items(scores)
        disclosure = get_disclosure()
        found = [(items[key], round(score, 4)) for key, score in scores.items() if key in items]
        matches = [serialize_item(item, disclosure) | {"score": score} for item, score in found]
        return jsonify(serialize_saved(saved_search) | {"items": matches})

    @api.post("/<int:search_id>/seen")
    @Operation(SavedSearchDocument)
    def mark_seen(search_id: int) -> Response:
        """Mark the matches of a watched search as seen."""
        saved = get_saved()
        saved.mark_seen(saved.get(search_id).id)
        return jsonify(serialize_saved(saved.get(search_id)))

    return api


def _require_parts(library: OpenHome, query: Query) -> None:
    """Raise NotFoundError if an item or an image of a query does not exist, or cannot be read."""
    for part in query.parts:
        if part.item is not None:
            library.catalog.get_item(part.item)
        if part.query_image is not None:
            library.query_images.read(part.query_image)


def _check_webhook(address: str | None, hosts: WebhookHosts) -> None:
    if not address:
        return
    try:
        host = split_address(address).hostname or ""
    except ValueError as error:
        raise UsageError(f"webhook: {address!r} is not a valid http or https address: {error}") from error
    if not hosts.allows_name(host):
        raise UsageError(f"webhook: {host} is not an allowed host. Add it to the setting `webhook_hosts`.")


def serialize_saved(saved_search: SavedSearch) -> dict[str, Any]:
    """Return the JSON form of a saved search; `new_matches` is the number of new matches."""
    return {
        "id": saved_search.id,
        "name": saved_search.name,
        "request": dict(saved_search.request),
        "address": saved_search.address,
        "watched": saved_search.is_watched,
        "webhook": saved_search.webhook,
        "created_at": saved_search.created_at,
        "checked_at": saved_search.checked_at,
        "new_matches": saved_search.new_matches,
        "reason": saved_search.error,
    }
