"""A watched folder: what changes on the disk is in the library within seconds."""

import shutil
import threading
import time

import pytest
from PIL import Image

from indexer.pipeline import Options
from indexer.worker.loop import run_worker
from indexer.worker.watch import watch_sources
from search.records import State
from tests.support.clock import wait_for
from tests.support.formats import RED


@pytest.fixture
def watched(fresh, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "a.txt").write_text("The lighthouse keeper wrote a letter.")
    stop, runs = threading.Event(), []
    options = Options(sandbox=False)
    thread = threading.Thread(
        target=watch_sources, args=(fresh, [folder], options, lambda *_: None, runs.append, stop), daemon=True
    )
    thread.start()
    wait_for(lambda: runs)
    time.sleep(1)  # until the watching itself has begun
    yield folder, runs
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_new_changed_moved_and_deleted_files_are_followed(watched, fresh):
    folder, runs = watched

    def states():
        return {one.path.rsplit("/", 1)[-1]: one.state for one in fresh.catalog.list_items()}

    assert states() == {"a.txt": State.INDEXED}
    Image.new("RGB", (40, 40), (200, 0, 0)).save(folder / "red.png")
    wait_for(lambda: states().get("red.png") is State.INDEXED)
    shutil.move(folder / "red.png", folder / "crimson.png")
    wait_for(lambda: states().get("crimson.png") is State.INDEXED and "red.png" not in states())
    (folder / "crimson.png").unlink()
    wait_for(lambda: states()["crimson.png"] is State.MISSING)
    assert sum(run.counts["added"] for run in runs) == 2
    assert sum(run.counts["renamed"] for run in runs) == 1


def test_a_watched_source_is_followed_and_nothing_new_leaves_no_trace(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    for number in range(3):
        RED.rotate(number * 30).save(media / f"{number}.png")
    stop = threading.Event()
    fresh.sources.watch(fresh.sources.add(str(media)), True)
    worker = threading.Thread(target=run_worker, args=(fresh, Options(sandbox=False), stop))
    worker.start()
    names = lambda: {item.path.rsplit("/", 1)[-1]: item.state for item in fresh.catalog.list_items()}  # noqa: E731
    wait_for(lambda: list(names().values()) == [State.INDEXED] * 3)
    RED.rotate(75).save(media / "new.png")
    (media / "1.png").unlink()
    wait_for(lambda: names().get("new.png") == State.INDEXED and names()["1.png"] == State.MISSING)
    (media / "2.png").touch()
    time.sleep(2)
    wait_for(lambda: not fresh.jobs.has_work())
    stop.set()
    worker.join()
    assert all(job.summary["added"] or job.summary["removed"] for job in fresh.jobs.list_all())
