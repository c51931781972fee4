"""A limit on the requests of each client. Home of Flask-Limiter.

The counts are in the memory of the process: they are lost when the server restarts.
"""

import math
import threading
import time
from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded
from limits.storage import MemoryStorage

from search.records import OWNER
from search.settings import NO_RATE
from web.access.addresses import get_network
from web.access.caller import get_principal
from web.contract.openapi import PREFIX
from web.contract.operation import get_operation
from web.http_errors import RateLimitError
from web.problems import make_problem

HEADERS = {
    "X-RateLimit-Limit": "The number of requests in a period of time",
    "X-RateLimit-Remaining": "How many of them are left",
    "X-RateLimit-Reset": "When the period ends, in seconds since 1970",
}


class LockedStorage(MemoryStorage):
    """Counts of requests in memory, one request at a time.

    Two threads that schedule the removal of old counts at the same moment would start the same timer twice, which is an
    error.
    """

    STORAGE_SCHEME = ["locked-memory"]  # noqa: RUF012 - the base class declares it so

    def __init__(self, *args: Any, **options: Any) -> None:
        self._counting = threading.Lock()
        super().__init__(*args, **options)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a request, and return whether it is within the limit."""
        with self._counting:
            return super().acquire_entry(key, limit, expiry, amount)


def register(app: Flask, limit: str, sign_in_limit: str) -> None:
    """Limit the requests of each client to the REST API, and the attempts to sign in from each address.

    Args:
        app: The application.
        limit: The number of requests and the period, such as "3000 per minute"; "off" for no limit.
        sign_in_limit: The number of attempts, in the same form.
    """
    limiter = Limiter(
        identify_client,
        app=app,
        application_limits=[limit] if limit != NO_RATE else [],
        application_limits_exempt_when=_is_exempt,
        strategy="moving-window",
        storage_uri=f"{LockedStorage.STORAGE_SCHEME[0]}://",
    )
    if sign_in_limit != NO_RATE:
        for endpoint, view in app.view_functions.items():
            if endpoint != "static" and get_operation(view).signs_in:
                limited: Any = limiter.limit(sign_in_limit, key_func=get_network)(view)
                app.view_functions[endpoint] = limited

    @app.after_request
    def _describe_limit(response: Response) -> Response:
        """Send what is left. Flask-Limiter itself would send a `Retry-After` with every response."""
        current = limiter.current_limit
        if current is not None:
            values = (current.limit.amount, current.remaining, current.reset_at)
            response.headers.update(dict(zip(HEADERS, map(str, values), strict=True)))
            if response.status_code == RateLimitError.http_status:
                response.headers.setdefault("Retry-After", str(max(1, math.ceil(current.reset_at - time.time()))))
        return response

    @app.errorhandler(RateLimitExceeded)
    def _answer_exceeded(error: RateLimitExceeded) -> Response:
        is_sign_in = error.limit is not None and error.limit.key_func is get_network
        name, value = ("sign_in_limit", sign_in_limit) if is_sign_in else ("rate_limit", limit)
        return make_problem(
            RateLimitError, f"More requests were sent than the limit of {value} (setting `{name}`). Try again later."
        )


def identify_client() -> str:
    """Return who sends the current request: an API key, an account, or an address."""
    principal = get_principal()
    if principal.key_id is not None:
        return f"key {principal.key_id}"
    return f"account {principal.account.id}" if principal.account is not None else get_network()


def _is_exempt() -> bool:
    """Return whether a request is not counted.

    Pages, their files and checks of a monitor are not, and the person at a server without accounts is not limited.
    """
    return not request.path.startswith(PREFIX) or get_principal() is OWNER
