"""A file that is still being written is read once, when it is complete."""

import os
import threading
import time

import pytest

from indexer.pipeline import Options
from indexer.worker.watch import watch_sources
from search.records import State
from tests.support.clock import wait_for
from tests.support.formats import RED
from tests.support.indexing import index, list_states


@pytest.fixture
def picture(tmp_path):
    """The content of a picture."""
    RED.save(tmp_path / "red.png")
    return (tmp_path / "red.png").read_bytes()


@pytest.fixture
def media(tmp_path):
    (tmp_path / "media").mkdir()
    return tmp_path / "media"


def test_a_file_that_grows_while_it_is_read_is_pending_and_the_next_run_reads_it(fresh, media, picture, monkeypatch):
    from indexer.decode import preprocess

    real = preprocess.decode_file

    def grow(path, *rest):
        with path.open("ab") as stream:
            stream.write(picture[100:])
        yield from real(media.parent / "before.png", *rest)

    (media.parent / "before.png").write_bytes(picture[:100])
    (media / "new.png").write_bytes(picture[:100])
    with monkeypatch.context() as patch:
        patch.setattr("indexer.decode.preprocess.decode_file", grow)
        counts = index(fresh, media).counts
    assert (counts["postponed"], counts["failed"], counts["added"]) == (1, 0, 0)
    assert list_states(fresh) == {"new.png": State.PENDING}
    counts = index(fresh, media).counts
    assert (counts["postponed"], counts["added"], counts["updated"]) == (0, 1, 0)
    assert list_states(fresh) == {"new.png": State.INDEXED}


def test_a_watched_file_is_read_when_it_is_quiet_and_fails_when_it_stays_incomplete(fresh, media, picture):
    (media / "new.png").write_bytes(picture)
    (media / "half.png").write_bytes(picture[:50])
    (media / "log.txt").write_text("The lighthouse keeper wrote a letter.")
    assert index(fresh, media, quiet_seconds=2.0).counts["postponed"] == 2
    assert list_states(fresh) == {"new.png": State.PENDING, "half.png": State.PENDING, "log.txt": State.INDEXED}
    for name, age in (("new.png", 5), ("half.png", 5)):
        os.utime(media / name, (time.time() - age,) * 2)
    assert index(fresh, media, quiet_seconds=2.0).counts["postponed"] == 1
    assert list_states(fresh)["new.png"] is State.INDEXED
    os.utime(media / "half.png", (time.time() - 100,) * 2)
    summary = index(fresh, media, quiet_seconds=2.0)
    assert (summary.counts["postponed"], list(summary.failures)) == (0, [str(media / "half.png")])


def test_a_broken_file_fails_at_once_when_nothing_is_watched(fresh, media, picture):
    (media / "half.png").write_bytes(picture[:50])
    assert list(index(fresh, media).failures) == [str(media / "half.png")]


def test_a_file_that_arrives_slowly_in_a_watched_folder_never_fails(fresh, media, picture):
    stop, runs = threading.Event(), []
    arguments = (fresh, [media], Options(sandbox=False), lambda *_: None, runs.append, stop)
    thread = threading.Thread(target=watch_sources, args=arguments, daemon=True)
    thread.start()
    wait_for(lambda: runs)
    time.sleep(0.5)  # until the watching itself has begun
    with (media / "new.png").open("wb") as stream:
        for start in range(0, len(picture), len(picture) // 4 + 1):
            stream.write(picture[start : start + len(picture) // 4 + 1])
            stream.flush()
            time.sleep(0.7)
            assert list_states(fresh).get("new.png") in {None, State.PENDING}
    wait_for(lambda: list_states(fresh).get("new.png") is State.INDEXED, 20)
    stop.set()
    thread.join(10)
    assert not any(run.failures for run in runs)
