"""One request and its response, as the event loop sees them."""

import asyncio
import io
import time
from contextlib import suppress

from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

from search.errors import CrossmodalError
from web.problem_documents import Problem
from web.request_ids import HEADER, choose_request_id
from web.server.asgi import Headers, Receive, Scope, Send, make_headers

# A body that arrives more slowly than this, in bytes per second, is refused after the time limit.
MIN_BODY_RATE = 8 * 1024
# So is one of which nothing arrives for this long: what came fast before does not pay for a pause.
MAX_SILENCE_SECONDS = 60.0


class ClientLeftError(ConnectionError):
    """The client has closed the connection before the end of the body."""


class Exchange:
    """One request and its response.

    Attributes:
        scope: The ASGI scope.
        left: Is set when the client has closed the connection.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, timeout: float) -> None:
        """Create the exchange.

        Args:
            scope: The ASGI scope.
            receive: Returns the next message of the client.
            send: Sends a message to the client; waits while the client does not read.
            timeout: Seconds that the client may keep the server waiting for its body.
        """
        self.scope = scope
        self.left = asyncio.Event()
        self._receive = receive
        self._send = send
        self._patience = timeout
        self._watch: asyncio.Task[None] | None = None
        self._has_more = True

    @property
    def body_length(self) -> int | None:
        """The size of the body in bytes; None if the client does not say."""
        headers = dict(self.scope["headers"])
        if b"transfer-encoding" in headers:
            return None
        return int(headers.get(b"content-length", b"0"))

    @property
    def media_type(self) -> str:
        """The header `Content-Type`; empty without one."""
        media_type: bytes = dict(self.scope["headers"]).get(b"content-type", b"")
        return media_type.decode("latin-1")

    async def read_block(self) -> bytes:
        """Return the next block of the body; empty at its end.

        Raises:
            RequestTimeout: The body arrives too slowly, or stops arriving.
            ClientLeftError: The client has closed the connection.
        """
        block = b""
        while self._has_more and not block:
            began = time.monotonic()
            try:
                async with asyncio.timeout(min(max(0.0, self._patience), MAX_SILENCE_SECONDS)):
                    message = await self._receive()
            except TimeoutError as error:
                raise RequestTimeout("The body of the request arrived too slowly. Send it again.") from error
            if message["type"] == "http.disconnect":
                self.left.set()
                raise ClientLeftError("The client closed the connection before the end of the body")
            self._has_more = message.get("more_body", False)
            block = message.get("body", b"")
            # Only waiting counts: a client must not pay for the time in which the server did not read.
            self._patience += len(block) / MIN_BODY_RATE - (time.monotonic() - began)
        return block

    async def read_body(self, limit: int) -> io.BytesIO:
        """Return the whole body.

        Raises:
            RequestEntityTooLarge: It has more bytes than the limit.
            RequestTimeout: The body arrives too slowly.
            ClientLeftError: The client has closed the connection.
        """
        body = io.BytesIO()
        while block := await self.read_block():
            body.write(block)
            check_size(body.tell(), limit)
        body.seek(0)
        return body

    def watch(self) -> None:
        """Notice from now on when the client closes the connection. The body must have been read or given up."""
        self._watch = asyncio.create_task(self._wait_until_left())

    async def start(self, status: int, headers: Headers) -> None:
        """Send the status and the headers."""
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def send(self, block: bytes, more: bool) -> None:
        """Send a part of the body; wait while the client does not read."""
        await self._send({"type": "http.response.body", "body": block, "more_body": more})

    async def refuse(self, error: type[CrossmodalError], detail: str) -> None:
        """Send a problem document."""
        sent = dict(self.scope["headers"]).get(HEADER.lower().encode(), b"").decode("latin-1")
        path, root = self.scope["path"], self.scope.get("root_path", "")
        problem = Problem(error, detail, choose_request_id(sent), path, root)
        await self.start(problem.status, make_headers(problem))
        await self.send(problem.body, more=False)

    def close(self) -> None:
        """Stop watching the client."""
        if self._watch is not None:
            self._watch.cancel()

    async def _wait_until_left(self) -> None:
        with suppress(asyncio.CancelledError):
            while (await self._receive())["type"] != "http.disconnect":
                pass
            self.left.set()


def check_size(size: int, limit: int) -> None:
    """Raise RequestEntityTooLarge if a body has more bytes than a limit."""
    if size > limit:
        raise RequestEntityTooLarge(f"The request is larger than {limit:,} bytes. Send less.")
