"""The gate: finds out who sends a request, and refuses what they may not do."""

import hmac
from urllib.parse import quote

from flask import Flask, Response, current_app, g, make_response, redirect, request

from search.access.authentication import Authentication
from search.access.tokens import TokenKind, find_kind, make_form_token
from search.errors import NotAllowedError, SignInError
from search.records import NOBODY, OWNER, Principal, Role
from web.access.addresses import find_exposure
from web.access.caller import get_form_token, get_principal
from web.access.cookies import LINK_COOKIE, SESSION_COOKIE, drop_cookie
from web.contract.openapi import find_operation
from web.contract.operation import FORM_TOKEN_HEADER, Operation
from web.cross_site import SAFE_METHODS
from web.http_errors import FormTokenError
from web.proxies import TRUSTED_KEY

OWNER_TOKEN = "crossmodal_owner_token"  # noqa: S105 - the key of an extension
FORM_TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
# How the cookies of a browser say who uses it.
FINDERS = {SESSION_COOKIE: Authentication.find_session, LINK_COOKIE: Authentication.find_link}


def register(app: Flask, authentication: Authentication, user_header: str, owner_token: str | None = None) -> None:
    """Let only callers through whose role includes the one that the route declares.

    Args:
        app: The application.
        authentication: Finds out who sends a request.
        user_header: The header in which trusted proxies name the account; empty if they do not.
        owner_token: The token of commands on this machine, which act as the owner of the home.
    """
    app.extensions[OWNER_TOKEN] = owner_token

    @app.before_request
    def _check() -> Response | None:
        operation = find_operation(app, request.endpoint)
        named = _read_named(user_header)
        if request.endpoint in {None, "static"}:
            # For the menu of the page that says that there is nothing.
            g.find_principal = lambda: _find_visitor(authentication, named)
            return None
        if operation.role is Role.NONE and not (named or _has_secret()):
            # Most of these routes do not ask who it is. A monitor must not wait for the database.
            g.find_principal = lambda: _find_unnamed(authentication, is_public=True)
            return None

        def find() -> Principal:
            return _find_principal(authentication, named, operation.role)

        g.find_principal, g.principal = find, find()
        if operation.role is Role.NONE:
            return None
        if get_principal().role.includes(operation.role):
            _check_form_token()
            return None
        return _refuse(operation)

    @app.after_request
    def _ask_for_key(response: Response) -> Response:
        if response.status_code == SignInError.http_status:
            response.headers["WWW-Authenticate"] = 'Bearer realm="Crossmodal"'
        for name in g.get("expired_cookies", ()):
            drop_cookie(response, name)
        return response


def _refuse(operation: Operation) -> Response:
    """Return a redirect to the page to sign in, which leads back, for somebody who opens a page.

    Raises:
        SignInError: It is no page, and the caller has not signed in.
        NotAllowedError: The role of the caller is too low.
    """
    if get_principal().role is not Role.NONE:
        raise NotAllowedError(_explain(operation.role))
    if operation.is_page:
        target = request.full_path.rstrip("?")
        return make_response(redirect(f"{request.root_path}/sign-in?next={quote(target, safe='')}"))
    raise SignInError("Sign in on the page /sign-in, or send an API key: `Authorization: Bearer KEY`.")


def _read_named(user_header: str) -> str:
    """Return the name of the account in the header of a trusted proxy; empty if there is none."""
    return request.headers.get(user_header, "") if user_header and request.environ.get(TRUSTED_KEY) else ""


def _has_secret() -> bool:
    """Return whether the current request has something that says who sends it."""
    return "Authorization" in request.headers or not FINDERS.keys().isdisjoint(request.cookies)


def _find_principal(authentication: Authentication, named: str, needed: Role) -> Principal:
    """Return who sends the current request.

    Args:
        authentication: Finds it out.
        named: The name in the header of a trusted proxy, which decides if there is one.
        needed: The role that the route needs.

    Raises:
        SignInError: The request has a key that is not valid.
        NotAllowedError: There are no accounts, and the request may come from another machine.
    """
    if named:
        return _find_named(authentication, named)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _find_bearer(authentication, token.strip())
    g.expired_cookies = []
    for name, find in FINDERS.items():
        # Without accounts, the person at the machine who follows a link stays who they are.
        if name in request.cookies and (name == SESSION_COOKIE or authentication.accounts.exist()):
            principal = find(authentication, request.cookies[name])
            if principal is not None:
                g.form_token = make_form_token(request.cookies[name]) if name == SESSION_COOKIE else None
                return principal
            g.expired_cookies.append(name)
    return _find_unnamed(authentication, is_public=needed is Role.NONE)


def _find_unnamed(authentication: Authentication, is_public: bool) -> Principal:
    """Return who sends a request that does not say so.

    Args:
        authentication: Says whether there are accounts.
        is_public: Whether the route is for everyone.

    Raises:
        NotAllowedError: The route is not for everyone, there are no accounts, and the request may come from another
            machine.
    """
    if authentication.accounts.exist():
        return NOBODY
    exposure = find_exposure()
    if exposure is None:
        return OWNER
    if is_public:
        return NOBODY
    raise NotAllowedError(
        f"Nobody has an account yet, so this server only answers to the person at this machine, and this request may "
        f"come from elsewhere: {exposure}. On the machine, run `crossmodal users add NAME --role admin`, then sign in."
    )


def _find_visitor(authentication: Authentication, named: str) -> Principal:
    """Return who asks for a path that does not exist; nobody if that is not clear."""
    try:
        return _find_principal(authentication, named, Role.NONE)
    except (SignInError, NotAllowedError):
        return NOBODY


def _find_named(authentication: Authentication, name: str) -> Principal:
    """Return the principal of the account that a trusted proxy names.

    Raises:
        NotAllowedError: There is no such account, or it is disabled.
    """
    found = authentication.accounts.read_credentials(name)
    if found is None or found.account.is_disabled:
        raise NotAllowedError(f"{name} has no account here, or it is disabled. Ask an admin to add one.")
    return authentication.make_principal(found.account)


def _find_bearer(authentication: Authentication, token: str) -> Principal:
    finders = {TokenKind.KEY: authentication.find_key, TokenKind.LINK: authentication.find_link}
    find = finders.get(find_kind(token) or TokenKind.SESSION)
    owner_token = current_app.extensions[OWNER_TOKEN]
    if owner_token is not None and hmac.compare_digest(token.encode(), owner_token.encode()):
        return OWNER
    principal = find(token) if find is not None else None
    if principal is None:
        raise SignInError("The API key is not valid: it is misspelt, expired or deleted. Create another one.")
    return principal


def _check_form_token() -> None:
    """Refuse a change by a browser session whose request does not come from a page of this server."""
    expected = get_form_token()
    if request.method in SAFE_METHODS or expected is None:
        return
    sent = request.headers.get(FORM_TOKEN_HEADER)
    if sent is None and request.mimetype == "application/x-www-form-urlencoded":
        sent = request.form.get(FORM_TOKEN_FIELD)
    if not hmac.compare_digest((sent or "").encode(), expected.encode()):
        raise FormTokenError(f"The header {FORM_TOKEN_HEADER} is missing or outdated. Reload the page and try again.")


def _explain(needed: Role) -> str:
    explanations = {
        Role.SEARCH: "This needs an account. Ask an admin.",
        Role.EDIT: "This needs an account that may edit (role edit). Ask an admin.",
        Role.ADMIN: "This is for admins only.",
    }
    return explanations.get(needed, "This is not allowed. Ask an admin.")
