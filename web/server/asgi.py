"""Types of the ASGI interface that are used here, and headers of the responses that the server itself gives."""

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from web.problem_documents import Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# When a client should repeat a request that the server is too busy for.
RETRY_SECONDS = 5


def make_headers(problem: Problem) -> Headers:
    """Return the headers of a problem that the application does not see."""
    headers = problem.headers | {"Content-Length": str(len(problem.body))}
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
