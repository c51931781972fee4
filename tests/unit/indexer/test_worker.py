"""Jobs: queued by anybody, done by one worker, none lost."""

import shutil
import threading

import pytest

from indexer.pipeline import Options
from indexer.worker.loop import run_worker
from search.errors import NotFoundError
from search.records import JobState, State, Task
from tests.support.clock import wait_for
from tests.support.formats import RED

INLINE = Options(sandbox=False)


@pytest.fixture
def media(fresh, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    fresh.sources.add(str(folder))
    for number in range(3):
        RED.rotate(number * 30).save(folder / f"{number}.png")
    return folder


def work(library, options=INLINE):
    run_worker(library, options, threading.Event(), until_idle=True)


class CountingEvent(threading.Event):
    """An event that counts how often it was waited for."""

    def __init__(self):
        super().__init__()
        self.waits = 0

    def wait(self, timeout=None):
        self.waits += 1
        return super().wait(timeout)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr("indexer.worker.loop.POLL_SECONDS", 0.01)


def test_a_finished_job_has_a_summary(fresh, media):
    (media / "bad.jpg").write_text("no picture")
    job = fresh.jobs.add(Task((str(media),)))
    assert (job.state, fresh.jobs.has_work()) == (JobState.QUEUED, True)
    work(fresh)
    job = fresh.jobs.get(job.id)
    assert (job.state, job.done, job.total, job.reason) == (JobState.DONE, 4, 4, None)
    assert (job.summary["added"], job.summary["failed"]) == (3, 1)
    assert job.summary["failures"][0]["path"].endswith("bad.jpg")
    assert not fresh.jobs.has_work()


def test_a_task_is_queued_once(fresh, media):
    assert fresh.jobs.add(Task((str(media),))).id == fresh.jobs.add(Task((str(media),))).id
    assert fresh.jobs.add(Task((str(media),), retry_failed=True)).id == 2


def test_a_job_without_paths_scans_all_sources_and_names_the_missing_ones(fresh, media, tmp_path):
    fresh.jobs.add(Task((str(media),)))
    work(fresh)
    fresh.sources.add(str(tmp_path / "unplugged"))
    (media / "0.png").unlink()
    job = fresh.jobs.add(Task())
    work(fresh)
    job = fresh.jobs.get(job.id)
    assert job.summary["removed"] == 1
    assert f"{tmp_path / 'unplugged'} (the folder does not exist)" in job.summary["warning"]
    assert job.reason is None


def test_what_is_gone_fails_with_its_name(fresh, media):
    job = fresh.jobs.add(Task((str(media / "nowhere"),)))
    work(fresh)
    assert fresh.jobs.get(job.id).state is JobState.FAILED
    assert "nowhere does not exist" in fresh.jobs.get(job.id).reason


def test_a_queued_job_can_be_taken_back(fresh, media):
    job = fresh.jobs.add(Task((str(media),)))
    assert fresh.jobs.cancel(job.id).state is JobState.CANCELLED
    work(fresh)
    assert fresh.catalog.list_items() == []
    with pytest.raises(NotFoundError):
        fresh.jobs.cancel(99)


def test_a_running_job_can_be_stopped_and_goes_on_later(fresh, media):
    for number in range(40):
        RED.rotate(number).save(media / f"more{number}.png")
    job = fresh.jobs.add(Task((str(media),)))
    worker = threading.Thread(target=work, args=(fresh, Options(sandbox=False, workers=1)))
    worker.start()
    wait_for(lambda: fresh.jobs.get(job.id).state is JobState.RUNNING)
    fresh.jobs.cancel(job.id)
    worker.join(30)
    assert fresh.jobs.get(job.id).state is JobState.CANCELLED
    fresh.jobs.add(Task((str(media),)))
    work(fresh)
    assert {item.state for item in fresh.catalog.list_items()} == {State.INDEXED}


def test_a_job_whose_worker_died_is_taken_up_again(fresh, media):
    job = fresh.jobs.add(Task((str(media),)))
    with fresh.home.lock():
        assert fresh.jobs.take().state is JobState.RUNNING  # and here the worker dies
    work(fresh)
    assert fresh.jobs.get(job.id).state is JobState.DONE


def test_a_worker_that_is_stopped_leaves_its_job_to_the_next(fresh, media):
    stop = threading.Event()
    job = fresh.jobs.add(Task((str(media),)))
    options = Options(sandbox=False)

    def end_soon():
        wait_for(lambda: fresh.jobs.get(job.id).state is JobState.RUNNING)
        stop.set()

    threading.Thread(target=end_soon).start()
    run_worker(fresh, options, stop)
    assert fresh.jobs.get(job.id).state in {JobState.RUNNING, JobState.DONE}
    work(fresh)
    assert fresh.jobs.get(job.id).state is JobState.DONE


def test_jobs_wait_while_another_process_indexes(fresh, media):
    job = fresh.jobs.add(Task((str(media),)))
    stop = CountingEvent()
    worker = threading.Thread(target=run_worker, args=(fresh, INLINE, stop))
    with fresh.home.lock():
        worker.start()
        wait_for(lambda: stop.waits >= 3)
        assert fresh.jobs.get(job.id).state is JobState.QUEUED
    wait_for(lambda: fresh.jobs.get(job.id).state is JobState.DONE)
    stop.set()
    worker.join()


def test_old_jobs_are_forgotten(fresh, monkeypatch):
    monkeypatch.setattr("search.storage.jobs.MAX_ENDED_JOBS", 3)
    for number in range(6):
        fresh.jobs.end(fresh.jobs.add(Task((f"/{number}",))).id, JobState.DONE)
    fresh.jobs.add(Task(("/last",)))
    assert [job.task.paths[0] for job in fresh.jobs.list_all()] == ["/last", "/5", "/4", "/3"]


def test_missing_items_are_forgotten_after_their_days_and_not_before(fresh, media):
    from tests.support.indexing import index

    index(fresh, media)
    (media / "0.png").unlink()
    assert index(fresh, media, forget_after=30).counts["forgotten"] == 0
    assert [item.state for item in fresh.catalog.list_items()].count(State.MISSING) == 1
    assert index(fresh, media, forget_after=0).counts["forgotten"] == 1
    assert len(fresh.catalog.list_items()) == 2
    # What was not looked at is not forgotten.
    (media / "sub").mkdir()
    RED.rotate(50).save(media / "sub" / "3.png")
    (media / "1.png").unlink()
    index(fresh, media)
    assert index(fresh, media / "sub", forget_after=0).counts["forgotten"] == 0
    assert index(fresh, media, forget_after=0).counts["forgotten"] == 1
    shutil.rmtree(media / "sub")
    # An empty folder is what a disk looks like that is not mounted.
    for path in media.iterdir():
        path.unlink()
    assert index(fresh, media, forget_after=0).counts["forgotten"] == 0
    assert [item.state for item in fresh.catalog.list_items()] == [State.MISSING] * 2
