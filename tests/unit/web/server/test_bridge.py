"""Bodies, downloads, event streams and limits of the server over small WSGI applications."""

import json
import threading
import time
from contextlib import closing

import pytest
from flask import Flask, request
from werkzeug.exceptions import RequestTimeout

from search.deadline import check_deadline
from tests.support.clock import wait_for
from tests.support.wsgi_server import LARGE, SOON, answer, echo, read_all, read_problem, running, send_large
from web import deadlines
from web.server.bridge import EXTRA_SEARCHES, MAX_READ_AHEAD, MAX_SMALL_BODY, MAX_SMALL_RESPONSE


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
        assert json.loads(refused.content)["type"] == "urn:crossmodal:problem:busy"
        paused[0].close()
        wait_for(lambda: server.ask().content == LARGE)
        paused[1].close()


def test_requests_wait_up_to_a_limit_and_health_does_not_wait_for_them():
    free = threading.Event()

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            free.wait(SOON)
        return answer(start_response, b"done", headers=[("Content-Length", "4")])

    with running(app, request_threads=1, request_queue=1) as server:
        slow = [server.connect("GET /slow HTTP/1.1\nHost: h\nConnection: close\n\n") for _ in range(2)]
        wait_for(lambda: server.ask().status == 503)
        assert server.ask(path="/healthz").content == b"done"
        free.set()
        for client in slow:
            assert read_all(client).endswith(b"done")
            client.close()
        assert server.ask().status == 200


@pytest.mark.parametrize("path", ["thumbnail", "media", "pages/3/image", "playback/0"])
def test_files_that_are_slow_to_read_do_not_delay_searches(path):
    free = threading.Event()

    def app(environ, start_response):
        if environ["PATH_INFO"].startswith("/api/v1/items/"):
            free.wait(SOON)
        return answer(start_response, b"done", headers=[("Content-Length", "4")])

    with running(app, request_threads=1, request_queue=1) as server:
        head = f"GET /api/v1/items/7/{path} HTTP/1.1\nHost: h\nConnection: close\n\n"
        slow = [server.connect(head) for _ in range(2)]
        wait_for(lambda: server.ask(path="/api/v1/items/8/thumbnail").status == 503)
        assert server.ask(path="/api/v1/search").content == b"done"
        free.set()
        for client in slow:
            assert read_all(client).endswith(b"done")
            client.close()


def test_few_searches_compute_at_once_and_other_requests_do_not_wait_for_them():
    free, lock, running_now, most = threading.Event(), threading.Lock(), [0], [0]

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/api/v1/search" and not environ.get("CONTENT_TYPE", "").startswith("multipart"):
            with lock:
                running_now[0] += 1
                most[0] = max(most[0], running_now[0])
            free.wait(SOON)
            with lock:
                running_now[0] -= 1
        return answer(start_response, b"done", headers=[("Content-Length", "4")])

    with running(app, threads=2, request_threads=8) as server:
        slow = [server.connect("GET /api/v1/search?q=a HTTP/1.1\nHost: h\nConnection: close\n\n") for _ in range(8)]
        wait_for(lambda: running_now[0] == 2 + EXTRA_SEARCHES)
        assert server.ask(path="/api/v1/facets").content == b"done"
        voice = server.ask("POST", "/api/v1/search", b"--b--", {"Content-Type": "multipart/form-data; boundary=b"})
        assert voice.content == b"done"
        free.set()
        for client in slow:
            assert read_all(client).endswith(b"done")
            client.close()
        assert most[0] == 2 + EXTRA_SEARCHES


def test_a_call_that_hangs_does_not_take_the_thread_of_the_others(monkeypatch):
    monkeypatch.setattr("web.server.capacity.LATE_SECONDS", 0.2)
    free = threading.Event()

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            free.wait(SOON)
        if environ["PATH_INFO"] == "/cut":
            start_response("200 OK", [("Content-Length", str(len(LARGE)))])
            return (free.wait(SOON) and b"" for _ in range(1))
        return send_large(environ, start_response)

    monkeypatch.setattr("web.server.bridge.TRANSFER_THREADS", 1)
    with running(app, request_threads=1, request_queue=10, max_transfers=10) as server:
        hanging = [server.connect(f"GET /{name} HTTP/1.1\nHost: h\n\n") for name in ("slow", "cut", "cut", "slow")]
        assert server.ask().content == LARGE
        free.set()
        for client in hanging:
            client.close()


class Events:
    """A stream of one event, then of comments that never end."""

    def __init__(self, closed):
        self.closed = closed
        self.sent = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.sent += 1
        if self.sent > 1:
            time.sleep(0.1)
        return b"data: x\n\n" if self.sent == 1 else b": waiting\n\n"

    def close(self):
        self.closed.append(self)


def send_events(closed):
    """Return an application that answers with an event stream, and lists the closed ones."""

    def app(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return Events(closed)

    return app


def test_event_streams_above_the_limit_are_asked_to_wait_until_one_ends():
    request, closed = "GET / HTTP/1.1\nHost: h\n\n", []
    with running(send_events(closed), max_event_streams=1) as server:
        with closing(server.connect(request)) as first:
            assert first.recv(12) == b"HTTP/1.1 200"
            refused = server.ask()
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        assert json.loads(refused.content)["type"] == "urn:crossmodal:problem:busy"
        assert closed  # the application's response to the refused request
        wait_for(lambda: len(closed) == 2)
        with closing(server.connect(request)) as second:
            assert second.recv(12) == b"HTTP/1.1 200"


def test_an_event_is_sent_at_once_and_the_stream_ends_when_the_client_leaves_or_the_server_stops():
    closed = []
    with running(send_events(closed)) as server:
        leaving, staying = (server.connect("GET / HTTP/1.1\nHost: h\n\n") for _ in range(2))
        for client in (leaving, staying):
            text = b""
            while b"data: x" not in text:
                text += client.recv(1000)
        leaving.close()
        wait_for(lambda: len(closed) == 1)
        server.server.should_exit = True
        assert read_all(staying).endswith(b"\r\n0\r\n\r\n")
        staying.close()
        wait_for(lambda: len(closed) == 2)


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
        text = read_all(client)
    assert text.startswith(b"HTTP/1.1 408")
    if length == 10:  # a longer body is read by the application, which answers itself
        assert read_problem(text)["type"] == "urn:crossmodal:problem:request-timeout"


def test_a_body_that_stops_arriving_is_answered_however_fast_it_came_before(monkeypatch):
    monkeypatch.setattr("web.server.exchange.MAX_SILENCE_SECONDS", 0.5)

    def app(environ, start_response):
        try:
            return echo(environ, start_response)
        except RequestTimeout as error:
            return error.get_response(environ)(environ, start_response)

    head = f"POST / HTTP/1.1\nHost: h\nConnection: close\nContent-Length: {MAX_READ_AHEAD + 1}\n\n"
    with running(app) as server, closing(server.connect(head)) as client:
        client.sendall(bytes(MAX_READ_AHEAD))
        assert read_all(client).startswith(b"HTTP/1.1 408")


def send_slowly(first, rest):
    """Yield a body that takes a second and a half."""
    yield bytes(first)
    time.sleep(1.5)
    yield bytes(rest)


@pytest.mark.parametrize("size", [10, MAX_READ_AHEAD + 1])
def test_the_time_that_a_body_takes_to_arrive_is_not_that_of_the_work_for_it(size):
    app = Flask(__name__)
    deadlines.register(app, 1)

    @app.post("/")
    def receive():
        request.get_data()
        check_deadline()
        return "done"

    with running(app) as server:
        headers = {"Content-Length": str(size)}
        assert server.ask("POST", body=send_slowly(size - 1, 1), headers=headers).content == b"done"


def test_a_client_does_not_pay_for_the_time_in_which_its_body_is_not_read():
    def app(environ, start_response):
        environ["wsgi.input"].read(1)
        time.sleep(1.3)
        return echo(environ, start_response)

    with running(app, receive_timeout=1) as server:
        headers = {"Content-Length": str(MAX_READ_AHEAD + 2)}
        assert server.ask("POST", body=send_slowly(2, MAX_READ_AHEAD), headers=headers).status == 200


def test_a_client_that_leaves_in_the_middle_of_its_body_frees_its_place():
    head = f"POST / HTTP/1.1\nHost: h\nContent-Length: {MAX_READ_AHEAD + 1}\n\nx"

    def app(environ, start_response):
        try:
            return echo(environ, start_response)
        except ConnectionError:
            return answer(start_response, b"", headers=[("Content-Length", "0")])

    with running(app, max_uploads=1) as server:
        client = server.connect(head)
        wait_for(lambda: server.ask("POST", body=bytes(MAX_READ_AHEAD + 1)).status == 503)
        client.close()
        wait_for(lambda: server.ask("POST", body=bytes(MAX_READ_AHEAD + 1)).status == 200)


def test_bodies_that_are_being_received_have_a_common_limit(monkeypatch):
    monkeypatch.setattr("web.server.bridge.MAX_READ_AHEAD_TOTAL", 3 * MAX_SMALL_BODY)
    body = bytes(2 * MAX_SMALL_BODY)
    with running(echo) as server:
        client = server.connect(f"POST / HTTP/1.1\nHost: h\nContent-Length: {len(body)}\n\nx")
        wait_for(lambda: server.ask("POST", body=body).status == 503)
        assert server.ask("POST", body=body[:MAX_SMALL_BODY]).status == 200
        client.close()
        wait_for(lambda: server.ask("POST", body=body).status == 200)


def test_a_body_above_the_limit_is_refused_before_it_is_sent():
    head = "POST /big?a=1 HTTP/1.1\nHost: h\nX-Request-Id: trace-7\nConnection: close\nContent-Length: 101\n\n"
    with running(echo, file_limit=100) as server, closing(server.connect(head)) as client:
        problem = read_problem(read_all(client))
    assert (problem["type"], problem["status"]) == ("urn:crossmodal:problem:too-large", 413)
    assert (problem["instance"], problem["request_id"]) == ("/big", "trace-7")


def test_a_body_that_the_application_does_not_read_is_not_waited_for():
    def app(_environ, start_response):
        return answer(start_response, b"no", status="404 Not Found", headers=[("Content-Length", "2")])

    head = f"POST / HTTP/1.1\nHost: h\nConnection: close\nContent-Length: {2**30}\n\nx"
    with running(app) as server, closing(server.connect(head)) as client:
        assert client.recv(100).startswith(b"HTTP/1.1 404")


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
    body, has_begun, free = bytes(2 * MAX_SMALL_BODY), threading.Event(), threading.Event()

    def app(environ, start_response):
        environ["wsgi.input"].read()
        if environ["PATH_INFO"] == "/slow":
            has_begun.set()
            free.wait(SOON)
        return answer(start_response, b"", headers=[("Content-Length", "0")])

    with running(app) as server:
        slow = threading.Thread(target=server.ask, args=("POST", "/slow", body))
        slow.start()
        assert has_begun.wait(SOON)
        assert server.ask("POST", body=body).status == 503
        free.set()
        slow.join()
        assert server.ask("POST", body=body).status == 200


def test_a_response_has_one_date():
    def app(_environ, start_response):
        return answer(start_response, b"", headers=[("Content-Length", "0"), ("Date", "Thu, 01 Jan 1970 00:00:00 GMT")])

    with running(app) as server:
        (date,) = server.ask().headers.get_all("Date")
        assert "1970" not in date
