"""Post JSON to webhooks. Whatever the server does, a call ends in time and returns why it failed."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import quote

from search.errors import find_reason
from search.webhooks import split_address

# A call ends after this time, whatever the server does. It is repeated after the next change of the library.
WEBHOOK_TIMEOUT_SECONDS = 10.0
MAX_PARALLEL_CALLS = 8
HEADERS = {"Content-Type": "application/json", "User-Agent": "crossmodal", "Connection": "close"}


@dataclass
class _Call:
    """A call in a separate thread, which can be abandoned.

    Attributes:
        address: The URL to post to.
        body: The JSON to post.
        connection: The connection, from the time on when it is made.
        error: Why the call failed; None if it succeeded.
    """

    address: str
    body: bytes
    connection: http.client.HTTPConnection | None = None
    error: str | None = "the webhook did not answer"
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Post the body. Every error ends up in `error`."""
        try:
            self.error = self._post()
        except Exception as error:  # a server can answer anything
            self.error = explain_error(error)
        finally:
            self.is_over.set()

    def abandon(self) -> None:
        """Shut the connection down, which ends the call."""
        sock = self.connection.sock if self.connection is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):  # it may have been closed meanwhile
                sock.shutdown(socket.SHUT_RDWR)

    def _post(self) -> str | None:
        parts = split_address(self.address)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.hostname or "", parts.port, timeout=WEBHOOK_TIMEOUT_SECONDS)
        try:
            target = quote(parts._replace(scheme="", netloc="", fragment="").geturl() or "/", safe="/%?&=+:,;@!$'()*~")
            self.connection.request("POST", target, self.body, HEADERS)
            status = self.connection.getresponse().status
        finally:
            self.connection.close()
        return None if 200 <= status < 300 else f"the webhook answered {status}"


def explain_error(error: Exception) -> str:
    """Return why a webhook could not be called, and what to do, for users."""
    if isinstance(error, http.client.HTTPException | ConnectionResetError | BrokenPipeError):
        return "the webhook does not answer with valid HTTP. Check its address and the log of its server."
    if isinstance(error, ssl.SSLError):  # its `strerror` has the position in the source code of OpenSSL
        reason = getattr(error, "verify_message", "") or (error.reason or "the connection failed").replace("_", " ")
        return f"the webhook cannot be reached securely: {reason}. Check its address and its certificate."
    reason = (error.strerror if isinstance(error, OSError) else None) or find_reason(error)
    return f"the webhook cannot be reached: {reason}. Check the address and that its server runs."


def send_json(address: str, body: bytes) -> str | None:
    """Post JSON to an address. Redirects are not followed.

    Returns:
        The reason if that failed, else None.
    """
    call = _Call(address, body)
    # A daemon, so that a server that never answers does not keep the process from ending.
    threading.Thread(target=call.run, daemon=True, name="webhook").start()
    if call.is_over.wait(WEBHOOK_TIMEOUT_SECONDS):
        return call.error
    call.abandon()
    return f"the webhook did not answer within {WEBHOOK_TIMEOUT_SECONDS:.0f} s"


def send_all(messages: Sequence[tuple[str, bytes]]) -> list[str | None]:
    """Post several messages, some at a time, and return the result of each as `send_json` does.

    Args:
        messages: Addresses and bodies.
    """
    if not messages:
        return []
    with ThreadPoolExecutor(min(MAX_PARALLEL_CALLS, len(messages)), thread_name_prefix="webhooks") as pool:
        return list(pool.map(lambda message: send_json(*message), messages))
