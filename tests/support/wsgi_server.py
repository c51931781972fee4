"""The HTTP server in a thread, over small WSGI applications, and what they answer."""

import email
import http.client
import json
import socket
import threading
from contextlib import closing, contextmanager

from search.settings import Settings
from web.contract.problems import list_problem_types, make_anchor
from web.schemas.problem import ProblemDocument
from web.server.bridge import Bridge
from web.server.server import Server, listen, make_config

LARGE = bytes(range(256)) * 64 * 1024  # 16 MiB
# Seconds in which something that is quick must have happened, on a busy machine.
SOON = 20


class Running:
    """A server in a thread."""

    def __init__(self, app, settings, port):
        self.bridge = Bridge(app, settings)
        self.server = Server(make_config(self.bridge, settings), self.bridge, on_stop=lambda: None)
        self.sockets = listen("127.0.0.1", port)
        self.port = self.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.server.run, args=(self.sockets,))

    def connect(self, text=""):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(SOON)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(text.replace("\n", "\r\n").encode("latin-1"))
        return connection

    def ask(self, method="GET", path="/", body=None, headers=None):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=SOON)) as client:
            client.request(method, path, body, headers or {})
            response = client.getresponse()
            response.content = response.read()
            return response


@contextmanager
def running(app, port=0, **values):
    """Run a server with some settings for a `with` block, on a free port unless one is named."""
    one = Running(app, Settings(**{"stop_timeout": 1, **values}), port)
    one.thread.start()
    try:
        yield one
    finally:
        one.server.should_exit = True
        one.thread.join()
        one.bridge.close()


def answer(start_response, *blocks, status="200 OK", headers=()):
    start_response(status, list(headers))
    return blocks


def echo(environ, start_response):
    """Answer with the method, the path, the query, two headers and the body."""
    names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_X_ONE", "HTTP_COOKIE", "HTTP_X_TWO")
    document = json.dumps([environ.get(name) for name in names]).encode() + b"\n" + environ["wsgi.input"].read()
    return answer(start_response, document, headers=[("Content-Length", str(len(document)))])


def send_large(_environ, start_response):
    """Answer with 16 MiB in small blocks."""
    start_response("200 OK", [("Content-Length", str(len(LARGE)))])
    return (LARGE[at : at + 10_000] for at in range(0, len(LARGE), 10_000))


def read_problem(text):
    """Return a problem document after checking that its headers belong to it, as those of the application do."""
    head, _, body = text.partition(b"\r\n\r\n")
    headers = email.message_from_bytes(head.partition(b"\r\n")[2])
    problem = ProblemDocument.model_validate_json(body).model_dump()
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["X-Request-Id"] == problem["request_id"] != ""
    anchor = make_anchor(problem["type"])
    assert headers["Link"] == f'</docs#{anchor}>; rel="help"'
    assert (headers["Retry-After"] == "5") == (problem["status"] == 503)
    assert problem["title"] in {one.title for one in list_problem_types() if one.type == problem["type"]}
    return problem


def read_all(connection):
    parts = []
    while block := connection.recv(2**16):
        parts.append(block)
    return b"".join(parts)
