"""On a full disk the server answers what it can, and says that it is not ready."""

import threading

import pytest

from search.disk_guard import DiskGuard
from tests.support.web_client import get_item, make_client


@pytest.fixture
def full_disk(monkeypatch):
    def fail(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("search.paths.write_atomically", fail)
    for module in ("content", "visualizations"):
        monkeypatch.setattr(f"web.api.{module}.write_atomically", fail)
    monkeypatch.setattr("web.api.health.TemporaryFile", fail)


def test_small_thumbnails_and_loudness_need_no_space(library, full_disk):
    client = make_client(library)
    small = client.get(f"/api/v1/items/{get_item(client, 'dahlia.jpg')}/thumbnail?size=256")
    assert (small.status_code, small.mimetype, small.cache_control.private) == (200, "image/webp", True)
    loudness = client.get(f"/api/v1/items/{get_item(client, 'holiday.mp4')}/loudness?points=37")
    assert (loudness.status_code, len(loudness.json["peaks"])) == (200, 37)


def test_the_server_is_not_ready(library, full_disk):
    answer = make_client(library).get("/readyz")
    assert (answer.status_code, answer.json["type"]) == (503, "urn:crossmodal:problem:home")
    assert "No space left on device" in answer.json["detail"]
    assert make_client(library).get("/healthz").status_code == 200


def test_with_space_it_is_ready_and_leaves_nothing_behind(fresh):
    before = sorted(fresh.home.root.iterdir())
    assert make_client(fresh).get("/readyz").status_code == 200
    assert sorted(fresh.home.root.iterdir()) == before


def test_the_disk_is_not_written_to_at_each_call(fresh, monkeypatch):
    written = []
    monkeypatch.setattr("web.api.health.os.fsync", written.append)
    client = make_client(fresh)
    assert [client.get("/readyz").status_code for _ in range(5)] == [200] * 5
    assert len(written) == 1
    monkeypatch.setattr("web.api.health.VALID_SECONDS", 0.0)
    assert make_client(fresh).get("/readyz").status_code == 200
    assert len(written) == 2


def test_a_disk_that_does_not_respond_occupies_no_further_thread(fresh, monkeypatch):
    free = threading.Event()
    monkeypatch.setattr("web.api.health.os.fsync", lambda _file: free.wait(20))
    monkeypatch.setattr("web.api.health.DISKS", DiskGuard(response_seconds=0.1))
    monkeypatch.setattr("web.api.health.VALID_SECONDS", 0.0)
    client = make_client(fresh)
    answers = [client.get("/readyz") for _ in range(3)]
    free.set()
    assert [answer.status_code for answer in answers] == [503] * 3
    assert "the disk does not respond" in answers[-1].json["detail"]
