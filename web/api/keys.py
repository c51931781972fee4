"""/api/v1/keys: the API keys of an account."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.access.keys import MAX_NAME_LENGTH, add_key
from search.access.tokens import MAX_DAYS, expire_after
from search.errors import NotAllowedError
from search.open_home import OpenHome
from search.query.filters import ItemId
from search.records import Role
from search.storage.api_keys import ApiKeys, NewKey
from web.access.caller import (
    get_account,
    get_principal,
    record_activity,
    refuse_keys,
    refuse_limited_keys,
    require_session,
    restrict_library,
)
from web.api.body import parse_body
from web.contract.operation import JSON, Operation
from web.schemas.access import KeyList, NewKeyDocument, RoleName


class KeyRequest(BaseModel):
    """A new API key.

    Attributes:
        name: What it is for.
        role: The most that it may do; never more than the account.
        sources: The ids of the sources that it may read; null for all sources of the account. A key for some sources
            cannot be an admin.
        days: After how many days it expires; null if it does not.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME_LENGTH)
    role: RoleName = "search"
    sources: list[ItemId] | None = Field(None, max_length=1_000)
    days: int | None = Field(None, ge=1, le=MAX_DAYS)


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the routes."""
    api = Blueprint("keys", __name__, url_prefix="/api/v1/keys")
    keys = ApiKeys(library.database)

    @api.get("")
    @Operation(KeyList)
    def list_keys() -> Response:
        """List the API keys of the account; an admin sees those of all accounts."""
        account_id = None if get_principal().role is Role.ADMIN else get_account().id
        return jsonify({"keys": [asdict(key) for key in keys.list_all(account_id)]})

    @api.post("")
    @Operation(
        NewKeyDocument,
        201,
        bodies={JSON: KeyRequest},
        errors=(NotAllowedError,),
        examples={"A key for a script": {"name": "photo frame", "role": "search", "days": 365}},
    )
    def create_key() -> tuple[Response, int]:
        """Create an API key. The response contains the key, which is not stored and cannot be shown again."""
        sent, account = parse_body(KeyRequest), require_session()
        if sent.sources is not None:
            for source_id in sent.sources:
                restrict_library(library).sources.get(source_id)
        new = NewKey(sent.name, Role(sent.role), sent.sources, expire_after(sent.days))
        added = add_key(library.database, account, new)
        record_activity(library, "key-added", added.key.prefix)
        return jsonify(asdict(added.key) | {"key": added.text}), 201

    @api.delete("/<int:key_id>")
    @Operation(status=204)
    def delete_key(key_id: int) -> tuple[str, int]:
        """Delete an API key. Requests with it are refused from then on."""
        account_id = None if get_principal().role is Role.ADMIN else get_account().id
        refuse_limited_keys()
        key = keys.get(key_id, account_id)
        refuse_keys()
        keys.drop(key.id)
        record_activity(library, "key-deleted", key.prefix)
        return "", 204

    return api
