"""The caller of the current request, and what they may read."""

from collections.abc import Callable
from dataclasses import replace

from flask import current_app, g, request

from search.errors import CrossmodalError, NotAllowedError
from search.open_home import OpenHome
from search.records import NOBODY, Account, LocationPrecision, Principal, Query
from search.storage.activities import Activities
from web.access.addresses import get_address

# Where an application keeps how precisely each role may see where items were captured.
PRECISIONS = "crossmodal_precisions"


def get_principal() -> Principal:
    """Return who sends the current request. The gate finds it out when it is first needed."""
    if "principal" not in g:
        g.principal = g.find_principal() if "find_principal" in g else NOBODY
    principal: Principal = g.principal
    return _limit_locations(principal)


def _limit_locations(principal: Principal) -> Principal:
    """Return a principal with the precision of locations that the settings have for its role."""
    precisions = current_app.extensions.get(PRECISIONS, {})
    precision: LocationPrecision = precisions.get(principal.role, LocationPrecision.HIDDEN)
    if principal.rights.locations is precision:
        return principal
    return replace(principal, rights=replace(principal.rights, locations=precision))


def make_recheck() -> Callable[[], Principal]:
    """Return a function that finds out again who sends the current request, for a response that goes on for long.

    It returns nobody when the key or the session has ended. It needs no request context.
    """
    app, environ, find = current_app._get_current_object(), request.environ, g.find_principal  # type: ignore[attr-defined]

    def find_again() -> Principal:
        with app.request_context(environ):
            try:
                principal: Principal = find()
            except CrossmodalError:
                return NOBODY
        return principal

    return find_again


def get_form_token() -> str | None:
    """Return what the browser of the caller sends with changes; None without a session."""
    get_principal()
    token: str | None = g.get("form_token")
    return token


def find_hidden_folders() -> bool:
    """Return whether the caller is known, and may not see the folders of some files."""
    return "principal" in g and get_principal().rights.hides_folders


def get_account() -> Account:
    """Return the account that sends the current request.

    Raises:
        NotAllowedError: The request is not sent by an account.
    """
    account = get_principal().account
    if account is None:
        raise NotAllowedError("This needs an account. Create one with `crossmodal users add`, then sign in.")
    return account


def restrict_library(library: OpenHome) -> OpenHome:
    """Return a library as the caller sees it: what they may not read does not exist in it."""
    return library.restrict(get_principal().rights)


def restrict_query(query: Query) -> Query:
    """Return a query that only finds what the caller may read.

    The terms of a score depend on a sample of all images, so only those who may read everything see them.
    """
    rights = get_principal().rights
    explain = query.explain and rights.are_complete
    return replace(query, explain=explain, filters=replace(query.filters, rights=rights))


def record_activity(library: OpenHome, action: str, subject: str | None = None) -> None:
    """Store that the caller did something, for admins.

    Args:
        library: The library.
        action: What was done, such as `source-added`.
        subject: What it was done to.
    """
    account = get_principal().account
    Activities(library.database).add(account.name if account is not None else None, action, subject, get_address())


def refuse_keys() -> None:
    """Refuse a change of accounts, passwords or keys that is sent with an API key.

    Raises:
        NotAllowedError: The request is sent with a key.
    """
    if get_principal().key_id is not None:
        raise NotAllowedError("An API key cannot change accounts, passwords or keys. Sign in on the page instead.")


def refuse_limited_keys() -> None:
    """Refuse what concerns the whole account to a key that is for some sources only.

    Raises:
        NotAllowedError: The request is sent with such a key.
    """
    if get_principal().is_limited:
        raise NotAllowedError("This API key is for some folders only, and cannot act for the whole account.")


def require_session() -> Account:
    """Return the account that signed in, for changes that a key must not make.

    Raises:
        NotAllowedError: The request is sent with a key, or not by an account.
    """
    refuse_keys()
    return get_account()
