"""One connection: how long a client may keep it without using it, and the answer to a request that is not HTTP."""

import asyncio
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from search.errors import BusyError, CrossmodalError
from search.settings import Settings
from web.http_errors import RequestTimeoutError
from web.problem_documents import Problem, find_error
from web.request_ids import choose_request_id
from web.server.asgi import make_headers

BUSY = "The server has too many connections. Try again in a few seconds."
TOO_SLOW = "The headers of the request arrived too slowly. Send the request again."
TOO_LARGE = "The headers of the request are too large. Make the address shorter, or send a POST request."
NOT_HTTP = "This is not a valid HTTP request. Check the client, or whether the address starts with http://."


class Timer:
    """Calls a function once, unless it is stopped before."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, call: Callable[[], None]) -> None:
        """Create the timer; it does not run yet.

        Args:
            loop: The event loop.
            seconds: The time from the start to the call.
            call: The function.
        """
        self._loop = loop
        self._seconds = seconds
        self._call = call
        self._handle: asyncio.TimerHandle | None = None

    @property
    def is_running(self) -> bool:
        """Whether the call is still to come."""
        return self._handle is not None

    def start(self) -> None:
        """Start, or start again."""
        self.stop()
        self._handle = self._loop.call_later(self._seconds, self._end)

    def stop(self) -> None:
        """Call nothing."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _end(self) -> None:
        self._handle = None
        self._call()


class Protocol(H11Protocol):
    """An HTTP/1.1 connection with limits.

    - The headers of a request must arrive within the receive timeout.
    - A response that the client does not go on reading is cut after the stall timeout.
    - Above the largest number of connections, the one that has been without a request for longest is closed.
    - Errors are problem documents.
    """

    settings: ClassVar[Settings]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create the protocol of a new connection, as uvicorn does."""
        super().__init__(*args, **kwargs)
        self._receiving = Timer(self.loop, self.settings.receive_timeout, self._give_up)
        self._stalled = Timer(self.loop, self.settings.stall_timeout, self._cut)
        self._last_used = self.loop.time()

    @property
    def is_idle(self) -> bool:
        """Whether no request is in progress."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection."""
        super().connection_made(transport)
        self._receiving.start()
        if len(self.connections) > self.settings.max_connections and not self._close_idle():
            self._refuse(BusyError, BUSY)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers."""
        self._receiving.stop()
        self._stalled.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what the client has sent."""
        self._last_used = self.loop.time()
        super().data_received(data)
        is_request_in_progress = self.conn.their_state is not h11.IDLE and not self.is_idle
        if is_request_in_progress:
            self._receiving.stop()
        elif not self._receiving.is_running:
            # For the headers, or for the rest of a body that was answered early, which is not kept. Without the rest,
            # clients would fail to send it before they read the answer.
            self._receiving.start()

    def pause_writing(self) -> None:
        """Wait for a client that does not read."""
        super().pause_writing()
        self._stalled.start()

    def resume_writing(self) -> None:
        """Go on, since the client has read."""
        self._stalled.stop()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer a request that cannot be read."""
        error = sys.exception()
        status = getattr(error, "error_status_hint", HTTPStatus.BAD_REQUEST)
        is_large = status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self._refuse(find_error(status), TOO_LARGE if is_large else NOT_HTTP, status)

    def _refuse(self, error: type[CrossmodalError], detail: str, status: int | None = None) -> None:
        """Send a problem document, unless a response has begun, and close the connection."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            problem = Problem(error, detail, choose_request_id(""), http_status=status)
            headers = [*make_headers(problem), (b"connection", b"close")]
            reason = HTTPStatus(problem.status).phrase.encode()
            head = h11.Response(status_code=problem.status, headers=headers, reason=reason)
            for event in (head, h11.Data(data=problem.body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _give_up(self) -> None:
        """Close a connection whose request has not arrived in time. Browsers open some that they never use."""
        if self.conn.trailing_data[0]:
            self._refuse(RequestTimeoutError, TOO_SLOW)
        else:
            self.transport.close()

    def _cut(self) -> None:
        self.transport.abort()

    def _close_idle(self) -> bool:
        """Close the connection that has been without a request for longest; return False if all have one."""
        others = [cast(Protocol, one) for one in self.connections if one is not self]
        idle = [one for one in others if one.is_idle and not one.transport.is_closing()]
        if idle:
            min(idle, key=lambda one: one._last_used).transport.abort()
        return bool(idle)


def make_protocol(settings: Settings) -> type[Protocol]:
    """Return a class of connections with the limits of the settings."""
    return type("LimitedProtocol", (Protocol,), {"settings": settings})
