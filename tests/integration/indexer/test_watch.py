"""A watched folder: what changes on the disk is in the library within seconds."""

import shutil
import threading
import time

import pytest
from PIL import Image

from crossmodal.cli.index import report_changes
from indexer.pipeline import Options, Summary
from indexer.worker.watch import watch_sources
from search.records import State


def wait(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)


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
    wait(lambda: runs)
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
    wait(lambda: states().get("red.png") is State.INDEXED)
    shutil.move(folder / "red.png", folder / "crimson.png")
    wait(lambda: states().get("crimson.png") is State.INDEXED and "red.png" not in states())
    (folder / "crimson.png").unlink()
    wait(lambda: states()["crimson.png"] is State.MISSING)
    assert sum(run.counts["added"] for run in runs) == 2
    assert sum(run.counts["renamed"] for run in runs) == 1


def test_a_failure_that_still_stands_is_reported_once():
    shown = []
    report = report_changes(shown.append)
    bad, worse = Summary(failures={"a": "empty"}), Summary(failures={"a": "empty", "b": "damaged"})
    moved = Summary(failures=worse.failures)
    moved.counts["renamed"] = 1
    for summary in (bad, bad, worse, worse, moved, Summary(), Summary()):
        report(summary)
    assert [one.failures for one in shown] == [bad.failures, worse.failures, worse.failures, {}]
