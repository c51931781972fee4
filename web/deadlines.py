"""The time by which each request must be answered. Waiting for the client does not count; a body has its own limit."""

import time

from flask import Flask, request

from search.deadline import set_deadline

# The key of the WSGI environment with the time, of `time.monotonic`, at which the server had received the request: its
# headers, and its body unless that is read while it arrives.
RECEIVED_AT = "web.received_at"


def register(app: Flask, seconds: float) -> None:
    """Set the deadline of each request; the time that it waited for a thread counts."""

    @app.before_request
    def _begin() -> None:
        set_deadline(request.environ.get(RECEIVED_AT, time.monotonic()) + seconds)

    @app.teardown_request
    def _end(_error: BaseException | None) -> None:
        set_deadline(None)
