"""An id for every request, so that a response can be found in the log."""

import re
import uuid

from flask import Flask, Response, g, request

HEADER = "X-Request-Id"
# Ids of clients and proxies are kept if they cannot disturb a log.
_VALID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def choose_request_id(sent: str) -> str:
    """Return the id that a client sent if it is valid, else a new one."""
    return sent if _VALID.fullmatch(sent) else uuid.uuid4().hex


def get_request_id() -> str:
    """Return the id of the current request: the one that the client sent if it is valid, else a new one."""
    if "request_id" not in g:
        g.request_id = choose_request_id(request.headers.get(HEADER, ""))
    return str(g.request_id)


def register(app: Flask) -> None:
    """Send the id with every response."""

    @app.after_request
    def _send_id(response: Response) -> Response:
        response.headers[HEADER] = get_request_id()
        return response
