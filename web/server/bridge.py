"""The Flask application as an ASGI application in which no slow client occupies a thread.

The event loop waits for clients: for the headers and small bodies of requests, and for space to send. A thread is used
while the application computes, and while the next block of a large response is read.
"""

import asyncio
import io
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

from search.access.tokens import hide_tokens
from search.errors import BusyError, describe_stack
from search.settings import Settings
from web.deadlines import RECEIVED_AT
from web.problem_documents import find_error
from web.server.asgi import RETRY_SECONDS, Headers, Receive, Scope, Send
from web.server.blocks import BlockReader
from web.server.capacity import Capacity, FullError
from web.server.environ import StreamedBody, make_environ
from web.server.exchange import ClientLeftError, Exchange, check_size

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# It has a separate thread, so that it answers whatever else the server does.
HEALTH_PATH = "/healthz"
HEALTH_LIMIT = 100
# A search computes all the time. More of them at once than there are processors would only take turns: each would take
# longer, and all together, too.
SEARCH_PATH = "/api/v1/search"
FORM = "multipart/form-data"
EXTRA_SEARCHES = 1
# What is read from files has its own threads, so that a page of thumbnails or a slow disk does not delay a search.
MEDIA_PATH = re.compile(r"/api/v1/items/\d+/(?:media|thumbnail|preview|playback|clip|loudness|pages)(?:/|$)")
# Bodies of requests up to this size are received before the application is called, so that a slow one occupies no
# thread; larger ones are read while they arrive. All bodies in memory have a common limit, except small ones, which the
# number of connections limits.
MAX_READ_AHEAD = 8 * 1024 * 1024
MAX_READ_AHEAD_TOTAL = 128 * 1024 * 1024
MAX_SMALL_BODY = 64 * 1024
# Responses up to this size are read at once and left to the system to send.
MAX_SMALL_RESPONSE = 256 * 1024
BLOCK_BYTES = 256 * 1024
# Threads that read files for downloads.
TRANSFER_THREADS = 4

# Returns the largest body of a request in bytes, from its method, its path and its header `Content-Type`.
FindLimit = Callable[[str, str, str], int]


@dataclass
class Answer:
    """What the application answers.

    Attributes:
        status: The HTTP status.
        headers: The headers.
        body: The whole body; None if it is to be read from `blocks`.
        blocks: The blocks of a large or endless body.
        close: Ends the response of the application.
    """

    status: int
    headers: Headers
    body: bytes | None
    blocks: Iterator[bytes]
    close: Callable[[], None]

    @property
    def is_event_stream(self) -> bool:
        """Whether each block must be sent as soon as it exists."""
        return dict(self.headers).get(b"content-type", b"").startswith(b"text/event-stream")


class Bridge:
    """An ASGI application that answers with a WSGI application. Each kind of work has its own threads and limit."""

    def __init__(self, app: "WSGIApplication", settings: Settings, find_limit: FindLimit | None = None) -> None:
        """Create the bridge.

        Args:
            app: The application.
            settings: The settings with the limits.
            find_limit: Returns the largest body of a request; by default that of an upload.
        """
        self._app = app
        self._find_limit = find_limit or (lambda _method, _path, _media_type: settings.file_limit)
        self._settings = settings
        threads = settings.request_threads
        self._requests = Capacity("request", threads, threads + settings.request_queue)
        computing = settings.threads + EXTRA_SEARCHES
        self._searches = Capacity("search", computing, computing + threads + settings.request_queue)
        self._media = Capacity("media", threads, threads + settings.request_queue)
        self._health = Capacity("health", 1, HEALTH_LIMIT)
        self._uploads = Capacity("upload", settings.max_uploads, settings.max_uploads)
        self._streams = Capacity("events", settings.max_event_streams, settings.max_event_streams)
        self._transfers = Capacity("transfer", TRANSFER_THREADS, settings.max_transfers)
        self._read_ahead = 0
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End event streams, which would never end by themselves."""
        self._stopping.set()

    def close(self) -> bool:
        """Start no more work; return whether some is still in progress."""
        computing = (self._requests, self._searches, self._media, self._health)
        return any([kind.close() for kind in (*computing, self._uploads, self._streams, self._transfers)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive, send, self._settings.receive_timeout)
        try:
            await self._answer(exchange)
        except FullError:
            detail = "The server is busy with other requests. Try again in a few seconds."
            await exchange.refuse(BusyError, detail)
        except (RequestTimeout, RequestEntityTooLarge) as error:
            await exchange.refuse(find_error(error.code), error.description or "")
        except ClientLeftError:
            pass  # nobody is left to be answered
        except Exception as error:
            logging.getLogger("crossmodal").error(
                "cannot finish the response to %s\n%s", hide_tokens(scope["path"]), describe_stack(error)
            )
            raise  # uvicorn closes the connection
        finally:
            exchange.close()

    async def _answer(self, exchange: Exchange) -> None:
        length = exchange.body_length
        limit = self._find_limit(exchange.scope["method"], exchange.scope["path"], exchange.media_type)
        check_size(length or 0, limit)
        if length is None and limit <= MAX_READ_AHEAD:
            length = limit  # of a body whose length is unknown, at most this much is read
        if length is not None and length <= MAX_READ_AHEAD:
            capacity = self._choose_threads(exchange)
            with self._hold_body(length):
                answer = await self._call(exchange, capacity, await exchange.read_body(limit))
        else:
            stream = StreamedBody(exchange.read_block, asyncio.get_running_loop())
            answer = await self._call(exchange, self._uploads, io.BufferedReader(stream, BLOCK_BYTES))
        if answer is None:
            return
        if answer.body is not None:
            await exchange.start(answer.status, answer.headers)
            await exchange.send(answer.body, more=False)
        else:
            await self._send_blocks(exchange, answer, self._streams if answer.is_event_stream else self._transfers)

    def _choose_threads(self, exchange: Exchange) -> Capacity:
        """Return the threads for a request without a large body."""
        path = exchange.scope["path"]
        if path == HEALTH_PATH:
            return self._health
        # Searches with a file wait for the processes that decode it, or for the speech model.
        if path == SEARCH_PATH and not exchange.media_type.lower().startswith(FORM):
            return self._searches
        return self._media if MEDIA_PATH.match(path) else self._requests

    @contextmanager
    def _hold_body(self, length: int) -> Iterator[None]:
        """Count the body of a request against the limit for a `with` block."""
        counted = 0 if length <= MAX_SMALL_BODY else length
        if self._read_ahead + counted > MAX_READ_AHEAD_TOTAL:
            raise FullError
        self._read_ahead += counted
        try:
            yield
        finally:
            self._read_ahead -= counted

    async def _call(self, exchange: Exchange, capacity: Capacity, body: io.BufferedIOBase) -> Answer | None:
        """Return the answer of the application; None if the client has left before a thread was free."""
        environ = make_environ(exchange.scope, body) | {RECEIVED_AT: time.monotonic()}
        is_read = isinstance(body, io.BytesIO)
        if is_read:
            exchange.watch()
        with capacity.reserved():
            answer = await capacity.start(lambda: None if exchange.left.is_set() else call_app(self._app, environ))
        if not is_read:
            exchange.watch()
        return answer

    async def _send_blocks(self, exchange: Exchange, answer: Answer, capacity: Capacity) -> None:
        """Send a large or endless response, one block at a time, as fast as the client reads."""
        try:
            capacity.reserve()
        except FullError:
            answer.close()
            raise
        over: list[asyncio.Future[Any]] = [asyncio.ensure_future(exchange.left.wait())]
        if answer.is_event_stream:
            over.append(asyncio.ensure_future(self._stopping.wait()))
        # Files are read in larger blocks.
        reader = BlockReader(answer.blocks, answer.close, 1 if answer.is_event_stream else BLOCK_BYTES)
        reading: asyncio.Future[bytes] | None = None
        try:
            await exchange.start(answer.status, answer.headers)
            while True:
                reading = capacity.start(reader.read)
                await asyncio.wait([reading, *over], return_when=asyncio.FIRST_COMPLETED)
                if any(event.done() for event in over) or not (block := await reading):
                    break
                await exchange.send(block, more=True)
            await exchange.send(b"", more=False)
        finally:
            for event in over:
                event.cancel()
            # The place is in use until the thread that waits for the next block has ended.
            if reading is None or reading.done():
                capacity.release()
            else:
                reading.add_done_callback(lambda _read: capacity.release())
            reader.close()


def call_app(app: "WSGIApplication", environ: dict[str, Any]) -> Answer:
    """Return the answer of a WSGI application. A small body is read at once."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        started[:] = [(status, headers)]
        return _refuse_to_write

    result: Iterable[bytes] = app(environ, start_response)
    close = getattr(result, "close", _do_nothing)
    status, headers = int(started[0][0].split()[0]), started[0][1]
    lower = [(name.lower(), value) for name, value in headers]
    # The server adds the date.
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lower if name != "date"]
    known = dict(encoded)
    if status == HTTPStatus.SERVICE_UNAVAILABLE and b"retry-after" not in known:
        encoded.append((b"retry-after", b"%d" % RETRY_SECONDS))
    length = known.get(b"content-length")
    is_small = length is not None and int(length) <= MAX_SMALL_RESPONSE
    has_no_body = environ["REQUEST_METHOD"] == "HEAD" or status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
    if not is_small and not has_no_body:
        return Answer(status, encoded, None, iter(result), close)
    try:
        return Answer(status, encoded, b"".join(result), iter(()), close)
    finally:
        close()


def _refuse_to_write(_block: bytes) -> object:
    raise NotImplementedError("The application must return its body")


def _do_nothing() -> None:
    pass
