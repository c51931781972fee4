"""Time limits, the number of connections, and answers to requests that are not HTTP."""

import threading
import time
from contextlib import closing

import pytest

from tests.support.wsgi_server import LARGE, SOON, answer, echo, read_all, read_problem, running


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
            problem = read_problem(read_all(half))
            assert (problem["type"], problem["status"]) == ("urn:crossmodal:problem:request-timeout", 408)
        assert read_all(unused) == b""


def test_headers_that_do_not_arrive_after_an_answer_are_answered_too():
    with running(echo, receive_timeout=1) as server, closing(server.connect("GET / HTTP/1.1\nHost: h\n\n")) as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET / HT")
        assert b"HTTP/1.1 408" in read_all(client)


@pytest.mark.parametrize(
    ("request_text", "status", "kind"),
    [
        ("nonsense\n\n", 400, "bad-request"),
        ("GET /é HTTP/1.1\nHost: h\n\n", 400, "bad-request"),
        ("GET / HTTP/1.1\n\n", 400, "bad-request"),
        ("POST / HTTP/1.1\nHost: h\nContent-Length: x\n\n", 400, "bad-request"),
        (f"GET /{'x' * 70_000}", 431, "headers-too-large"),
    ],
)
def test_a_request_that_is_not_http_is_answered_with_a_problem(request_text, status, kind):
    with running(echo) as server, closing(server.connect(request_text)) as client:
        text = read_all(client)
        assert text.startswith(b"HTTP/1.1 %d" % status)
        problem = read_problem(text)
        assert (problem["type"], problem["status"]) == (f"urn:crossmodal:problem:{kind}", status)


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
            assert read_problem(read_all(client))["type"] == "urn:crossmodal:problem:busy"
        free.set()
        for client in used:
            assert client.recv(12) == b"HTTP/1.1 200"
            client.close()
