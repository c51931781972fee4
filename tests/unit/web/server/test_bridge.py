"""The server over small WSGI applications: bodies, downloads, event streams, limits and errors of HTTP itself."""

import http.client
import json
import socket
import threading
import time
from contextlib import closing, contextmanager

import pytest

from search.errors import HomeError
from search.settings import Settings
from web.server.bridge import MAX_READ_AHEAD, MAX_SMALL_BODY, MAX_SMALL_RESPONSE, Bridge
from web.server.server import Server, listen, make_config

LARGE = bytes(range(256)) * 64 * 1024  # 16 MiB
# The first is not an address of this machine.
ADDRESSES = [(socket.AF_INET, ("192.0.2.1", 0)), (socket.AF_INET, ("127.0.0.1", 0))]
# Seconds in which something that is quick must have happened, on a busy machine.
SOON = 20


class Running:
    """A server in a thread."""

    def __init__(self, app, settings):
        self.bridge = Bridge(app, settings)
        self.server = Server(make_config(self.bridge, settings), self.bridge, on_stop=lambda: None)
        self.sockets = listen("127.0.0.1", 0)
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
def running(app, **values):
    """Run a server with some settings for a `with` block."""
    one = Running(app, Settings(**{"stop_timeout": 1, **values}))
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


def wait_until(condition):
    end = time.monotonic() + SOON
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def read_problem(text):
    head, _, body = text.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return json.loads(body)


def read_all(connection):
    parts = []
    while block := connection.recv(2**16):
        parts.append(block)
    return b"".join(parts)


def test_a_request_reaches_the_application_as_wsgi_describes():
    head = "POST /a%20b/%C3%A9%FF?q=%20x HTTP/1.1\nHost: h\nX-One: 1\nX-One: 2\nCookie: a=1\nCookie: b=2\nX_Two: 3\n"
    request = f"{head}Connection: close\nContent-Length: 4\n\nbody"
    with running(echo) as server, closing(server.connect(request)) as client:
        text = read_all(client).partition(b"\r\n\r\n")[2]
    environ, _, body = text.partition(b"\n")
    assert json.loads(environ) == ["POST", "/a b/Ã©ÿ", "q=%20x", "1,2", "a=1; b=2", None]
    assert body == b"body"


@pytest.mark.parametrize("size", [0, 1, MAX_SMALL_BODY + 1, MAX_READ_AHEAD, MAX_READ_AHEAD + 1])
def test_bodies_arrive_whole(size):
    body = LARGE[:size]
    with running(echo) as server:
        assert server.ask("POST", body=body).content.partition(b"\n")[2] == body


def test_a_body_in_chunks_arrives_whole():
    with running(echo) as server:
        response = server.ask("POST", body=iter([b"one ", b"two ", b"three"]))
    assert response.content.partition(b"\n")[2] == b"one two three"


def test_a_large_response_arrives_whole_and_a_head_request_reads_nothing_of_it():
    with running(send_large) as server:
        assert server.ask().content == LARGE
        head = server.ask("HEAD")
        assert (head.headers["Content-Length"], head.content) == (str(len(LARGE)), b"")


def test_downloads_above_the_limit_are_asked_to_wait_until_one_ends():
    with running(send_large, max_transfers=2) as server:
        paused = [server.connect("GET / HTTP/1.1\nHost: h\n\n") for _ in range(2)]
        for client in paused:
            client.recv(1)
        refused = server.ask()
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        assert json.loads(refused.content)["title"] == "Service Unavailable"
        paused[0].close()
        wait_until(lambda: server.ask().content == LARGE)
        paused[1].close()


def test_requests_wait_up_to_a_limit_and_health_does_not_wait_for_them():
    free = threading.Event()

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            free.wait(SOON)
        return answer(start_response, b"done", headers=[("Content-Length", "4")])

    with running(app, request_threads=1, request_queue=1) as server:
        slow = [server.connect("GET /slow HTTP/1.1\nHost: h\nConnection: close\n\n") for _ in range(2)]
        wait_until(lambda: server.ask().status == 503)
        assert server.ask(path="/healthz").content == b"done"
        free.set()
        for client in slow:
            assert read_all(client).endswith(b"done")
            client.close()
        assert server.ask().status == 200


def test_an_event_is_sent_at_once_and_the_stream_ends_when_the_client_leaves_or_the_server_stops():
    closed = []

    class Events:
        def __init__(self):
            self.sent = 0

        def __iter__(self):
            return self

        def __next__(self):
            self.sent += 1
            if self.sent > 1:
                time.sleep(0.1)
            return b"data: x\n\n" if self.sent == 1 else b": waiting\n\n"

        def close(self):
            closed.append(self)

    def app(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return Events()

    with running(app) as server:
        leaving, staying = (server.connect("GET / HTTP/1.1\nHost: h\n\n") for _ in range(2))
        for client in (leaving, staying):
            text = b""
            while b"data: x" not in text:
                text += client.recv(1000)
        leaving.close()
        wait_until(lambda: len(closed) == 1)
        server.server.should_exit = True
        assert read_all(staying).endswith(b"\r\n0\r\n\r\n")
        staying.close()
        wait_until(lambda: len(closed) == 2)


def test_a_download_that_nobody_reads_is_cut():
    ended = threading.Event()

    def read_blocks():
        try:
            yield from (LARGE[at : at + 10_000] for at in range(0, len(LARGE), 10_000))
        finally:
            ended.set()

    def app(_environ, start_response):
        start_response("200 OK", [("Content-Length", str(len(LARGE)))])
        return read_blocks()

    with running(app, stall_timeout=1) as server, closing(server.connect("GET / HTTP/1.1\nHost: h\n\n")) as client:
        client.recv(1)
        assert ended.wait(SOON)
        assert len(read_all(client)) < len(LARGE)


def test_headers_that_do_not_arrive_are_answered_and_an_unused_connection_is_closed():
    with running(echo, receive_timeout=1) as server, closing(server.connect()) as unused:
        with closing(server.connect("GET / HTTP/1.1\nX-Slow: ")) as half:
            assert read_problem(read_all(half))["status"] == 408
        assert read_all(unused) == b""


def test_headers_that_do_not_arrive_after_an_answer_are_answered_too():
    with running(echo, receive_timeout=1) as server, closing(server.connect("GET / HTTP/1.1\nHost: h\n\n")) as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET / HT")
        assert b"HTTP/1.1 408" in read_all(client)


@pytest.mark.parametrize("length", [10, MAX_READ_AHEAD + 1])
def test_a_body_that_does_not_arrive_is_answered(length):
    def app(environ, start_response):
        from werkzeug.exceptions import HTTPException

        try:
            return echo(environ, start_response)
        except HTTPException as error:
            return error.get_response(environ)(environ, start_response)

    head = f"POST / HTTP/1.1\nHost: h\nConnection: close\nContent-Length: {length}\n\nx"
    with running(app, receive_timeout=1) as server, closing(server.connect(head)) as client:
        assert read_all(client).startswith(b"HTTP/1.1 408")


def test_a_client_that_leaves_in_the_middle_of_its_body_frees_its_place():
    head = f"POST / HTTP/1.1\nHost: h\nContent-Length: {MAX_READ_AHEAD + 1}\n\nx"

    def app(environ, start_response):
        try:
            return echo(environ, start_response)
        except ConnectionError:
            return answer(start_response, b"", headers=[("Content-Length", "0")])

    with running(app, max_uploads=1) as server:
        client = server.connect(head)
        wait_until(lambda: server.ask("POST", body=bytes(MAX_READ_AHEAD + 1)).status == 503)
        client.close()
        wait_until(lambda: server.ask("POST", body=bytes(MAX_READ_AHEAD + 1)).status == 200)


def test_bodies_that_are_being_received_have_a_common_limit(monkeypatch):
    monkeypatch.setattr("web.server.bridge.MAX_READ_AHEAD_TOTAL", 3 * MAX_SMALL_BODY)
    body = bytes(2 * MAX_SMALL_BODY)
    with running(echo) as server:
        client = server.connect(f"POST / HTTP/1.1\nHost: h\nContent-Length: {len(body)}\n\nx")
        wait_until(lambda: server.ask("POST", body=body).status == 503)
        assert server.ask("POST", body=body[:MAX_SMALL_BODY]).status == 200
        client.close()
        wait_until(lambda: server.ask("POST", body=body).status == 200)


def test_a_body_above_the_limit_is_refused_before_it_is_sent():
    head = "POST / HTTP/1.1\nHost: h\nConnection: close\nContent-Length: 101\n\n"
    with running(echo, file_limit=100) as server, closing(server.connect(head)) as client:
        assert read_problem(read_all(client))["status"] == 413


def test_a_body_that_the_application_does_not_read_is_not_waited_for():
    def app(_environ, start_response):
        return answer(start_response, b"no", status="404 Not Found", headers=[("Content-Length", "2")])

    head = f"POST / HTTP/1.1\nHost: h\nConnection: close\nContent-Length: {2**30}\n\nx"
    with running(app) as server, closing(server.connect(head)) as client:
        assert client.recv(100).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("nonsense\n\n", 400),
        ("GET /é HTTP/1.1\nHost: h\n\n", 400),
        ("GET / HTTP/1.1\n\n", 400),
        ("POST / HTTP/1.1\nHost: h\nContent-Length: x\n\n", 400),
        (f"GET /{'x' * 70_000}", 431),
    ],
)
def test_a_request_that_is_not_http_is_answered_with_a_problem(request_text, status):
    with running(echo) as server, closing(server.connect(request_text)) as client:
        text = read_all(client)
        assert text.startswith(b"HTTP/1.1 %d" % status)
        assert read_problem(text)["status"] == status


def test_above_the_largest_number_of_connections_idle_ones_make_room():
    with running(echo, max_connections=10) as server:
        idle = [server.connect() for _ in range(10)]
        for _ in range(3):
            assert server.ask().status == 200
        assert idle[0].recv(1) == b""  # it was closed, since it had been unused for longest
        for client in idle:
            client.close()


def test_above_the_largest_number_of_connections_in_use_a_new_one_is_refused():
    free = threading.Event()

    def app(_environ, start_response):
        free.wait(SOON)
        return answer(start_response, b"", headers=[("Content-Length", "0")])

    with running(app, max_connections=10) as server:
        used = [server.connect("GET / HTTP/1.1\nHost: h\n\n") for _ in range(10)]
        time.sleep(0.5)
        with closing(server.connect()) as client:
            assert read_problem(read_all(client))["status"] == 503
        free.set()
        for client in used:
            assert client.recv(12) == b"HTTP/1.1 200"
            client.close()


def test_small_responses_are_closed_and_an_exception_of_the_application_is_answered():
    closed = []

    class Body(list):
        def close(self):
            closed.append(True)

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/broken":
            raise ValueError("broken")
        start_response("200 OK", [("Content-Length", str(MAX_SMALL_RESPONSE))])
        return Body([bytes(MAX_SMALL_RESPONSE)])

    with running(app) as server:
        assert len(server.ask().content) == MAX_SMALL_RESPONSE
        assert closed == [True]
        assert server.ask(path="/broken").status == 500
        assert server.ask().status == 200


def test_paused_downloads_use_no_threads():
    """Forty paused downloads are opened by one thread, and then another request finds it free."""
    with running(send_large, request_threads=1) as server:
        paused = [server.connect("GET / HTTP/1.1\nHost: h\n\n") for _ in range(40)]
        for client in paused:
            assert client.recv(1) == b"H"
        assert server.ask().content == LARGE
        for client in paused:
            client.close()


def test_a_response_without_a_body_needs_no_place_for_a_download():
    def app(_environ, start_response):
        return answer(start_response, status="204 No Content")

    with running(app, max_transfers=0) as server:
        assert server.ask("DELETE").status == 204


def test_a_download_that_fails_is_cut_and_logged(caplog):
    def app(_environ, start_response):
        start_response("200 OK", [("Content-Length", str(len(LARGE)))])
        return read_blocks()

    def read_blocks():
        yield LARGE[: 2**20]
        raise OSError("the disk has failed")

    with running(app) as server, closing(server.connect("GET /x HTTP/1.1\nHost: h\n\n")) as client:
        assert len(read_all(client)) < len(LARGE)
    assert "cannot finish the response to /x" in caplog.text


def test_a_body_counts_until_its_request_is_answered(monkeypatch):
    monkeypatch.setattr("web.server.bridge.MAX_READ_AHEAD_TOTAL", 3 * MAX_SMALL_BODY)
    body, free = bytes(2 * MAX_SMALL_BODY), threading.Event()

    def app(environ, start_response):
        environ["wsgi.input"].read()
        if environ["PATH_INFO"] == "/slow":
            free.wait(SOON)
        return answer(start_response, b"", headers=[("Content-Length", "0")])

    with running(app) as server:
        slow = threading.Thread(target=server.ask, args=("POST", "/slow", body))
        slow.start()
        wait_until(lambda: server.ask("POST", body=body).status == 503)
        free.set()
        slow.join()
        assert server.ask("POST", body=body).status == 200


def test_a_name_with_several_addresses_is_served_at_those_that_exist(monkeypatch):
    found = [(family, socket.SOCK_STREAM, 0, "", address) for family, address in ADDRESSES]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_options: found)
    (one,) = listen("name", 0)
    with closing(one):
        assert one.getsockname()[0] == "127.0.0.1"


def test_listening_on_a_port_in_use_is_an_error_that_names_it():
    with closing(listen("127.0.0.1", 0)[0]) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HomeError, match=rf"Cannot listen on 127.0.0.1:{port}: "):
            listen("127.0.0.1", port)
