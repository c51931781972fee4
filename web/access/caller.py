"""The caller of the current request, and what they may read."""

from dataclasses import replace

from flask import g, request

from search.errors import NotAllowedError
from search.open_home import OpenHome
from search.records import NOBODY, Account, Principal, Query
from search.storage.activities import Activities
from web.access.addresses import get_address


def get_principal() -> Principal:
    """Return who sends the current request."""
    principal: Principal = g.get("principal", NOBODY)
    return principal


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
    """Return a query that only finds what the caller may read."""
    return replace(query, filters=replace(query.filters, rights=get_principal().rights))


def record_activity(library: OpenHome, action: str, subject: str | None = None) -> None:
    """Store that the caller did something, for admins.

    Args:
        library: The library.
        action: What was done, such as `source-added`.
        subject: What it was done to.
    """
    account = get_principal().account
    Activities(library.database).add(account.name if account is not None else None, action, subject, get_address())


def require_session() -> Account:
    """Return the account that signed in, for changes that a key must not make.

    Raises:
        NotAllowedError: The request is sent with a key, or not by an account.
    """
    if get_principal().key_id is not None:
        raise NotAllowedError(f"{request.path} cannot be changed with an API key. Sign in on the page instead.")
    return get_account()
