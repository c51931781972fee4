"""Requests that fail are sent again if that may help and cannot do anything twice."""

import itertools
import json
import socket
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing

import httpx2
import pytest

import crossmodal
from crossmodal.client import retries
from crossmodal.client.retries import Retries
from crossmodal.client.target import Target
from search.errors import BusyError, HomeError, KeyInUseError, ServerError, UsageError
from search.records import Query
from tests.support.server import find_port
from tests.support.wsgi_server import answer, running
from web.problem_documents import Problem
from web.schemas.library import Status

STATUS = dict.fromkeys(Status.model_fields, None)


@pytest.fixture(autouse=True)
def _do_not_wait(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr("web.server.bridge.RETRY_SECONDS", 0)


class Failing:
    """An application that fails some times before it answers."""

    def __init__(self, *failures, document=STATUS):
        self.failures = list(failures)
        self.document = document
        self.requests = []

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read()
        self.requests.append((environ["REQUEST_METHOD"], environ.get("HTTP_IDEMPOTENCY_KEY"), body))
        if self.failures:
            status, headers, text = self.failures.pop(0)
            return answer(start_response, text, status=status, headers=headers)
        text = json.dumps(self.document).encode()
        return answer(start_response, text, headers=[("Content-Type", "application/json")])


def fail(status, *headers, body=b"<h1>no</h1>"):
    return status, [("Content-Type", "text/html"), *headers], body


def make_problem(error, detail="Not now.", *headers):
    problem = Problem(error, detail, "id", "/", "")
    return f"{problem.status} X", [*problem.headers.items(), *headers], problem.body


@pytest.fixture
def connect():
    """Return a function that runs an application and returns a client of it."""
    with ExitStack() as stack:

        def start(app, **options):
            server = stack.enter_context(running(app))
            return stack.enter_context(crossmodal.Client(f"http://127.0.0.1:{server.port}", **options))

        yield start


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Busy", "504 Gateway Timeout", "429 Too Many Requests"])
def test_a_failure_that_passes_is_not_seen(connect, status):
    app = Failing(fail(status), fail(status))
    assert connect(app).status() == STATUS
    assert len(app.requests) == 3


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 Internal Server Error", "501 No"])
def test_a_failure_that_stays_is_reported_at_once(connect, status):
    app = Failing(fail(status))
    with pytest.raises(ServerError, match=f"answered with {status[:3]}"):
        connect(app).status()
    assert len(app.requests) == 1


def test_a_search_is_repeated_though_it_is_a_post(connect):
    app = Failing(fail("502 Bad Gateway"), fail("404 Not Found"))
    with pytest.raises(ServerError, match="404 Not Found"):
        connect(app).answer(Query(text="a cat"))
    assert [method for method, _, _ in app.requests] == ["POST", "POST"]


def test_a_repeated_request_has_the_same_key_and_another_one_a_new_key(connect):
    app = Failing(fail("502 Bad Gateway"), make_problem(UsageError), document={"forgotten": 3})
    client = connect(app)
    with pytest.raises(UsageError, match="Not now"):
        client.forget("/a")
    assert client.forget("/a") == 3
    keys = [key for _, key, _ in app.requests]
    assert keys[0] == keys[1] != keys[2]
    assert all(len(key) > 20 for key in keys)
    assert len({body for _, _, body in app.requests}) == 1


def test_what_would_be_done_twice_is_not_repeated(connect):
    app = Failing(fail("502 Bad Gateway"))
    with pytest.raises(ServerError, match="502"):
        connect(app).remove_job(1)
    assert len(app.requests) == 1


def test_a_request_whose_key_is_in_use_waits(connect):
    app = Failing(make_problem(KeyInUseError), document={"forgotten": 3})
    assert connect(app).forget("/a") == 3


def test_a_problem_of_the_home_is_not_repeated_but_a_busy_server_is(connect):
    app = Failing(make_problem(BusyError), make_problem(HomeError))
    with pytest.raises(HomeError, match="Not now"):
        connect(app).status()
    assert len(app.requests) == 2


def test_the_server_says_how_long_to_wait(connect):
    app = Failing(fail("503 Busy", ("Retry-After", "1")))
    began = time.monotonic()
    assert connect(app).status() == STATUS
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("value", ["999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_pause_longer_than_the_deadline_is_not_made(connect, value):
    app = Failing(fail("503 Busy", ("Retry-After", value)))
    began = time.monotonic()
    with pytest.raises(ServerError, match="503"):
        connect(app).status()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("value", ["soon", "-1", "", "1e3", "²", "Fri, 99 Dec 2024"])
def test_a_pause_that_cannot_be_read_is_ignored(connect, value):
    app = Failing(fail("503 Busy", ("Retry-After", value.encode().decode("latin-1"))))
    assert connect(app).status() == STATUS


def test_attempts_are_limited(connect):
    app = Failing(*[fail("502 Bad Gateway")] * 50)
    with pytest.raises(ServerError):
        connect(app).status()
    assert len(app.requests) == retries.MAX_ATTEMPTS


def test_pauses_grow_and_are_random(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.25)
    seen = Counter()
    for _ in range(20):
        planned = Retries(Target("http://x", deadline=3600), is_repeatable=True)
        pauses = [planned.plan(httpx2.ReadError("lost")) for _ in range(retries.MAX_ATTEMPTS - 1)]
        for number, pause in enumerate(pauses):
            assert 0.125 * 2**number <= pause <= min(retries.MAX_PAUSE, 0.25 * 2**number)
        seen.update(pauses)
        with pytest.raises(ServerError):
            planned.plan(httpx2.ReadError("lost"))
    assert len(seen) > 90


def test_a_connection_that_is_lost_is_made_again():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve():
            for number in itertools.count():
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    if number == 2:
                        body = json.dumps(STATUS).encode()
                        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
                        connection.sendall(head + body)
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        with crossmodal.Client(f"http://127.0.0.1:{port}") as client:
            assert client.status() == STATUS
        thread.join()


def test_a_server_that_does_not_run_is_named():
    url = f"http://127.0.0.1:{find_port()}"
    with crossmodal.Client(url) as client, pytest.raises(ServerError, match=f"Cannot reach {url}: .*Check the address"):
        client.status()


def test_a_server_that_does_not_answer_is_given_up():
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with crossmodal.Client(url, timeout=0.05) as client, pytest.raises(ServerError, match=r"within 0\.05 seconds"):
            client.status()
