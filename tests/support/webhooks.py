"""Webhooks of tests, which are on this machine."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from indexer.worker.saved_search_notifier import SavedSearchNotifier
from indexer.worker.webhook import WebhookMessage, send_message
from search.open_home import OpenHome
from search.settings import Settings
from search.webhooks import WebhookHosts

LOOPBACK = WebhookHosts(["127.0.0.1"])
SECRET = "whsec_" + "c2VjcmV0" * 4
# Seconds in which calls end, whatever the webhooks do.
SOON = 20.0


def make_message(address: str, body: bytes = b"{}") -> WebhookMessage:
    """Return a message for an address."""
    return WebhookMessage(address, body, SECRET)


def send(address: str, hosts: WebhookHosts = LOOPBACK) -> str | None:
    """Post an empty document to an address; return the reason if that failed."""
    return send_message(make_message(address), hosts)


def with_settings(library: OpenHome, **changes) -> OpenHome:
    """Return an open home with other settings."""
    return replace(library, settings=Settings(**(library.settings.model_dump() | changes)))


@dataclass
class Hook:
    """A webhook that runs.

    Attributes:
        address: Its URL.
        status: The status that it answers with.
        delay: Seconds until it answers.
        received: The headers and the body of each message.
    """

    address: str = ""
    status: int = 200
    delay: float = 0.0
    received: list[tuple[Message, bytes]] = field(default_factory=list)

    @property
    def reported(self) -> list[object]:
        """The documents of the messages that were accepted."""
        return [json.loads(body) for headers, body in self.received if headers["X-Status"] == "200"]


@contextmanager
def run_hook() -> Iterator[Hook]:
    """Run a webhook on this machine for a `with` block."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.headers["X-Status"] = str(hook.status)
            hook.received.append((self.headers, body))
            time.sleep(hook.delay)
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.address = f"http://127.0.0.1:{server.server_port}/hook"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield hook
        server.shutdown()


class Notifier:
    """A notifier that waits for webhooks, which may be on this machine."""

    def __init__(self, library: OpenHome, **settings) -> None:
        self._notifier = SavedSearchNotifier(with_settings(library, webhook_hosts=("127.0.0.1",), **settings))

    def poll(self) -> None:
        """Run the watched searches, and wait until webhooks were called."""
        self._notifier.poll()
        self._notifier.flush(SOON)
