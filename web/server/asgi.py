"""Types of the ASGI interface that are used here, and responses that the server itself gives."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


def make_problem(status: int, detail: str) -> bytes:
    """Return an RFC 9457 problem document for an error that the application does not see."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return json.dumps(document).encode()


def make_problem_headers(body: bytes, retry_seconds: int | None = None) -> Headers:
    """Return the headers of a problem document.

    Args:
        body: The document.
        retry_seconds: When the client should ask again, in seconds.
    """
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
    return headers if retry_seconds is None else [*headers, (b"retry-after", b"%d" % retry_seconds)]
