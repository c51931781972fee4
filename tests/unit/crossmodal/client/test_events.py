"""The events of a job go on when the connection was lost."""

import json

import pytest

import crossmodal
from crossmodal.client import retries
from crossmodal.client.events import JobEvents
from search.errors import NotFoundError, ServerError
from search.records import Job, JobState, Task
from search.serializers import serialize_job
from tests.support.any_library import BlockingClient
from tests.support.wsgi_server import answer, running
from web.problem_documents import Problem


@pytest.fixture(autouse=True)
def _do_not_wait(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)


def make_job(done, state=JobState.RUNNING):
    return Job(1, Task(("/a",)), state, "2024-01-01T00:00:00+00:00", done=done, total=9, seconds=1.0)


def make_event(job):
    return f"event: progress\ndata: {json.dumps(serialize_job(job))}\n\n"


class Streams:
    """Answers with one stream after the other."""

    def __init__(self, *streams):
        self.streams = list(streams)
        self.accepted = []

    def __call__(self, environ, start):
        self.accepted.append(environ.get("HTTP_ACCEPT"))
        stream = self.streams.pop(0) if self.streams else None
        if stream is None:
            problem = Problem(NotFoundError, "There is no job 1.", "id", "/", "")
            return answer(start, problem.body, status="404 Not Found", headers=list(problem.headers.items()))
        return answer(start, stream.encode(), headers=[("Content-Type", "text/event-stream; charset=utf-8")])


def follow(app, kind, deadline=60):
    with running(app) as server:
        url = f"http://127.0.0.1:{server.port}"
        if kind == "server":
            with crossmodal.Client(url, deadline=deadline) as client:
                return list(client.follow_job(1))
        client = BlockingClient(url, deadline=deadline)
        try:
            return list(client.follow_job(1))
        finally:
            client.end()


@pytest.mark.parametrize("kind", ["server", "asyncio"])
def test_a_cut_stream_is_opened_again_and_repeats_nothing(kind):
    jobs = [make_job(1), make_job(2), make_job(3), make_job(9, JobState.DONE)]
    events = [make_event(job) for job in jobs]
    app = Streams(": no change\n\n" + events[0] + events[1][:-20], "", events[0] + events[1] + events[2], events[3])
    assert follow(app, kind) == jobs
    assert app.accepted == ["text/event-stream"] * 4


@pytest.mark.parametrize("kind", ["server", "asyncio"])
def test_a_job_that_was_dropped_ends_without_an_error(kind):
    assert follow(Streams(make_event(make_job(1))), kind) == [make_job(1)]
    with pytest.raises(NotFoundError, match="There is no job 1"):
        follow(Streams(), kind)


@pytest.mark.parametrize("kind", ["server", "asyncio"])
def test_streams_without_events_are_given_up_at_the_deadline(kind):
    app = Streams(*[": nothing\n\n"] * 1000)
    with pytest.raises(ServerError, match="the event stream was cut"):
        follow(app, kind, deadline=1)
    # A server that is restarted is away for longer than other requests wait.
    assert len(app.accepted) > retries.MAX_ATTEMPTS


def test_data_in_several_lines_is_joined():
    events, text = JobEvents(), json.dumps(serialize_job(make_job(1)), indent=1)
    found = [job for line in text.splitlines() for job in events.read(f"data: {line}")]
    assert found == []
    assert list(events.read("")) == [make_job(1)]
    assert list(events.read("")) == []
