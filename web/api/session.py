"""/api/v1/session: sign in, sign out, and who sends a request."""

from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from search.access.accounts import AccountChange, change_account
from search.access.authentication import Authentication
from search.access.passwords import MAX_LENGTH
from search.access.tokens import Token, make_form_token
from search.errors import NotAllowedError, SignInError, ThrottleError
from search.open_home import OpenHome
from search.records import Account, Role
from search.records.json_names import serialize_record
from web.access.addresses import get_network
from web.access.caller import get_form_token, get_principal, record_activity, require_session
from web.access.cookies import LINK_COOKIE, SESSION_COOKIE, drop_cookie, set_cookie
from web.api.body import parse_address, parse_body
from web.contract.operation import JSON, Operation
from web.schemas.access import SessionDocument


class SignInRequest(BaseModel):
    """A name and a password.

    Attributes:
        name: The name of the account.
        password: Its password.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=MAX_LENGTH)


class SignOutFields(BaseModel):
    """What ends.

    Attributes:
        everywhere: Whether all sessions of the account end, also those of other browsers.
    """

    model_config = ConfigDict(extra="forbid")

    everywhere: bool = False


class PasswordRequest(BaseModel):
    """A new password for the account that has signed in.

    Attributes:
        current: The current password.
        new: The new one. All other sessions of the account end.
    """

    model_config = ConfigDict(extra="forbid")

    current: str = Field(max_length=MAX_LENGTH)
    new: str = Field(max_length=MAX_LENGTH)


def make_blueprint(library: OpenHome, authentication: Authentication) -> Blueprint:
    """Return the routes.

    Args:
        library: The library.
        authentication: Checks passwords and starts sessions.
    """
    api = Blueprint("session", __name__, url_prefix="/api/v1/session")

    @api.get("")
    @Operation(SessionDocument, role=Role.NONE)
    def show_session() -> Response:
        """Return who sends the request, and what they may do."""
        return jsonify(describe_session(authentication))

    @api.post("")
    @Operation(
        SessionDocument,
        role=Role.NONE,
        bodies={JSON: SignInRequest},
        errors=(SignInError, ThrottleError),
        signs_in=True,
    )
    def sign_in() -> Response:
        """Sign in with a name and a password. The response sets a cookie."""
        sent = parse_body(SignInRequest)
        try:
            found = authentication.check_password(sent.name, sent.password, get_network())
        except SignInError:
            record_activity(library, "sign-in-refused", sent.name)
            raise
        response = start_session(authentication, found.account, found.password_hash)
        record_activity(library, "sign-in")
        return response

    @api.delete("")
    @Operation(status=204, role=Role.NONE, query=SignOutFields, errors=(NotAllowedError,))
    def sign_out() -> Response:
        """Sign out, or stop using a link."""
        account = require_session() if parse_address(SignOutFields).everywhere else None
        response = Response(status=204)
        # The next person at this browser must not find thumbnails of this one.
        response.headers["Clear-Site-Data"] = '"cache"'
        if SESSION_COOKIE in request.cookies:
            authentication.sign_out(request.cookies[SESSION_COOKIE])
        if account is not None:
            authentication.sign_out_everywhere(account)
            record_activity(library, "signed-out-everywhere")
        for name in (SESSION_COOKIE, LINK_COOKIE):
            drop_cookie(response, name)
        return response

    @api.post("/password")
    @Operation(SessionDocument, bodies={JSON: PasswordRequest}, errors=(SignInError, NotAllowedError, ThrottleError))
    def change_password() -> Response:
        """Change the password of the account that has signed in. Its other sessions end."""
        sent, account = parse_body(PasswordRequest), require_session()
        authentication.check_password(account.name, sent.current, None)
        change_account(library, account, AccountChange(password=sent.new))
        record_activity(library, "password-changed")
        return start_session(authentication, account)

    return api


def begin_session(authentication: Authentication, account: Account, password_hash: str | None = None) -> Token:
    """Start a session of an account, who sends the current request from then on, and return its token.

    The session that the browser had before ends.
    """
    token = authentication.sign_in(account, password_hash)
    if SESSION_COOKIE in request.cookies:
        authentication.sign_out(request.cookies[SESSION_COOKIE])
    g.principal, g.form_token = authentication.make_principal(account), make_form_token(token.text)
    return token


def keep_session(response: Response, authentication: Authentication, token: Token) -> None:
    """Let a browser keep a session; it forgets a link that it has followed before."""
    set_cookie(response, SESSION_COOKIE, token.text, authentication.limits.total)
    drop_cookie(response, LINK_COOKIE)


def start_session(authentication: Authentication, account: Account, password_hash: str | None = None) -> Response:
    """Start a session of an account, and return the response that tells the browser. See `Authentication.sign_in`."""
    token = begin_session(authentication, account, password_hash)
    response = jsonify(describe_session(authentication))
    keep_session(response, authentication, token)
    return response


def describe_session(authentication: Authentication) -> dict[str, Any]:
    """Return the JSON form of the caller.

    Args:
        authentication: Says whether there are accounts.
    """
    account = get_principal().account
    return {
        "role": get_principal().role,
        "account": serialize_record(account) if account is not None else None,
        "has_accounts": authentication.accounts.exist(),
        "form_token": get_form_token(),
    }
