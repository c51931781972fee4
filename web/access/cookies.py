"""The cookies of browsers: a session, a link that was followed, a sign-in that was begun."""

from datetime import timedelta

from flask import Response, request

SESSION_COOKIE = "crossmodal_session"
LINK_COOKIE = "crossmodal_link"
# A sign-in through an identity provider that was begun.
ATTEMPT_COOKIE = "crossmodal_attempt"


def set_cookie(response: Response, name: str, token: str, lifetime: timedelta) -> None:
    """Set a cookie that only this server gets and that scripts cannot read."""
    response.set_cookie(
        name,
        token,
        max_age=lifetime,
        path=f"{request.root_path}/",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def drop_cookie(response: Response, name: str) -> None:
    """Delete a cookie."""
    response.delete_cookie(name, path=f"{request.root_path}/", secure=request.is_secure, httponly=True, samesite="Lax")
