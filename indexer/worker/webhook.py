"""Post JSON to webhooks. Whatever the server does, a call ends in time and returns why it failed."""

import contextlib
import hashlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import quote

from search.errors import find_reason
from search.webhooks import WebhookHosts, sign_message, split_address

# A call ends after this time, whatever the server does. It is repeated after the next change of the library.
WEBHOOK_TIMEOUT_SECONDS = 10.0
MAX_PARALLEL_CALLS = 8
PORTS = {"http": 80, "https": 443}
NOT_LISTED = "the webhook was not called: {host} is not an allowed host. Add it to the setting `webhook_hosts`."
NOT_PUBLIC = (
    "the webhook was not called: the addresses of {host} are not public. If the host is one of yours, add its address "
    "to the setting `webhook_hosts`."
)
HEADERS = {"Content-Type": "application/json", "User-Agent": "crossmodal", "Connection": "close"}


@dataclass(frozen=True)
class WebhookMessage:
    """A message for a webhook.

    Attributes:
        address: The URL to post to.
        body: The JSON to post.
        secret: What it is signed with.
    """

    address: str
    body: bytes
    secret: str = field(repr=False)

    @property
    def id(self) -> str:
        """The id of the message, the same when it is sent again."""
        return f"msg_{hashlib.sha256(self.address.encode(errors='replace') + self.body).hexdigest()[:32]}"

    def make_headers(self) -> dict[str, str]:
        """Return the headers of the message, with the time and the signature."""
        timestamp = int(time.time())
        return HEADERS | {
            "webhook-id": self.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign_message(self.secret, self.id, timestamp, self.body),
        }


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to an address that was checked, whatever the name of the host leads to by then."""

    address = ""
    context: ssl.SSLContext | None = None

    def connect(self) -> None:
        """Connect to the address; with TLS, check that its certificate is that of the host."""
        self.sock = socket.create_connection((self.address, self.port), self.timeout)
        if self.context is not None:
            self.sock = self.context.wrap_socket(self.sock, server_hostname=self.host)


@dataclass
class _Call:
    """A call in a separate thread, which can be abandoned.

    Attributes:
        message: The message to post.
        hosts: The hosts that are allowed.
        connection: The connection, from the time on when it is made.
        error: Why the call failed; None if it succeeded.
    """

    message: WebhookMessage
    hosts: WebhookHosts
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
        parts = split_address(self.message.address)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        if not self.hosts.allows_name(host):
            return NOT_LISTED.format(host=host)
        address = self._resolve(host, port)
        if address is None:
            return NOT_PUBLIC.format(host=host)
        self.connection = _PinnedConnection(host, port, timeout=WEBHOOK_TIMEOUT_SECONDS)
        self.connection.address = address
        self.connection.context = ssl.create_default_context() if parts.scheme == "https" else None
        try:
            target = quote(parts._replace(scheme="", netloc="", fragment="").geturl() or "/", safe="/%?&=+:,;@!$'()*~")
            self.connection.request("POST", target, self.message.body, self.message.make_headers())
            status = self.connection.getresponse().status
        finally:
            self.connection.close()
        return None if 200 <= status < 300 else f"the webhook answered {status}"

    def _resolve(self, host: str, port: int) -> str | None:
        """Return the first address of a host that is allowed; None if none is."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(address[0]) for _, _, _, _, address in found]
        return next((address for address in addresses if self.hosts.allows_address(address)), None)


def explain_error(error: Exception) -> str:
    """Return why a webhook could not be called, and what to do, for users."""
    # The limit of the whole call, and that of each step, end at nearly the same time.
    if isinstance(error, TimeoutError):
        return f"the webhook did not answer within {WEBHOOK_TIMEOUT_SECONDS:.0f} s"
    if isinstance(error, http.client.HTTPException | ConnectionResetError | BrokenPipeError):
        return "the webhook does not answer with valid HTTP. Check its address and the log of its server."
    if isinstance(error, ssl.SSLError):  # its `strerror` has the position in the source code of OpenSSL
        reason = getattr(error, "verify_message", "") or (error.reason or "the connection failed").replace("_", " ")
        return f"the webhook cannot be reached securely: {reason}. Check its address and its certificate."
    reason = (error.strerror if isinstance(error, OSError) else None) or find_reason(error)
    return f"the webhook cannot be reached: {reason}. Check the address and that its server runs."


def send_message(message: WebhookMessage, hosts: WebhookHosts) -> str | None:
    """Post a message, if its host is allowed. Redirects are not followed.

    Returns:
        The reason if that failed, else None.
    """
    call = _Call(message, hosts)
    # A daemon, so that a server that never answers does not keep the process from ending.
    threading.Thread(target=call.run, daemon=True, name="webhook").start()
    if call.is_over.wait(WEBHOOK_TIMEOUT_SECONDS):
        return call.error
    call.abandon()
    return explain_error(TimeoutError())


def send_all(messages: Sequence[WebhookMessage], hosts: WebhookHosts) -> list[str | None]:
    """Post several messages, some at a time, and return the result of each as `send_message` does."""
    if not messages:
        return []
    with ThreadPoolExecutor(min(MAX_PARALLEL_CALLS, len(messages)), thread_name_prefix="webhooks") as pool:
        return list(pool.map(lambda message: send_message(message, hosts), messages))
