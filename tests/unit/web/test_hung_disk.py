"""A disk that does not respond delays no request except those for its files, and these only for a moment."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from search.disk_guard import MAX_CALLS
from search.engine import Engine
from search.settings import Settings
from tests.support.clock import wait_for
from tests.support.formats import RED
from tests.support.hung_disk import HungDisk
from tests.support.indexing import index
from tests.support.web_client import ask, get_item, make_client
from tests.support.wsgi_server import running
from web.app import create_app


@pytest.fixture
def disks(fresh, tmp_path, monkeypatch):
    """A library with the sources `near` and `far`, of which the second hangs."""
    for name in ("near", "far"):
        (tmp_path / name).mkdir()
        RED.save(tmp_path / name / f"{name}.png")
        (tmp_path / name / f"{name}.txt").write_text(f"the {name} lighthouse")
    index(fresh, tmp_path / "near", tmp_path / "far")
    monkeypatch.setattr("search.status.CHECK_SECONDS", 0.3)
    hung = HungDisk(monkeypatch, tmp_path / "far")
    yield hung
    hung.free.set()


def test_everything_else_is_answered(fresh, disks, tmp_path):
    client = make_client(fresh)
    assert client.get("/healthz").status_code == 200
    assert {hit["item"]["path"].rsplit("/")[-1] for hit in ask(client, text="lighthouse").json["hits"]} == {
        "near.txt",
        "far.txt",
    }
    far, near = sorted(client.get("/api/v1/sources").json["sources"], key=lambda one: one["path"])
    assert near["available"]
    reason = "the folder cannot be read: the disk does not respond"
    assert far["unavailable"] == [{"path": str(tmp_path / "far"), "reason": reason}]
    assert client.get("/api/v1/status").json["unavailable"] == {str(tmp_path / "far"): reason}
    assert client.get(f"/api/v1/items/{get_item(client, 'near.png')}/media").status_code == 200
    assert client.get(f"/api/v1/items/{get_item(client, 'far.png')}/thumbnail").status_code == 200


def test_the_file_itself_is_answered_with_a_problem_and_sent_when_the_disk_is_back(fresh, disks):
    client = make_client(fresh)
    far, near = get_item(client, "far.png"), get_item(client, "near.png")
    for route in ("media", "preview"):
        answer = client.get(f"/api/v1/items/{far}/{route}")
        assert answer.status_code == 503
        assert answer.json["type"] == "urn:crossmodal:problem:storage"
        assert "does not respond" in answer.json["detail"]
    archive = client.get(f"/api/v1/archive?items={near},{far}")
    assert (archive.status_code, b"near.png" in archive.data, b"far.png" in archive.data) == (200, True, False)
    disks.free.set()
    wait_for(lambda: disks.count_threads() == 0)
    assert client.get(f"/api/v1/items/{far}/media").status_code == 200


def test_many_requests_for_its_files_take_neither_the_threads_of_the_server_nor_many_others(fresh, disks, monkeypatch):
    client = make_client(fresh)
    far, near = get_item(client, "far.png"), get_item(client, "near.png")
    monkeypatch.setattr("search.disk_guard.DISKS.response_seconds", 3.0)
    app = create_app(Engine(fresh), Settings(home=fresh.home.root))
    with running(app, request_threads=16) as server, ThreadPoolExecutor(40) as pool:
        waiting = [pool.submit(server.ask, path=f"/api/v1/items/{far}/media") for _ in range(40)]
        time.sleep(0.5)  # the first ones have waited for their turn in vain
        began = time.monotonic()
        assert server.ask(path="/healthz").status == 200
        assert server.ask(path=f"/api/v1/items/{near}/media").status == 200
        body = json.dumps({"text": "lighthouse"})
        found = server.ask("POST", "/api/v1/search", body, {"Content-Type": "application/json"})
        assert len(json.loads(found.content)["hits"]) == 2
        assert time.monotonic() - began < 2.0
        assert disks.count_threads() <= MAX_CALLS
        assert {one.result().status for one in waiting} == {503}
        disks.free.set()


def test_a_source_on_it_can_be_changed_but_not_added(fresh, disks, tmp_path):
    client = make_client(fresh)
    far = next(one for one in client.get("/api/v1/sources").json["sources"] if one["path"].endswith("far"))
    assert client.patch(f"/api/v1/sources/{far['id']}", json={"watched": True}).status_code == 200
    refused = client.post("/api/v1/sources", json={"path": str(tmp_path / "far/sub")})
    assert (refused.status_code, "the disk does not respond" in refused.json["detail"]) == (400, True)
    assert threading.active_count() < 50
