"""The event stream of a job: what it sends, and when it ends."""

import json
from functools import partial

import pytest

from search.access.authentication import Authentication
from search.records import JobProgress, JobState, Task
from search.storage.accounts import Accounts, AccountUpdate
from tests.support.accounts import add_admin, add_person, make_headers, sign_in
from tests.support.clock import Clock
from tests.support.web_client import make_client
from web.access.cookies import SESSION_COOKIE
from web.api.jobs import _stream_events


@pytest.fixture
def client(fresh):
    return make_client(fresh)


class Steps(Clock):
    """A clock on which a job does its next step whenever somebody waits."""

    def __init__(self, steps):
        super().__init__()
        self.steps = iter(steps)

    def sleep(self, seconds):
        super().sleep(seconds)
        next(self.steps)()


def test_events_report_a_job_until_it_has_ended(client, fresh, monkeypatch):
    job = fresh.jobs.add(Task(("/x",)))
    steps = [
        partial(fresh.jobs.report, job.id, JobProgress(done, 3, done * 2.0, f"{done}.jpg", 6.0 - done * 2))
        for done in range(1, 4)
    ]
    Steps([*steps, partial(fresh.jobs.end, job.id, JobState.DONE, {"added": 3})]).install(
        monkeypatch, "search.job_progress"
    )
    body = client.get(f"/api/v1/jobs/{job.id}/events").get_data(as_text=True)
    events = [dict(line.split(": ", 1) for line in one.split("\n")) for one in body.strip().split("\n\n")]
    assert [one["event"] for one in events] == ["progress"] * (len(events) - 1) + ["end"]
    last = json.loads(events[-1]["data"])
    assert (last["state"], last["done"], last["total"], last["summary"]) == ("done", 3, 3, {"added": 3})
    assert len(events) == 5


def test_events_end_when_a_job_that_changed_nothing_is_dropped(client, fresh, monkeypatch):
    job = fresh.jobs.add(Task(("/x",), is_routine=True))
    Steps([partial(fresh.jobs.drop, job.id)]).install(monkeypatch, "search.job_progress")
    body = client.get(f"/api/v1/jobs/{job.id}/events").get_data(as_text=True)
    assert body.count("event: ") == 1


def test_events_of_a_job_that_is_dropped_before_the_first_one_end_without_an_error(client, fresh, monkeypatch):
    job = fresh.jobs.add(Task(("/x",), is_routine=True))

    def stream_late(*arguments):
        fresh.jobs.drop(job.id)
        return _stream_events(*arguments)

    monkeypatch.setattr("web.api.jobs._stream_events", stream_late)
    answer = client.get(f"/api/v1/jobs/{job.id}/events")
    assert (answer.status_code, answer.data) == (200, b"")


def disable(library, account):
    Accounts(library.database).change(account.id, AccountUpdate(is_disabled=True))


def take_sources(library, account):
    Accounts(library.database).change(account.id, AccountUpdate(sets_sources=True, sources=()))


def add_first_account(library, _account):
    add_admin(library)


def keep(_library, _account):
    pass


@pytest.mark.parametrize(
    ("change", "has_account", "seen"),
    [(keep, True, 3), (keep, False, 3), (disable, True, 1), (take_sources, True, 1), (add_first_account, False, 1)],
)
def test_events_end_when_their_caller_may_no_longer_follow_the_job(
    client, fresh, monkeypatch, change, has_account, seen
):
    monkeypatch.setattr("web.api.jobs.CHECK_SECONDS", 0.0)
    source = fresh.sources.add("/x")
    job = fresh.jobs.add(Task(("/x",)))
    if has_account:
        add_admin(fresh)
    account = add_person(fresh, "ann", sources=[source]) if has_account else None
    headers = make_headers(fresh, account) if has_account else {}

    def change_and_report():
        change(fresh, account)
        fresh.jobs.report(job.id, JobProgress(1, 3, 2.0, "1.jpg"))

    Steps([change_and_report, partial(fresh.jobs.end, job.id, JobState.DONE)]).install(
        monkeypatch, "search.job_progress"
    )
    body = client.get(f"/api/v1/jobs/{job.id}/events", headers=headers).get_data(as_text=True)
    assert body.count("event: ") == seen
    assert body.count("event: end") == (1 if change is keep else 0)


def test_events_of_a_session_end_when_it_does(client, fresh, monkeypatch):
    monkeypatch.setattr("web.api.jobs.CHECK_SECONDS", 0.0)
    job = fresh.jobs.add(Task(("/x",)))
    add_admin(fresh)
    sign_in(client, "admin")
    other = client.application.test_client()
    token = client.get_cookie(SESSION_COOKIE).value
    end = partial(Authentication(fresh.database).sign_out, token)
    Steps([lambda: (end(), fresh.jobs.report(job.id, JobProgress(1, 3, 2.0, "1.jpg")))]).install(
        monkeypatch, "search.job_progress"
    )
    body = client.get(f"/api/v1/jobs/{job.id}/events").get_data(as_text=True)
    assert body.count("event: ") == 1
    assert other.get(f"/api/v1/jobs/{job.id}/events").status_code == 401
