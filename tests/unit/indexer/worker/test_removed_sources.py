"""A source that was removed from the library stays removed, whatever its jobs are doing."""

import threading

import pytest

from indexer import pipeline
from indexer.pipeline import Options
from indexer.worker.loop import Tracker, run_worker
from search.forget import forget_paths
from search.records import JobState, State, Task
from tests.support.indexing import index

INLINE = Options(sandbox=False, workers=1)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr("indexer.worker.loop.POLL_SECONDS", 0.01)


@pytest.fixture
def other(tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "note.txt").write_text("a letter from the lighthouse")
    return folder


def work(library):
    run_worker(library, INLINE, threading.Event(), until_idle=True)


def list_sources(library):
    return [source.path for source in library.sources.list_all()]


def test_queued_jobs_of_a_removed_source_are_cancelled(fresh, media, other):
    index(fresh, media, other)
    tasks = [Task((str(media),)), Task((f"{media}/sub",), is_routine=True), Task((str(other),)), Task()]
    jobs = [fresh.jobs.add(task).id for task in tasks]
    forget_paths(fresh, [str(media)])
    states = [fresh.jobs.get(job).state for job in jobs]
    assert states == [JobState.CANCELLED, JobState.CANCELLED, JobState.QUEUED, JobState.QUEUED]
    work(fresh)
    assert list_sources(fresh) == [str(other)]
    assert {item.path for item in fresh.catalog.list_items()} == {str(other / "note.txt")}


def test_queued_jobs_of_a_removed_folder_are_cancelled(fresh, media):
    index(fresh, media)
    job = fresh.jobs.add(Task((f"{media}/sub/b.txt",)))
    both = fresh.jobs.add(Task((f"{media}/sub", f"{media}/a.txt")))
    forget_paths(fresh, [f"{media}/sub"])
    assert (fresh.jobs.get(job.id).state, fresh.jobs.get(both.id).state) == (JobState.CANCELLED, JobState.QUEUED)


def test_a_model_change_goes_on_when_a_source_is_removed(fresh, media):
    index(fresh, media)
    job = fresh.jobs.add(Task(model="compact", role="visual"))
    with fresh.home.lock():
        fresh.jobs.take()
    forget_paths(fresh, [str(media)])
    assert not fresh.jobs.get(job.id).is_cancelling


@pytest.mark.parametrize("paths", ["one source", "two sources", "all sources"])
def test_the_running_job_does_not_bring_a_removed_source_back(fresh, media, other, monkeypatch, paths):
    for number in range(30):
        (media / f"{number}.txt").write_text(f"letter number {number}")
    index(fresh, other)
    fresh.sources.add(str(media))
    task = {"one source": Task((str(media),)), "two sources": Task((str(other), str(media))), "all sources": Task()}
    job = fresh.jobs.add(task[paths])
    has_begun, is_removed = threading.Event(), threading.Event()

    def check(tracker):
        original(tracker)
        # A scan checks, too. Here every source has been scanned.
        if any(item.state is State.PENDING for item in fresh.catalog.list_items()):
            has_begun.set()
            is_removed.wait(20)

    original = Tracker.check
    monkeypatch.setattr(Tracker, "check", check)
    worker = threading.Thread(target=work, args=(fresh,))
    worker.start()
    assert has_begun.wait(20)
    forget_paths(fresh, [str(media)])
    is_removed.set()
    worker.join(30)
    assert fresh.jobs.get(job.id).state is JobState.CANCELLED
    assert list_sources(fresh) == [str(other)]
    assert {item.path for item in fresh.catalog.list_items()} == {str(other / "note.txt")}


def test_a_source_that_is_removed_before_its_running_job_scans_it_stays_removed(fresh, media, other, monkeypatch):
    index(fresh, media, other)
    job = fresh.jobs.add(Task((str(other), str(media))))

    def resolve_and_remove(*arguments):
        roots = original(*arguments)
        forget_paths(fresh, [str(media)])
        return roots

    original = pipeline.resolve_all
    monkeypatch.setattr(pipeline, "resolve_all", resolve_and_remove)
    work(fresh)
    assert fresh.jobs.get(job.id).state.is_over
    assert list_sources(fresh) == [str(other)]
    assert {item.state for item in fresh.catalog.list_items()} == {State.INDEXED}


def test_a_job_that_a_dead_worker_left_does_not_bring_a_removed_source_back(fresh, media):
    index(fresh, media)
    job = fresh.jobs.add(Task((str(media),)))
    with fresh.home.lock():
        fresh.jobs.take()  # and here the worker dies
    forget_paths(fresh, [str(media)])
    work(fresh)
    assert fresh.jobs.get(job.id).state is JobState.CANCELLED
    assert list_sources(fresh) == []


def test_a_job_that_is_queued_or_retried_too_late_is_cancelled_with_the_reason(fresh, media):
    index(fresh, media)
    forget_paths(fresh, [str(media)])
    job = fresh.jobs.add(Task((str(media),), is_routine=True))
    work(fresh)
    ended = fresh.jobs.get(job.id)
    assert ended.state is JobState.CANCELLED
    assert f"{media} is not in a source" in ended.reason
    assert (list_sources(fresh), fresh.catalog.list_items()) == ([], [])
