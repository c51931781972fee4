"""A home that an earlier version of the bundled model filled: it opens, says so, and is embedded again."""

import shutil
import threading

import numpy as np
import pytest

from indexer.model_change.change import update_outdated
from indexer.pipeline import Options
from indexer.worker.loop import run_worker
from search.encoders.adapter import Adapter
from search.encoders.registry import ADAPTED, PICTURE
from search.engine import Engine
from search.records import JobState, Lane, Query, QueryPart
from search.status import read_status, verify_library
from tests.conftest import index

OPTIONS = Options(sandbox=False)


@pytest.fixture
def media(tmp_path, demo):
    folder = tmp_path / "media"
    folder.mkdir()
    for path in [*sorted(demo.rglob("*.jpg"))[:4], *sorted(demo.rglob("*.md"))]:
        shutil.copy(path, folder / path.name)
    return folder


@pytest.fixture
def old(fresh, media):
    """A library as an update of the package finds it; its picture vectors are of no use."""
    index(fresh, media)
    with fresh.catalog.database.write() as db:
        db.exec_driver_sql("UPDATE space SET fingerprint = 'earlier' WHERE name = 'picture'")
        wrong = np.eye(768, dtype="<f2")[0].tobytes()
        db.exec_driver_sql(
            "UPDATE embedding SET vector = ? WHERE space_id = (SELECT id FROM space WHERE name = 'picture')", (wrong,)
        )
    return fresh.renew()


def find(library, text="a photo of a cat"):
    answer = Engine(library).search(Query(text=text, include_all=True, limit=50))
    return answer, {evidence.lane for hit in answer.hits for evidence in hit.evidence}


def count(library, name):
    return library.recorded.count(library.recorded.read_all()[name].id)


def test_it_opens_and_answers_by_texts_only_and_says_so(old):
    answer, lanes = find(old)
    assert Lane.PICTURE not in lanes
    assert lanes
    assert answer.coverage.outdated == ("picture",)
    assert read_status(old)["outdated"] == {"picture": {"done": 0, "total": count(old, "picture")}}
    assert old.is_current()
    assert verify_library(old) == []


def test_what_looks_like_an_item_is_not_everything_there_is(old):
    pictured = next(item for item in old.catalog.list_items() if item.path.endswith(".jpg"))
    answer = Engine(old).search(Query(parts=(QueryPart(item=pictured.id),), include_all=True))
    assert all(evidence.lane is not Lane.PICTURE for hit in answer.hits for evidence in hit.evidence)
    assert answer.total == 0


def test_indexing_updates_it_first(old, media, demo):
    shutil.copy(sorted(demo.rglob("*.jpg"))[5], media / "later.jpg")
    before = count(old, "picture")
    index(old, media)
    current = old.renew()
    assert not current.outdated
    assert count(current, "picture") == before + 1
    assert "picture/previous" not in current.recorded.read_all()
    answer, lanes = find(current)
    assert Lane.PICTURE in lanes
    assert answer.coverage.outdated == ()
    assert verify_library(current) == []


def test_a_worker_updates_it_while_an_engine_answers(old):
    engine = Engine(old)
    run_worker(old, OPTIONS, threading.Event(), until_idle=True)
    job = old.jobs.list_all()[0]
    assert (job.state, job.task.model, job.task.purpose) == (JobState.DONE, PICTURE, "picture")
    for _ in range(300):
        answer = engine.search(Query(text="a photo of a cat", include_all=True))
        if not answer.coverage.outdated:
            break
        threading.Event().wait(0.05)
    assert Lane.PICTURE in {evidence.lane for hit in answer.hits for evidence in hit.evidence}


def test_an_update_that_was_killed_is_resumed(old):
    def stop(done, _total, _path):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_outdated(old, OPTIONS, stop)
    again = old.renew()
    begun = count(again, "picture/next")
    assert begun
    _, lanes = find(again)
    assert Lane.PICTURE not in lanes
    seen = []
    (outcome,) = update_outdated(again, OPTIONS, lambda done, total, _path: seen.append(total))
    assert seen[0] < count(again, "picture")
    assert (outcome.unread, outcome.filled) == ({}, count(again, "picture"))
    assert not again.renew().outdated
    assert update_outdated(again.renew(), OPTIONS, lambda *_: None) == []


def test_files_that_are_away_do_not_hold_it_up(old, media):
    gone = sorted(media.glob("*.jpg"))[0]
    body = gone.read_bytes()
    gone.unlink()
    update_outdated(old, OPTIONS, lambda *_: None)
    current = old.renew()
    assert not current.outdated
    lacking = count(current, "picture")
    gone.write_bytes(body)
    index(current, media)
    assert count(current, "picture") > lacking


def test_an_adapter_of_the_earlier_version_is_left_out(fresh, media):
    index(fresh, media)
    name = f"{PICTURE}{ADAPTED}mine"
    Adapter(np.zeros((384, 2), np.float32), np.zeros((2, 384), np.float32), "earlier").write(name, fresh.home.models)
    with fresh.catalog.database.write() as db:
        db.exec_driver_sql("UPDATE space SET fingerprint = 'earlier', model = ? WHERE name = 'picture'", (name,))
    old = fresh.renew()
    assert set(old.outdated) == {Lane.PICTURE}
    update_outdated(old, OPTIONS, lambda *_: None)
    assert old.renew().recorded.read_all()["picture"].model == PICTURE
