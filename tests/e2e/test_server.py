"""A server process with slow, paused, half-open and many clients, a locked database, and signals."""

import json
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from contextlib import ExitStack, closing

import pytest

from search.open_home import open_home
from search.settings import Settings
from tests.support.fake_demo import make_fake_demo
from tests.support.fake_models import choose_fake_models
from tests.support.indexing import index
from tests.support.real_models import CHOOSER
from tests.support.server import run_fake_server
from tests.support.wsgi_server import read_all

pytestmark = pytest.mark.slow

LARGE_BYTES = 64 * 2**20
HOST = "Host: 127.0.0.1\n"
# Seconds within which /healthz must answer. Measured: benchmarks/connections.py; this leaves room for a busy machine.
PROMPT = 1.0


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with the fake demo, whose flower is now a file of 64 MiB."""
    media, home = tmp_path_factory.mktemp("media"), tmp_path_factory.mktemp("server") / "home"
    make_fake_demo(media)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CHOOSER, choose_fake_models)
        with open_home(Settings(home=home), create=True) as library:
            assert index(library, media).failures == {}
    with (media / "garden/dahlia.jpg").open("r+b") as stream:
        stream.truncate(LARGE_BYTES)
    return home


@pytest.fixture(scope="module")
def server(home):
    """A running server without a worker, so that a queued job stays queued; tests must not stop it."""
    with run_fake_server(home, "--no-worker") as server:
        yield server


@pytest.fixture
def stoppable(home):
    """A running server of one test."""
    with run_fake_server(home, "--no-worker") as server:
        yield server


@pytest.fixture
def opened():
    """Closes the connections of a test."""
    with ExitStack() as stack:
        yield stack


def find_large(server):
    items = json.loads(server.ask("GET", "/api/v1/items?limit=100")[1])["items"]
    return next(item["id"] for item in items if item["path"].endswith("dahlia.jpg"))


def download(item, span):
    return f"GET /api/v1/items/{item}/media HTTP/1.1\n{HOST}Range: bytes={span}\n\n"


def check_prompt(server):
    """/healthz answers at once, and a search answers."""
    began = time.monotonic()
    assert server.ask("GET", "/healthz")[0] == 200
    assert time.monotonic() - began < PROMPT
    status, body = server.ask("POST", "/api/v1/search", {"text": "how to repair a flat tyre"})
    assert status == 200
    assert json.loads(body)["hits"][0]["item"]["path"].endswith("bicycle.txt")


def test_clients_that_pause_a_ranged_download_delay_no_other_request(server, opened):
    item = find_large(server)
    paused = [opened.enter_context(server.connect(download(item, "1000-"), small_window=True)) for _ in range(50)]
    for connection in paused:
        assert connection.recv(12) == b"HTTP/1.1 206"
    check_prompt(server)


def test_half_open_connections_delay_no_other_request(server, opened):
    for _ in range(150):
        opened.enter_context(server.connect(f"GET / HTTP/1.1\n{HOST}X-Slow: "))
        opened.enter_context(server.connect())
    check_prompt(server)


def test_a_hundred_event_streams_delay_no_other_request_and_the_next_is_asked_to_wait(server, opened):
    job = json.loads(server.ask("POST", "/api/v1/jobs", {"paths": []})[1])["id"]
    request = f"GET /api/v1/jobs/{job}/events HTTP/1.1\n{HOST}\n"
    for _ in range(4):  # a hundred requests at the same moment are more than the queue takes
        streams = [opened.enter_context(server.connect(request)) for _ in range(25)]
        for connection in streams:
            assert connection.recv(12) == b"HTTP/1.1 200"
    check_prompt(server)
    with server.connect(request.replace(HOST, f"{HOST}Connection: close\n")) as one_more:
        answer = read_all(one_more)
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"\r\nretry-after: " in answer.lower()
    assert b"application/problem+json" in answer


def test_a_locked_database_does_not_silence_health(server, home):
    with closing(sqlite3.connect(home / "catalogue.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        writers = [threading.Thread(target=add_album, args=(server, number)) for number in range(40)]
        for writer in writers:
            writer.start()
        time.sleep(1)
        assert any(writer.is_alive() for writer in writers)
        began = time.monotonic()
        assert server.ask("GET", "/healthz")[0] == 200
        assert time.monotonic() - began < PROMPT
        other.rollback()
    for writer in writers:
        writer.join()
    check_prompt(server)


def add_album(server, number):
    assert server.ask("POST", "/api/v1/albums", {"name": f"album {number}"}, timeout=60)[0] == 201


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_the_request_in_progress_and_exits_with_0(stoppable, number):
    size = 6 * 2**20
    with stoppable.connect(download(find_large(stoppable), f"0-{size - 1}"), small_window=True) as client:
        head = client.recv(2000).partition(b"\r\n\r\n")
        received = len(head[2])
        stoppable.process.send_signal(number)
        time.sleep(0.5)
        with pytest.raises(ConnectionRefusedError):
            stoppable.connect()
        while received < size:
            received += len(client.recv(2**16))
    assert received == size
    assert stoppable.process.wait(10) == 0


def test_open_event_streams_and_idle_connections_do_not_delay_a_stop(stoppable, opened):
    job = json.loads(stoppable.ask("POST", "/api/v1/jobs", {"paths": []})[1])["id"]
    stream = stoppable.connect(f"GET /api/v1/jobs/{job}/events HTTP/1.1\n{HOST}\n")
    opened.enter_context(stream)
    assert stream.recv(12) == b"HTTP/1.1 200"
    opened.enter_context(stoppable.connect())
    opened.enter_context(stoppable.connect(f"GET / HTTP/1.1\n{HOST}X-Slow: "))
    began = time.monotonic()
    stoppable.process.terminate()
    assert stoppable.process.wait(10) == 0
    assert time.monotonic() - began < 5
    assert read_all(stream).endswith(b"\r\n0\r\n\r\n")  # the response is complete


def test_a_paused_download_delays_a_stop_only_up_to_the_limit(home, monkeypatch):
    monkeypatch.setenv("CROSSMODAL_STOP_TIMEOUT", "1")
    with run_fake_server(home, "--no-worker") as server, closing(server.connect(small_window=True)) as paused:
        paused.sendall(download(find_large(server), "0-").replace("\n", "\r\n").encode())
        assert paused.recv(12) == b"HTTP/1.1 206"
        server.process.terminate()
        assert server.process.wait(10) == 0


def test_a_stop_stops_the_worker(home):
    with run_fake_server(home) as server:
        until = time.monotonic() + 60
        while not (children := list_children(server.process.pid)):  # it starts when the models are loaded
            assert time.monotonic() < until
            time.sleep(0.1)
        time.sleep(1)
        server.process.terminate()
        assert server.process.wait(20) == 0
    assert not any(is_running(child) for child in children)


def list_children(pid):
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, check=False).stdout
    return [int(child) for child in listed.split()]


def is_running(pid):
    return subprocess.run(["ps", "-p", str(pid)], capture_output=True, check=False).returncode == 0


def test_as_the_first_process_it_stops_at_sigterm_and_leaves_no_zombies(home):
    if not shutil.which("unshare") or subprocess.run(["unshare", "--pid", "--fork", "true"], check=False).returncode:
        pytest.skip("needs the right to create a PID namespace")
    with run_fake_server(home, "--no-worker", before=["unshare", "--pid", "--fork", "--kill-child"]) as server:
        (first,) = list_children(server.process.pid)
        (child,) = list_children(first)
        check_prompt(server)
        subprocess.run(["kill", "-TERM", str(first)], check=True)
        assert server.process.wait(10) == 0
        assert not is_running(child)


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_the_server_answers_at_an_ipv6_address(home):
    with run_fake_server(home, "--no-worker", host="::1") as server:
        check_prompt(server)
        for host, status in (("[::1]", 200), (f"[::1]:{server.port}", 200), ("LOCALHOST", 200), ("evil.example", 400)):
            with server.connect(f"GET /healthz HTTP/1.1\nHost: {host}\nConnection: close\n\n") as client:
                assert read_all(client).startswith(b"HTTP/1.1 %d" % status), host
