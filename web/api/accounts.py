"""/api/v1/accounts: the accounts, for admins."""

from typing import ClassVar

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from search.access.accounts import MAX_NAME_LENGTH, AccountChange, NewAccount, add_account, change_account
from search.access.authentication import Authentication
from search.access.passwords import MAX_LENGTH
from search.errors import UsageError
from search.open_home import OpenHome
from search.query.filters import ItemId
from search.records import Role
from search.records.json_names import serialize_record
from web.access.caller import record_activity, refuse_keys
from web.api.body import parse_body
from web.contract.operation import JSON, Operation
from web.schemas.access import AccountDocument, AccountList, RoleName

MAX_SOURCES = 10_000


class AccountRequest(BaseModel):
    """A new account.

    Attributes:
        name: The name to sign in with.
        password: Its password, at least 10 characters; null for someone who signs in through the identity provider.
        role: What it may do: `search`, `edit` or `admin`.
        sources: The ids of the sources that it may read; null for all, also those that are added later.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME_LENGTH)
    password: str | None = Field(None, max_length=MAX_LENGTH)
    role: RoleName = "search"
    sources: list[ItemId] | None = Field(None, max_length=MAX_SOURCES)


class AccountChangeRequest(BaseModel):
    """What can be changed of an account; a field that is not sent is kept.

    Attributes:
        role: What it may do.
        sources: The ids of the sources that it may read; null for all.
        password: A new password. All sessions of the account end.
        disabled: Whether it can no longer sign in, and its keys are refused.
    """

    model_config = ConfigDict(extra="forbid")
    old_names: ClassVar = {"is_disabled": "disabled"}

    role: RoleName | None = None
    sources: list[ItemId] | None = Field(None, max_length=MAX_SOURCES)
    password: str | None = Field(None, max_length=MAX_LENGTH)
    disabled: bool | None = None


def make_blueprint(library: OpenHome, authentication: Authentication) -> Blueprint:
    """Return the routes."""
    api = Blueprint("accounts", __name__, url_prefix="/api/v1/accounts")
    accounts = authentication.accounts

    @api.get("")
    @Operation(AccountList, role=Role.ADMIN)
    def list_accounts() -> Response:
        """List the accounts."""
        return jsonify({"accounts": [serialize_record(account) for account in accounts.list_all()]})

    @api.post("")
    @Operation(
        AccountDocument,
        201,
        role=Role.ADMIN,
        creates=True,
        bodies={JSON: AccountRequest},
        examples={"Who may search": {"name": "Ana", "password": "correct horse battery", "role": "search"}},
    )
    def create_account() -> tuple[Response, int]:
        """Create an account.

        The first account is an admin, since nobody else could create others.
        """
        refuse_keys()
        sent = parse_body(AccountRequest)
        if Role(sent.role) is not Role.ADMIN and not accounts.have_admin():
            raise UsageError("role: the first account must be an admin, who can create the others")
        account = add_account(library, NewAccount(sent.name, Role(sent.role), sent.sources, sent.password))
        record_activity(library, "account-added", account.name)
        return jsonify(serialize_record(account)), 201

    @api.patch("/<int:account_id>")
    @Operation(AccountDocument, role=Role.ADMIN, bodies={JSON: AccountChangeRequest})
    def update_account(account_id: int) -> Response:
        """Change an account. The change holds from the next request on."""
        refuse_keys()
        sent, account = parse_body(AccountChangeRequest), accounts.get(account_id)
        change_account(library, account, _read_change(sent))
        record_activity(library, "account-changed", account.name)
        return jsonify(serialize_record(accounts.get(account_id)))

    @api.delete("/<int:account_id>")
    @Operation(status=204, role=Role.ADMIN)
    def delete_account(account_id: int) -> tuple[str, int]:
        """Delete an account with its keys and saved searches. Its albums stay, and belong to the admins."""
        refuse_keys()
        account = accounts.get(account_id)
        accounts.drop(account_id)
        record_activity(library, "account-deleted", account.name)
        return "", 204

    return api


def _read_change(sent: AccountChangeRequest) -> AccountChange:
    return AccountChange(
        role=Role(sent.role) if sent.role is not None else None,
        is_disabled=sent.disabled,
        password=sent.password,
        sets_sources="sources" in sent.model_fields_set,
        sources=sent.sources,
    )
