"""A job, a webhook, a saved search and a watched source each fail alone, with the reason on record."""

import json
import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.pipeline import Options
from indexer.worker import webhook
from indexer.worker.loop import Guard, run_worker
from indexer.worker.saved_search_notifier import SavedSearchNotifier
from indexer.worker.watch import Watcher
from indexer.worker.webhook import send_all
from search.records import JobProgress, JobState, Principal, Rights, Role, State, Task
from search.storage.jobs import MAX_ATTEMPTS
from search.storage.saved_searches import SavedSearches
from tests.support.accounts import add_person
from tests.support.clock import wait_for
from tests.support.indexing import index
from tests.support.properties import few_examples
from tests.support.web_client import make_client
from tests.support.webhooks import LOOPBACK, Notifier, make_message, send

INLINE = Options(sandbox=False)
few = few_examples(20)
any_text = st.text(st.characters(codec=None), min_size=1, max_size=30)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr("indexer.worker.loop.POLL_SECONDS", 0.01)


@pytest.fixture
def media(fresh, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    fresh.sources.add(str(folder))
    (folder / "a.txt").write_text("The lighthouse keeper wrote a letter.")
    return folder


def work(library):
    run_worker(library, INLINE, threading.Event(), until_idle=True)


def insert_job(library, task, state="queued"):
    """Store a job as an earlier version or a broken disk could have left it; return its id."""
    with library.database.write() as db:
        query = "INSERT INTO job (task, state, created_at) VALUES (?, ?, '2026-01-01') RETURNING id"
        return db.exec_driver_sql(query, (task, state)).scalar_one()


@pytest.mark.parametrize("state", ["queued", "running"])
@pytest.mark.parametrize(
    "task",
    [
        '{"paths": ["/media/\\ud800"], "retry_failed": false}',
        "not JSON",
        "[]",
        '{"paths": 3}',
        '{"paths": [3]}',
        '{"paths": [], "from_a_newer_version": 1}',
        "[" * 100_000,
    ],
)
def test_a_job_that_cannot_be_read_fails_alone_and_can_be_removed(fresh, media, task, state):
    poison = insert_job(fresh, task, state)
    client = make_client(fresh)
    assert client.get("/api/v1/jobs").status_code == 200
    job = fresh.jobs.add(Task((str(media),)))
    work(fresh)
    assert fresh.jobs.get(job.id).state is JobState.DONE
    failed = client.get(f"/api/v1/jobs/{poison}").json
    assert failed["state"] == "failed"
    assert failed["reason"].startswith("The job cannot be read: ")
    assert client.delete(f"/api/v1/jobs/{poison}").status_code == 202
    assert [one["id"] for one in client.get("/api/v1/jobs").json["jobs"]] == [job.id]


def test_a_queued_job_that_cannot_be_read_can_be_cancelled(fresh):
    poison = insert_job(fresh, "not JSON")
    assert make_client(fresh).delete(f"/api/v1/jobs/{poison}").json["state"] == "cancelled"


@few
@given(st.lists(any_text, min_size=1, max_size=3))
def test_any_paths_end_as_a_job_with_a_reason(fresh, media, paths):
    job = fresh.jobs.add(Task(tuple(f"{media}/nowhere/{path}" for path in paths)))
    work(fresh)
    ended = fresh.jobs.get(job.id)
    assert ended.state is JobState.FAILED
    assert "does not exist" in ended.reason or "cannot be" in ended.reason or "UTF-8" in ended.reason
    assert make_client(fresh).get("/api/v1/jobs").status_code == 200


def test_a_path_that_is_gone_does_not_fail_the_other_paths_of_a_job(fresh, media):
    job = fresh.jobs.add(Task((str(media / "gone.txt"), str(media), f"{media}/nowhere/\ud800")))
    work(fresh)
    ended = fresh.jobs.get(job.id)
    assert (ended.state, ended.summary["added"], ended.summary["failed"]) == (JobState.DONE, 1, 2)


def test_a_job_during_which_workers_die_is_given_up(fresh, media):
    job = fresh.jobs.add(Task((str(media),)))
    for _ in range(MAX_ATTEMPTS):
        assert fresh.jobs.take().id == job.id  # and here the worker dies
    assert fresh.jobs.take() is None
    ended = fresh.jobs.get(job.id)
    assert ended.state is JobState.FAILED
    assert f"died {MAX_ATTEMPTS} times" in ended.reason


def test_a_job_that_makes_progress_or_whose_worker_is_stopped_is_not_given_up(fresh, media):
    job = fresh.jobs.add(Task((str(media),)))
    for number in range(1, 2 * MAX_ATTEMPTS):
        fresh.jobs.take()
        fresh.jobs.report(job.id, JobProgress(number, 100, 1.0, "a.txt"))
    for _ in range(2 * MAX_ATTEMPTS):
        fresh.jobs.take()
        fresh.jobs.release(job.id)
    assert fresh.jobs.take().id == job.id


def test_an_error_in_one_part_of_the_worker_does_not_end_the_others(fresh, media, monkeypatch):
    def fail(_self):
        raise RuntimeError("a bug")

    monkeypatch.setattr("indexer.worker.loop.RETRY_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(Watcher, "poll", fail)
    monkeypatch.setattr(SavedSearchNotifier, "poll", fail)
    job = fresh.jobs.add(Task((str(media),)))
    work(fresh)
    assert fresh.jobs.get(job.id).state is JobState.DONE


def test_an_error_that_repeats_is_logged_once(caplog):
    guard, results = Guard(), iter([1, 0, 0, 1])
    assert [guard.call("dividing", lambda: 1 // next(results)) for _ in range(2)] == [1, None]
    assert guard.delay > 0
    assert [guard.call("dividing", lambda: 1 // next(results)) for _ in range(2)] == [None, 1]
    assert guard.delay == 0
    assert [record.message for record in caplog.records] == ["the worker failed while dividing"]


@pytest.fixture
def answer_with():
    """Start a server that answers each connection with a function of its socket; return a function for that."""
    servers = []

    def start(respond):
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=run, args=(connection,), daemon=True).start()

        def run(connection):
            try:
                connection.recv(65_536)
                respond(connection)
            except OSError:
                pass
            finally:
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/hook"

    yield start
    for server in servers:
        server.close()


def drip(connection):
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


NO_HTTP = "the webhook does not answer with valid HTTP. Check its address and the log of its server."


@pytest.mark.parametrize(
    ("respond", "reason"),
    [
        (drip, "did not answer within"),
        (lambda connection: time.sleep(3), "did not answer within"),
        (lambda connection: connection.sendall(b"\xff\0garbage\r\n\r\n" * 9), NO_HTTP),
        (lambda connection: connection.sendall(b"HTTP/1.1 99999 x\r\n\r\n"), NO_HTTP),
        (lambda connection: connection.sendall(b"HTTP/1.1 200 " + b"x" * 100_000), NO_HTTP),
        (lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 999), NO_HTTP),
        (lambda connection: None, NO_HTTP),
        (lambda connection: connection.sendall(b"HTTP/1.1 302 x\r\nLocation: file:///\r\n\r\n"), "answered 302"),
        (lambda connection: connection.sendall(b"HTTP/1.1 500 x\r\n\r\n"), "answered 500"),
    ],
)
def test_whatever_a_webhook_answers_ends_in_time_with_a_reason(answer_with, monkeypatch, respond, reason):
    monkeypatch.setattr(webhook, "WEBHOOK_TIMEOUT_SECONDS", 1.0)
    began = time.monotonic()
    assert reason in send(answer_with(respond))
    assert time.monotonic() - began < 2.5


def test_a_step_of_a_call_that_takes_too_long_has_the_reason_of_the_whole_call():
    assert webhook.explain_error(TimeoutError("timed out")) == webhook.explain_error(TimeoutError())
    assert "did not answer within 10 s" in webhook.explain_error(TimeoutError("timed out"))


def test_a_webhook_that_answers_is_called(answer_with):
    address = answer_with(lambda connection: connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert send_all([make_message(address), make_message("http://127.0.0.1:1/")], LOOPBACK)[0] is None


def test_a_failing_webhook_and_search_are_on_record_and_the_others_are_called(fresh, media, answer_with, monkeypatch):
    monkeypatch.setattr(webhook, "WEBHOOK_TIMEOUT_SECONDS", 1.0)
    called = []
    good = answer_with(lambda connection: (called.append(1), connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")))
    saved = SavedSearches(fresh.database)
    request = {"text": "lighthouse"}
    slow = saved.add("slow", request, "/", True, answer_with(drip))
    odd = saved.add("odd", {"text": 'a "phrase"', "unknown": 1}, "/", True, None)
    fine = saved.add("fine", request, "/", True, good)
    with fresh.database.write() as db:
        db.exec_driver_sql("UPDATE saved_search SET checked_at = '2000-01-01'")
        query = (
            "INSERT INTO saved_search (name, request, address, is_watched, created_at, checked_at) "
            "VALUES ('broken', 'not JSON', '/', 1, '2000-01-01', '2000-01-01') RETURNING id"
        )
        broken = db.exec_driver_sql(query).scalar_one()
    index(fresh, media)
    Notifier(fresh).poll()
    assert saved.get(slow.id).error == "the webhook did not answer within 1 s"
    assert saved.get(odd.id).error.startswith("the search failed: ")
    assert "cannot be read" in saved.get(broken).error
    assert (saved.get(fine.id).error, called) == (None, [1])
    client = make_client(fresh)
    assert len(client.get("/api/v1/searches").json["searches"]) == 4
    for search in (slow.id, odd.id, fine.id, broken):
        assert client.delete(f"/api/v1/searches/{search}").status_code == 204


@few
@given(any_text.map("http://{}".format) | any_text | st.sampled_from(["http://[::1", "http://a b/", "http://x:99999/"]))
def test_any_address_of_a_webhook_ends_with_a_reason(address):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webhook, "WEBHOOK_TIMEOUT_SECONDS", 0.2)
        patch.setattr("socket.getaddrinfo", lambda *_args, **_options: (_ for _ in ()).throw(OSError("no network")))
        assert send(address).startswith("the webhook ")


def test_a_source_that_cannot_be_watched_fails_alone_with_the_reason(fresh, media, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.txt").write_text("another letter")
    from indexer.worker import watch

    original = watch.follow_changes

    def follow_changes(home, paths, stop, *_):
        if paths[0] == media:
            raise OSError(28, "inotify watch limit reached")
        yield from original(home, paths, stop)

    monkeypatch.setattr(watch, "follow_changes", follow_changes)
    lost = tmp_path / "lost"
    for root in (media, other, lost):
        fresh.sources.watch(fresh.sources.add(str(root)), True)
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(fresh, INLINE, stop))
    worker.start()
    try:
        states = lambda: {item.path: item.state for item in fresh.catalog.list_items()}  # noqa: E731
        wait_for(lambda: len(states()) == 2 and set(states().values()) == {State.INDEXED})
        (other / "c.txt").write_text("a third letter")
        wait_for(lambda: states().get(str(other / "c.txt")) is State.INDEXED)
        problems = {source.path: source.problem for source in fresh.sources.list_all()}
        assert problems[str(other)] is problems[str(lost)] is None
        assert "inotify watch limit reached" in problems[str(media)]
        assert fresh.volumes.list_problems() == {str(lost): "the folder does not exist"}
    finally:
        stop.set()
        worker.join()


def test_a_watched_source_whose_folder_cannot_be_examined_does_not_stop_answers(fresh, media, monkeypatch):
    from pathlib import Path

    fresh.sources.add(str(media))
    original = Path.stat

    def stat(self, **options):
        if self == media:
            raise PermissionError(13, "Permission denied")
        return original(self, **options)

    monkeypatch.setattr(Path, "stat", stat)
    client = make_client(fresh)
    (source,) = client.get("/api/v1/sources").json["sources"]
    assert source["unavailable"] == [{"path": str(media), "reason": "the folder cannot be read: Permission denied"}]
    assert json.loads(client.get("/api/v1/status").data)["unavailable"] == {
        str(media): "the folder cannot be read: Permission denied"
    }


def test_a_watched_search_finds_only_what_its_owner_may_read(fresh, tmp_path, media):
    other = tmp_path / "other"
    other.mkdir()
    index(fresh, media)
    owner = add_person(fresh, "ana", sources=[fresh.sources.list_all()[0].id])
    saved = SavedSearches(fresh.database, Principal(Role.SEARCH, Rights(), owner))
    search_id = saved.add("keepers", {"text": "a lighthouse keeper"}, "/", True, None).id
    with fresh.database.write() as db:
        db.exec_driver_sql("UPDATE saved_search SET checked_at = '2020-01-01T00:00:00+00:00'")
    (other / "b.txt").write_text("Another lighthouse keeper wrote a letter.")
    index(fresh, other)
    SavedSearchNotifier(fresh).poll()
    found = fresh.catalog.read_items(saved.list_found(search_id))
    assert [item.path for item in found.values()] == [str(media / "a.txt")]
