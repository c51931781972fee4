"""/sign-in/provider: sign in through an identity provider."""

import secrets
import threading
import time
from dataclasses import asdict, replace
from datetime import timedelta

from flask import Blueprint, Response, make_response, redirect, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from search.access.accounts import NewAccount, add_account, check_name
from search.access.authentication import Authentication
from search.errors import NotAllowedError, NotFoundError, ProviderError, SignInError, UsageError
from search.open_home import OpenHome
from search.records import Account, Role
from search.settings import Settings
from web.access.caller import record_activity
from web.access.cookies import ATTEMPT_COOKIE, drop_cookie, set_cookie
from web.access.identity_provider import Attempt, Identity, IdentityProvider, has_provider
from web.api.session import begin_session, keep_session
from web.contract.operation import Operation

LIFETIME = timedelta(minutes=10)
PAGE = "text/html"
LOCATION = {"Location": "The next page"}


class FinishedAttempts:
    """The sign-ins that were finished, so that each is finished only once. Thread-safe."""

    def __init__(self) -> None:
        self._expiries: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, state: str) -> None:
        """Note that a sign-in is finished.

        Raises:
            SignInError: It was finished before.
        """
        with self._lock:
            moment = time.monotonic()
            for old in [one for one, expiry in self._expiries.items() if expiry < moment]:
                del self._expiries[old]
            if state in self._expiries:
                raise SignInError("This sign-in was finished before. Begin again.")
            self._expiries[state] = moment + LIFETIME.total_seconds()


def make_blueprint(library: OpenHome, authentication: Authentication, settings: Settings) -> Blueprint:
    """Return the routes.

    Args:
        library: The library.
        authentication: Starts sessions.
        settings: The settings of the identity provider.
    """
    api = Blueprint("provider", __name__, url_prefix="/sign-in/provider")
    provider = IdentityProvider(settings)
    # A restart of the server makes people who are just signing in begin again.
    signer = URLSafeTimedSerializer(secrets.token_bytes(32))
    finished = FinishedAttempts()
    leads_on = Operation(status=302, role=Role.NONE, media=(PAGE,), headers=LOCATION, signs_in=True)

    def require_provider() -> None:
        if not has_provider(settings):
            raise NotFoundError("No identity provider is set up: the settings `oidc_issuer` and `oidc_client_id`.")

    @api.get("")
    @replace(leads_on, errors=(NotFoundError, ProviderError))
    def begin() -> Response:
        """Lead a browser to the identity provider, if one is set up."""
        require_provider()
        address, attempt = provider.begin(_get_callback(), clean_target(request.args.get("next", "")))
        response = _lead_to(address)
        set_cookie(response, ATTEMPT_COOKIE, str(signer.dumps(asdict(attempt))), LIFETIME)
        return response

    @api.get("/callback")
    @replace(leads_on, errors=(SignInError, NotAllowedError))
    def finish() -> Response:
        """Sign in whom the identity provider sends back."""
        require_provider()
        try:
            kept = signer.loads(request.cookies.get(ATTEMPT_COOKIE, ""), max_age=int(LIFETIME.total_seconds()))
        except BadSignature as error:
            raise SignInError("This sign-in was begun elsewhere or too long ago. Begin again.") from error
        attempt = Attempt(**kept)
        finished.add(attempt.state)
        identity = provider.finish(_get_callback(), request.url, attempt)
        account = find_account(library, authentication, settings, identity)
        token = begin_session(authentication, account)
        record_activity(library, "sign-in")
        response = _lead_to(f"{request.root_path}{attempt.target}")
        drop_cookie(response, ATTEMPT_COOKIE)
        keep_session(response, authentication, token)
        return response

    return api


def find_account(library: OpenHome, authentication: Authentication, settings: Settings, identity: Identity) -> Account:
    """Return the account of someone whom the identity provider knows.

    That is the account which signed in like this before; else the account of the same name that was added without a
    password, to invite someone; else a new one without sources, if the setting `oidc_new_accounts` says so.

    Raises:
        NotAllowedError: There is no such account, or it is disabled.
    """
    accounts = authentication.accounts
    account = accounts.find_external(identity.external_id)
    if account is None:
        account = accounts.claim_invitation(identity.name, identity.external_id)
    if account is None:
        if not (settings.oidc_new_accounts and accounts.have_admin()):
            raise NotAllowedError(f"{identity.name} has no account here. Ask an admin to add one without a password.")
        try:
            check_name(identity.name)
            new = NewAccount(identity.name, Role.SEARCH, (), external_id=identity.external_id)
            account = add_account(library, new)
        except UsageError as error:
            raise NotAllowedError(f"No account can be added for {identity.name!r}: {error}. Ask an admin.") from error
        record_activity(library, "account-added", account.name)
    if account.is_disabled:
        raise NotAllowedError("This account is disabled. Ask an admin.")
    return account


def clean_target(path: str) -> str:
    """Return the path of a page of this server to lead to, `/` instead of anything else."""
    is_plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if is_plain else "/"


def _get_callback() -> str:
    return f"{request.host_url.rstrip('/')}{request.root_path}/sign-in/provider/callback"


def _lead_to(address: str) -> Response:
    response = make_response(redirect(address))
    response.cache_control.no_store = True
    return response
