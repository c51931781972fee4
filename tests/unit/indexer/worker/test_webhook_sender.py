"""New matches are signed, sent to allowed hosts, and keep nothing waiting."""

import json
import threading
import time

import pytest
from PIL import Image

from indexer.pipeline import Options
from indexer.worker.loop import run_worker
from indexer.worker.saved_search_notifier import SavedSearchNotifier
from search.records import JobState, Task
from search.storage.saved_searches import SavedSearches
from search.webhooks import sign_message
from tests.support.clock import wait_for
from tests.support.fake_models import CONCEPTS
from tests.support.indexing import index
from tests.support.web_client import make_client
from tests.support.webhooks import SOON, Notifier, run_hook, with_settings

PLACE = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}


@pytest.fixture
def hook():
    with run_hook() as running:
        yield running


@pytest.fixture
def saved(fresh, tmp_path, hook):
    """A watched search with a webhook that has one unsent match."""
    client = make_client(fresh, webhook_hosts=("127.0.0.1",))
    body = {"name": "cats", "request": {"text": "a cat"}, "watched": True, "webhook": hook.address}
    saved = client.post("/api/v1/searches", json=body).json
    (tmp_path / "media").mkdir()
    exif = Image.Exif()
    exif.get_ifd(0x8825).update(PLACE)
    Image.new("RGB", (64, 64), CONCEPTS["cat"]).save(tmp_path / "media/cat.jpg", exif=exif)
    index(fresh, tmp_path / "media")
    return saved


def test_a_message_is_signed_with_the_secret_that_was_shown_once(fresh, saved, hook):
    Notifier(fresh).poll()
    ((headers, body),) = hook.received
    timestamp = int(headers["webhook-timestamp"])
    assert abs(timestamp - time.time()) < 60
    assert headers["webhook-signature"] == sign_message(saved["webhook_secret"], headers["webhook-id"], timestamp, body)
    client = make_client(fresh)
    for answer in (client.get("/api/v1/searches"), client.get(f"/api/v1/searches/{saved['id']}/matches")):
        assert saved["webhook_secret"] not in answer.text
    assert saved["webhook_secret"] not in repr(SavedSearches(fresh.database).list_all())


def test_a_new_secret_replaces_the_one_before(fresh, saved, hook):
    answer = make_client(fresh).post(f"/api/v1/searches/{saved['id']}/secret", json={})
    assert answer.json["webhook_secret"] != saved["webhook_secret"]
    Notifier(fresh).poll()
    ((headers, body),) = hook.received
    expected = sign_message(
        answer.json["webhook_secret"], headers["webhook-id"], int(headers["webhook-timestamp"]), body
    )
    assert headers["webhook-signature"] == expected


def test_a_webhook_of_an_earlier_version_needs_a_secret_first(fresh, saved, hook):
    with fresh.database.write() as db:
        db.exec_driver_sql("UPDATE saved_search SET webhook_secret = NULL")
    Notifier(fresh).poll()
    assert hook.received == []
    error = SavedSearches(fresh.database).get(saved["id"]).error
    assert f"POST /api/v1/searches/{saved['id']}/secret" in error


def test_without_the_setting_nothing_is_called_nor_accepted(fresh, saved, hook):
    notifier = SavedSearchNotifier(fresh)
    notifier.poll()
    notifier.flush(SOON)
    assert hook.received == []
    assert "webhook_hosts" in SavedSearches(fresh.database).get(saved["id"]).error
    body = {"name": "a", "request": {"text": "a"}, "webhook": hook.address}
    refused = make_client(fresh).post("/api/v1/searches", json=body)
    assert (refused.status_code, "webhook_hosts" in refused.json["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("precision", "place"), [("exact", (52.52, 13.405)), ("rounded", (52.5, 13.47)), ("hidden", (None, None))]
)
def test_locations_are_as_precise_as_the_setting_says(fresh, saved, hook, precision, place):
    Notifier(fresh, webhook_location=precision).poll()
    (item,) = json.loads(hook.received[0][1])["items"]
    assert (item["latitude"], item["longitude"]) == place


def test_a_slow_webhook_delays_no_job(fresh, saved, hook, tmp_path, monkeypatch):
    monkeypatch.setattr("indexer.worker.loop.POLL_SECONDS", 0.01)
    hook.delay = 5.0
    library, stop = with_settings(fresh, webhook_hosts=("127.0.0.1",)), threading.Event()
    worker = threading.Thread(target=run_worker, args=(library, Options(sandbox=False), stop))
    worker.start()
    try:
        wait_for(lambda: hook.received)
        began = time.monotonic()
        (tmp_path / "media/note.txt").write_text("a lighthouse")
        job = fresh.jobs.add(Task((str(tmp_path / "media"),)))
        wait_for(lambda: fresh.jobs.get(job.id).state is JobState.DONE)
        assert time.monotonic() - began < 4.0
    finally:
        stop.set()
        worker.join()
