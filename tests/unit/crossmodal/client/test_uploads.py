"""Files are sent in blocks, with progress, and sent again if the connection is lost."""

import hashlib
import re
import socket
import threading
import tracemalloc

import pytest

import crossmodal
from crossmodal.client import retries
from search.errors import ServerError, UsageError
from tests.support.any_library import BlockingClient, open_interface, serving, working
from tests.support.formats import RED
from tests.support.wsgi_server import answer, running
from web.http_errors import TooLargeError

MIB = 2**20
JOB = (
    '{"id": 1, "state": "queued", "paths": [], "retry_failed": false, "model": null, "created_at": "x",'
    '"started_at": null, "ended_at": null, "done": 0, "total": 0, "seconds": 0, "detail": null, "cancelling": false,'
    '"summary": null, "reason": null}'
)
STORED = f'{{"files": [{{"name": "a", "path": "/a"}}], "job": {JOB}}}'.encode()


class Receiver:
    """Reads uploads in blocks and answers as the server does, after some failures."""

    def __init__(self, failures=0):
        self.failures = failures
        self.digests = []

    def __call__(self, environ, start):
        digest, stream = hashlib.sha256(), environ["wsgi.input"]
        while block := stream.read(MIB):
            digest.update(re.sub(rb"[0-9a-f]{32}", b"", block))
        self.digests.append(digest.hexdigest())
        if len(self.digests) <= self.failures:
            return answer(start, b"no", status="502 Bad Gateway")
        return answer(start, STORED, headers=[("Content-Type", "application/json")])


@pytest.mark.parametrize("kind", ["server", "asyncio"])
def test_files_are_stored_and_indexed(kind, fresh, tmp_path):
    RED.save(tmp_path / "red one.png")
    (tmp_path / "Notiz ä.txt").write_text("Buy milk.")
    seen = []
    with working(fresh), open_interface(fresh, kind) as client:
        files = (tmp_path / "red one.png", str(tmp_path / "Notiz ä.txt"))
        upload = client.upload(*files, progress=lambda *values: seen.append(values))
        assert [one.name for one in upload.files] == ["red one.png", "Notiz ä.txt"]
        last = list(client.follow_job(upload.job.id))[-1]
        assert (last.state, last.summary["added"]) == ("done", 2)
        assert {item.path for item in client.items()} == {one.path for one in upload.files}
    total = sum(path.stat().st_size for path in tmp_path.glob("*.*"))
    assert seen[-1] == (total, total, str(tmp_path / "Notiz ä.txt"))
    assert [sent for sent, _, _ in seen] == sorted(sent for sent, _, _ in seen)


@pytest.mark.parametrize("make", [crossmodal.Client, BlockingClient])
def test_a_large_file_is_not_loaded_into_memory(make, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(64 * MIB))
    with running(Receiver(), file_limit=100 * MIB, upload_limit=100 * MIB) as server:
        client = make(f"http://127.0.0.1:{server.port}")
        tracemalloc.start()
        seen = []
        client.upload(path, progress=lambda *values: seen.append(values))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        client.end() if make is BlockingClient else client.close()
    assert seen[-1][0] == 64 * MIB
    assert len(seen) > 100
    assert peak < 30 * MIB


def test_an_upload_that_failed_is_sent_again_from_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 200_000)
    app, seen = Receiver(failures=1), []
    with running(app) as server, crossmodal.Client(f"http://127.0.0.1:{server.port}") as client:
        client.upload(path, progress=lambda *values: seen.append(values[0]))
    assert len(app.digests) == 2
    assert app.digests[0] == app.digests[1]
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]
    assert seen[-1] == 200_000


def test_a_refused_upload_says_why(fresh, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x" * 3_000_000)
    with (
        serving(fresh, file_limit=MIB, upload_limit=MIB) as url,
        crossmodal.Client(url) as client,
        pytest.raises(TooLargeError, match="larger than 1,048,576 bytes"),
    ):
        client.upload(tmp_path / "a.txt")


def test_files_that_cannot_be_read_are_named(tmp_path):
    with crossmodal.Client("http://127.0.0.1:1") as client:
        with pytest.raises(UsageError, match=r"Cannot read .*nothing\.txt: No such file"):
            client.upload(tmp_path / "nothing.txt")
        with pytest.raises(UsageError, match=r"is a folder\. Name the files in it"):
            client.upload(tmp_path)


@pytest.mark.parametrize("size", [10, 300_000])
def test_a_file_that_changes_while_it_is_sent(size, tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * 200_000)
    app = Receiver()

    def change(sent, _total, _name):
        if sent < 100_000:
            with path.open("r+b") as stream:
                stream.truncate(size)

    with running(app) as server, crossmodal.Client(f"http://127.0.0.1:{server.port}") as client:
        if size > 200_000:
            client.upload(path, progress=change)
            assert len(app.digests) == 1
        else:
            with pytest.raises(UsageError, match="became shorter while it was sent"):
                client.upload(path, progress=change)


def test_a_server_that_ends_during_an_upload_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(8 * MIB))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def cut():
            connection, _ = listening.accept()
            connection.recv(100_000)
            listening.close()
            connection.close()

        thread = threading.Thread(target=cut)
        thread.start()
        with crossmodal.Client(f"http://127.0.0.1:{port}") as client, pytest.raises(ServerError, match="Cannot reach"):
            client.upload(path)
        thread.join()
