"""What a WSGI application gets of a request: its environment and its body."""

import asyncio
import io
import sys
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from search.deadline import extend_deadline
from web.server.asgi import Scope

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ReadBlock = Callable[[], Coroutine[Any, Any, bytes]]


def make_environ(scope: Scope, body: io.BufferedIOBase) -> dict[str, Any]:
    """Return the WSGI environment of a request.

    Args:
        scope: The ASGI scope of the request.
        body: Its body.
    """
    server = scope.get("server") or ("localhost", None)
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 0),
        "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        # A name with `_` would be read as the same name with `-`, which a proxy may have checked.
        if b"_" in name:
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in {"CONTENT_LENGTH", "CONTENT_TYPE"} else f"HTTP_{key}"
        text = value.decode("latin-1")
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{text}" if key in environ else text
    return environ


class StreamedBody(io.RawIOBase):
    """The body of a request that a thread reads while it arrives, so that it is never stored as a whole."""

    def __init__(self, read_block: ReadBlock, loop: asyncio.AbstractEventLoop) -> None:
        """Create the body.

        Args:
            read_block: Returns the next block, empty at the end; runs in the event loop.
            loop: The event loop.
        """
        self._read_block = read_block
        self._loop = loop
        self._block = memoryview(b"")

    def readable(self) -> bool:
        """Return True: the body can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read up to the size of a buffer; return the number of bytes, 0 at the end."""
        if not self._block:
            began = time.monotonic()
            self._block = memoryview(asyncio.run_coroutine_threadsafe(self._read_block(), self._loop).result())
            extend_deadline(time.monotonic() - began)  # that was the time of the client
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._block))
        target[:size] = self._block[:size]
        self._block = self._block[size:]
        return size
