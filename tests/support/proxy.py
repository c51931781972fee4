"""A small reverse proxy that mounts a server at a path, as nginx does with `proxy_pass` and `X-Forwarded` headers."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Headers that concern only one of the two connections.
HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade"}
BLOCK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Target:
    """Where a proxy sends requests.

    Attributes:
        port: The port of the server.
        prefix: The path that the server is mounted at, such as `/photos`.
        scheme: What clients use to reach the proxy.
    """

    port: int
    prefix: str
    scheme: str = "http"


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    target: Target


class _Handler(BaseHTTPRequestHandler):
    server: _Proxy
    # The end of a response without a length is the end of its connection.
    protocol_version = "HTTP/1.0"

    def answer(self):
        target = self.server.target
        if not self.path.startswith(f"{target.prefix}/"):
            self.send_error(404)
            return
        length = int(self.headers.get("Content-Length", 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_HEADERS}
        headers |= {
            "X-Forwarded-For": self.client_address[0],
            "X-Forwarded-Proto": target.scheme,
            "X-Forwarded-Host": self.headers["Host"],
            "X-Forwarded-Prefix": target.prefix,
        }
        with closing(http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)) as upstream:
            path = self.path.removeprefix(target.prefix)
            upstream.request(self.command, path, self.rfile.read(length) if length else None, headers)
            response = upstream.getresponse()
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in HOP_HEADERS | {"date", "server"}:
                    self.send_header(name, value)
            self.end_headers()
            try:
                while block := response.read1(BLOCK_BYTES):
                    self.wfile.write(block)
            except OSError:
                pass  # the client has left

    do_GET = do_HEAD = do_POST = do_DELETE = do_PUT = do_PATCH = answer  # noqa: N815

    def log_message(self, *_args):
        pass


@contextmanager
def run_proxy(target: Target) -> Iterator[str]:
    """Return the address of the server behind a proxy, for a `with` block."""
    with _Proxy(("127.0.0.1", 0), _Handler) as proxy:
        proxy.target = target
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}{target.prefix}"
        proxy.shutdown()
        thread.join()
