"""A limit on the requests of each client. Home of Flask-Limiter.

The counts are in the memory of the process: they are lost when the server restarts.
"""

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded

from search.records import OWNER
from search.settings import NO_RATE
from web.access.addresses import get_address
from web.access.caller import get_principal
from web.contract.openapi import PREFIX
from web.http_errors import RateLimitError
from web.problems import make_problem

HEADERS = {
    "X-RateLimit-Limit": "The number of requests in a period of time",
    "X-RateLimit-Remaining": "How many of them are left",
    "X-RateLimit-Reset": "When the period ends, in seconds since 1970",
}


def register(app: Flask, limit: str) -> None:
    """Limit the requests of each client to the REST API.

    Args:
        app: The application.
        limit: The number of requests and the period, such as "3000 per minute"; "off" for no limit.
    """
    if limit == NO_RATE:
        return
    Limiter(
        identify_client,
        app=app,
        application_limits=[limit],
        application_limits_exempt_when=_is_exempt,
        headers_enabled=True,
        strategy="moving-window",
        storage_uri="memory://",
        retry_after="delta-seconds",
    )

    @app.errorhandler(RateLimitExceeded)
    def _answer_exceeded(_error: RateLimitExceeded) -> Response:
        return make_problem(
            RateLimitError,
            f"More requests were sent than the limit of {limit} (setting `rate_limit`). Try again later.",
        )


def identify_client() -> str:
    """Return who sends the current request: an API key, an account, or an address."""
    principal = get_principal()
    if principal.key_id is not None:
        return f"key {principal.key_id}"
    return f"account {principal.account.id}" if principal.account is not None else get_address() or ""


def _is_exempt() -> bool:
    """Return whether a request is not counted.

    Pages, their files and checks of a monitor are not, and the person at a server without accounts is not limited.
    """
    return not request.path.startswith(PREFIX) or get_principal() is OWNER
