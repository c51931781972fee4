"""The events of a job go on when the connection was lost."""

import asyncio
import json
import threading
import time

import pytest

import crossmodal
from crossmodal.client import retries
from crossmodal.client.events import JobEvents
from crossmodal.client.target import Target
from search.errors import NotFoundError, ServerError
from search.records import Job, JobState, Task
from search.serializers import serialize_job
from tests.support.any_library import BlockingClient, serving
from tests.support.clock import wait_for
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


class SlowStreams(Streams):
    """Sends the parts of each stream with pauses between them, which are longer than the deadline of the client."""

    def __call__(self, environ, start):
        parts = super().__call__(environ, start)[0].decode().split("PAUSE")
        return (part.encode() for part in pause_between(parts))


def pause_between(parts):
    for number, part in enumerate(parts):
        time.sleep(1.5 if number else 0.0)
        yield part


@pytest.mark.parametrize("kind", ["server", "asyncio"])
def test_a_stream_that_is_cut_after_a_quiet_time_is_opened_again(kind):
    waiting, done = make_job(0, JobState.QUEUED), make_job(9, JobState.DONE)
    quiet = f"{make_event(waiting)}PAUSE: no change\n\n"
    assert follow(SlowStreams(quiet, quiet, make_event(done)), kind, deadline=1) == [waiting, done]


@pytest.mark.parametrize("kind", ["server", "asyncio"])
def test_a_program_may_take_its_time_with_each_event(kind):
    jobs = [make_job(1), make_job(2), make_job(9, JobState.DONE)]
    found = []
    with running(Streams(*map(make_event, jobs))) as server:
        asyncio.run(take(kind, f"http://127.0.0.1:{server.port}", found, deadline=0.2, pause=0.5))
    assert found == jobs


async def take(kind, url, found, deadline, pause=0.0):
    """Add the events of job 1 to a list, one by one, with a pause after each."""
    if kind == "server":
        with crossmodal.Client(url, deadline=deadline) as client:
            for job in client.follow_job(1):
                found.append(job)
                time.sleep(pause)
    else:
        async with crossmodal.AsyncClient(url, deadline=deadline) as client:
            async for job in client.follow_job(1):
                found.append(job)
                await asyncio.sleep(pause)


@pytest.mark.parametrize("kind", ["server", "asyncio"])
def test_a_connection_without_any_data_is_lost(kind, monkeypatch):
    monkeypatch.setattr("crossmodal.client.events.SILENCE_SECONDS", 0.5)
    running_job, done = make_job(1), make_job(9, JobState.DONE)
    silent = f"{make_event(running_job)}PAUSE: no change\n\n"
    assert follow(SlowStreams(silent, make_event(done)), kind) == [running_job, done]
    with pytest.raises(ServerError, match=r"sent nothing for 0\.5 seconds"):
        follow(SlowStreams(*["PAUSE: no change\n\n"] * 9), kind, deadline=1)


@pytest.mark.parametrize("kind", ["server", "asyncio"])
def test_a_job_is_followed_while_the_server_is_restarted(kind, fresh, media):
    fresh.sources.add(str(media))
    job = fresh.jobs.add(Task((str(media),)))
    found = []
    with serving(fresh) as url:
        follower = threading.Thread(target=lambda: asyncio.run(take(kind, url, found, deadline=20)))
        follower.start()
        wait_for(lambda: found)
    time.sleep(0.5)  # the server is down
    with serving(fresh, int(url.rpartition(":")[2])):
        fresh.jobs.end(job.id, JobState.DONE)
        follower.join(20)
    assert [one.state for one in found] == ["queued", "done"]


def test_data_in_several_lines_is_joined():
    events, text = JobEvents(Target("http://x"), 1), json.dumps(serialize_job(make_job(1)), indent=1)
    assert {events.read(f"data: {line}") for line in text.splitlines()} == {None}
    assert events.read("") == make_job(1)
    assert events.read("") is None
