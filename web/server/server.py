"""Listen, answer until a signal arrives, and stop: no new connections, but what is in progress is finished."""

import errno
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import uvicorn
from flask import Flask
from uvicorn._types import ASGI3Application

from search.errors import ListenError
from search.settings import Settings
from web.body_limits import BodyLimits
from web.server.bridge import Bridge
from web.server.protocol import make_protocol

# Connections that the system accepts for a process that is busy.
BACKLOG = 2048
MAX_HEADER_BYTES = 64 * 1024
# Seconds after which a thread that computes in Python makes way for another one. A request needs the interpreter
# several times, so with Python's 5 ms an answer of /healthz waits a second for 16 threads that compute.
SWITCH_SECONDS = 0.0005


def listen(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on every address of a host, which may be a name, IPv4 or IPv6.

    Raises:
        ListenError: The port is in use, or the host is not one of this machine.
    """
    sockets: list[socket.socket] = []
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((family, address) for family, _, _, _, address in addresses):
            try:
                sockets.append(socket.create_server(address[:2], family=family, backlog=BACKLOG))
            except OSError as error:
                # A name can have an IPv6 address on a machine without IPv6.
                if error.errno != errno.EADDRNOTAVAIL or len(addresses) == 1:
                    raise
    except OSError as error:
        for one in sockets:
            one.close()
        raise ListenError(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another port or host.") from error
    for one in sockets:
        # Connections inherit it. Without it the second block of a response waits 40 ms for the client to confirm the
        # first; asyncio sets it only for sockets whose protocol is named.
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not sockets:
        raise ListenError(f"Cannot listen on {host}:{port}: it is not an address of this machine. Choose another host.")
    return sockets


def serve(app: Flask, settings: Settings, sockets: list[socket.socket], on_stop: Callable[[], None]) -> bool:
    """Answer requests until SIGTERM or SIGINT arrives.

    Args:
        app: The application.
        settings: The settings with the limits.
        sockets: Sockets that listen.
        on_stop: Is called as soon as a signal has arrived, before requests in progress are finished.

    Returns:
        Whether every request was finished within the limit.
    """
    raise_file_limit(settings.max_connections)
    sys.setswitchinterval(SWITCH_SECONDS)
    bridge = Bridge(app, settings, BodyLimits(app, settings).find)
    Server(make_config(bridge, settings), bridge, on_stop).run(sockets)
    return not bridge.close()


def make_config(bridge: Bridge, settings: Settings) -> uvicorn.Config:
    """Return the configuration of uvicorn: HTTP/1.1 over asyncio, with the limits of the settings."""
    return uvicorn.Config(
        cast(ASGI3Application, bridge),
        loop="asyncio",
        http=make_protocol(settings),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.idle_timeout,
        timeout_graceful_shutdown=settings.stop_timeout,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
    )


class Server(uvicorn.Server):
    """A server that ends event streams when it stops, and returns instead of raising the signal again."""

    def __init__(self, config: uvicorn.Config, bridge: Bridge, on_stop: Callable[[], None]) -> None:
        """Create the server.

        Args:
            config: The configuration.
            bridge: The application.
            on_stop: Is called when the server begins to stop.
        """
        super().__init__(config)
        self._bridge = bridge
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting and finish what is in progress."""
        self._on_stop()
        self._bridge.stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGTERM and SIGINT for the time of a `with` block."""
        if threading.current_thread() is not threading.main_thread():  # signals reach only the main thread
            yield
            return
        names = (signal.SIGTERM, signal.SIGINT)
        previous = {name: signal.signal(name, self.handle_exit) for name in names}
        try:
            yield
        finally:
            for name, handler in previous.items():
                signal.signal(name, handler)


def raise_file_limit(connections: int) -> None:
    """Let this process open as many files as its connections need, if the system permits."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A download has a connection and a file, and the catalog, indexes and libraries have some too.
    wanted = 2 * connections + 512
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
