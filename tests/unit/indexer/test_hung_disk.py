"""A disk that does not respond stops neither the worker nor the sources on other disks; its files keep their state."""

import threading

import pytest

from indexer.pipeline import Options
from indexer.worker.loop import run_worker
from search.records import JobState, State, Task
from tests.support.clock import wait_for
from tests.support.hung_disk import HungDisk
from tests.support.indexing import index, list_states

SILENT = "the folder cannot be read: the disk does not respond"


@pytest.fixture
def near(tmp_path):
    return make_folder(tmp_path / "near")


@pytest.fixture
def far(tmp_path):
    return make_folder(tmp_path / "far")


def make_folder(folder):
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / f"{folder.name}.txt").write_text(f"the {folder.name} lighthouse")
    return folder


@pytest.mark.parametrize("hanging", ["", "sub", "sub/far.txt"])
def test_the_worker_goes_on_with_other_sources_and_the_items_are_kept(fresh, near, far, monkeypatch, hanging):
    index(fresh, near, far)
    hung = HungDisk(monkeypatch, far / hanging)
    (near / "new.txt").write_text("a new harvest")
    jobs = [fresh.jobs.add(Task((str(folder),))).id for folder in (far, near)]
    jobs.append(fresh.jobs.add(Task()).id)
    try:
        run_worker(fresh, Options(sandbox=False), threading.Event(), until_idle=True)
        assert [fresh.jobs.get(job).state for job in jobs] == [JobState.FAILED, JobState.DONE, JobState.DONE]
        assert SILENT in fresh.jobs.get(jobs[0]).reason
        assert fresh.volumes.list_problems() == {str(far): SILENT}
        assert hung.count_threads() <= 3
    finally:
        hung.free.set()
    assert set(list_states(fresh).values()) == {State.INDEXED}
    assert "new.txt" in list_states(fresh)
    wait_for(lambda: hung.count_threads() == 0)
    assert index(fresh, far).counts["unchanged"] == 1
    assert fresh.volumes.list_problems() == {}


def test_a_disk_that_stops_to_respond_while_files_are_read_fails_them_for_now(fresh, near, far, monkeypatch):
    index(fresh, near, far)
    texts = [far / f"{number}.txt" for number in range(20)]
    for text in texts:
        text.write_text(f"the letter {text.stem}")
    hung = HungDisk(monkeypatch, far, functions=("open",))
    try:
        summary = index(fresh, far, near)
        assert summary.failures == dict.fromkeys(map(str, texts), "cannot be read: the disk does not respond")
        assert hung.count_threads() <= 2
    finally:
        hung.free.set()
    wait_for(lambda: hung.count_threads() == 0)
    summary = index(fresh, far)
    assert (summary.failures, summary.counts["updated"]) == ({}, 20)


def test_a_watched_source_on_it_is_unavailable_and_the_others_are_watched(fresh, near, far, monkeypatch):
    for folder in (far, near):
        fresh.sources.watch(fresh.sources.add(str(folder)), True)
    hung, stop = HungDisk(monkeypatch, far), threading.Event()
    worker = threading.Thread(target=run_worker, args=(fresh, Options(sandbox=False), stop))
    worker.start()
    try:
        wait_for(lambda: fresh.volumes.list_problems() == {str(far): SILENT})
        wait_for(lambda: "near.txt" in list_states(fresh))
        (near / "new.txt").write_text("a new harvest")
        wait_for(lambda: list_states(fresh).get("new.txt") == State.INDEXED)
        hung.free.set()
        wait_for(lambda: list_states(fresh).get("far.txt") == State.INDEXED)
    finally:
        hung.free.set()
        stop.set()
        worker.join()
