"""/api/v1/setup: the first account, created with the link that `crossmodal serve --setup` prints."""

import threading

from flask import Blueprint, Response
from pydantic import Field

from search.access.accounts import NewAccount, add_account
from search.access.authentication import Authentication
from search.access.tokens import hash_token
from search.errors import NotAllowedError, SignInError
from search.open_home import OpenHome
from search.records import Role
from web.access.caller import record_activity
from web.api.body import parse_body
from web.api.session import SignInRequest, start_session
from web.contract.operation import JSON, Operation
from web.schemas.access import SessionDocument


class SetupRequest(SignInRequest):
    """The first account, which is an admin.

    Attributes:
        token: The token of the link that `crossmodal serve --setup` prints.
    """

    token: str = Field(max_length=200)


def make_blueprint(library: OpenHome, authentication: Authentication, setup_hash: str | None) -> Blueprint:
    """Return the route.

    Args:
        library: The library.
        authentication: Says whether there is an admin.
        setup_hash: The hash of the token in the link; None if there is no link.
    """
    creating = threading.Lock()
    api = Blueprint("setup", __name__, url_prefix="/api/v1/setup")

    @api.post("")
    @Operation(SessionDocument, role=Role.NONE, bodies={JSON: SetupRequest}, errors=(SignInError, NotAllowedError))
    def create_first_account() -> Response:
        """Create the first account, which is an admin, and sign in."""
        sent = parse_body(SetupRequest)
        if setup_hash is None or hash_token(sent.token) != setup_hash:
            raise SignInError("This link is not valid. Start `crossmodal serve --setup` again, and open its link.")
        with creating:  # of two requests with the link, only one creates an account
            if authentication.accounts.have_admin():
                raise NotAllowedError("There is an admin already. Sign in on the page /sign-in.")
            account = add_account(library, NewAccount(sent.name, Role.ADMIN, password=sent.password))
        response = start_session(authentication, account)
        record_activity(library, "account-added", account.name)
        return response

    return api
