"""A home that an earlier version of the bundled model filled: it opens, reports it, and is embedded again."""

import shutil
import threading

import numpy as np
import pytest

from indexer.model_change.change import update_outdated
from indexer.pipeline import Options
from indexer.worker.loop import run_worker
from search.encoders.adapter import Adapter
from search.encoders.registry import ADAPTED, IMAGE_MODEL
from search.engine import Engine
from search.records import JobState, Query, QueryPart, Retriever
from search.status import read_status, verify_library
from tests.support.indexing import index

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
    """A library after an update of the package, whose image vectors are outdated."""
    index(fresh, media)
    with fresh.catalog.database.write() as db:
        db.exec_driver_sql("UPDATE space SET fingerprint = 'earlier' WHERE retriever = 'visual' AND role = 'active'")
        wrong = np.eye(768, dtype="<f2")[0].tobytes()
        db.exec_driver_sql(
            "UPDATE embedding SET vector = ? WHERE space_id = "
            "(SELECT id FROM space WHERE retriever = 'visual' AND role = 'active')",
            (wrong,),
        )
    return fresh.reload_models()


def find(library, text="a cat"):
    answer = Engine(library).search(Query(text=text, include_all=True, limit=50))
    return answer, {evidence.retriever for hit in answer.hits for evidence in hit.evidence}


def count(library, retriever, role="active"):
    return library.spaces.count(library.spaces.get(retriever, role).id)


def test_it_opens_and_reports_that_it_answers_by_texts_only(old):
    answer, retrievers = find(old)
    assert Retriever.VISUAL not in retrievers
    assert retrievers
    assert answer.coverage.outdated == ("visual",)
    assert read_status(old)["outdated"] == {"visual": {"done": 0, "total": count(old, "visual")}}
    assert old.is_current()
    assert verify_library(old) == []


def test_what_looks_like_an_item_is_not_everything_there_is(old):
    image_item = next(item for item in old.catalog.list_items() if item.path.endswith(".jpg"))
    answer = Engine(old).search(Query(parts=(QueryPart(item=image_item.id),), include_all=True))
    assert all(evidence.retriever is not Retriever.VISUAL for hit in answer.hits for evidence in hit.evidence)
    assert answer.total == 0


def test_indexing_updates_it_first(old, media, demo):
    shutil.copy(sorted(demo.rglob("*.jpg"))[5], media / "later.jpg")
    before = count(old, "visual")
    index(old, media)
    current = old.reload_models()
    assert not current.outdated
    assert count(current, "visual") == before + 1
    assert current.spaces.find("visual", "previous") is None
    answer, retrievers = find(current)
    assert Retriever.VISUAL in retrievers
    assert answer.coverage.outdated == ()
    assert verify_library(current) == []


def test_a_worker_updates_it_while_an_engine_answers(old):
    engine = Engine(old)
    run_worker(old, OPTIONS, threading.Event(), until_idle=True)
    job = old.jobs.list_all()[0]
    assert (job.state, job.task.model, job.task.role) == (JobState.DONE, IMAGE_MODEL, "visual")
    for _ in range(300):
        answer = engine.search(Query(text="a photo of a cat", include_all=True))
        if not answer.coverage.outdated:
            break
        threading.Event().wait(0.05)
    assert Retriever.VISUAL in {evidence.retriever for hit in answer.hits for evidence in hit.evidence}


def test_an_update_that_was_killed_is_resumed(old):
    def stop(done, _total, _path):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_outdated(old, OPTIONS, stop)
    again = old.reload_models()
    begun = count(again, "visual", "next")
    assert begun
    _, retrievers = find(again)
    assert Retriever.VISUAL not in retrievers
    seen = []
    (outcome,) = update_outdated(again, OPTIONS, lambda done, total, _path: seen.append(total))
    assert seen[0] < count(again, "visual")
    assert (outcome.unread, outcome.filled) == ({}, count(again, "visual"))
    assert not again.reload_models().outdated
    assert update_outdated(again.reload_models(), OPTIONS, lambda *_: None) == []


def test_files_that_are_away_do_not_hold_it_up(old, media):
    gone = sorted(media.glob("*.jpg"))[0]
    body = gone.read_bytes()
    gone.unlink()
    update_outdated(old, OPTIONS, lambda *_: None)
    current = old.reload_models()
    assert not current.outdated
    lacking = count(current, "visual")
    gone.write_bytes(body)
    index(current, media)
    assert count(current, "visual") > lacking


def test_an_adapter_of_the_earlier_version_is_left_out(fresh, media):
    index(fresh, media)
    name = f"{IMAGE_MODEL}{ADAPTED}mine"
    Adapter(np.zeros((384, 2), np.float32), np.zeros((2, 384), np.float32), "earlier").write(name, fresh.home.models)
    with fresh.catalog.database.write() as db:
        db.exec_driver_sql(
            "UPDATE space SET fingerprint = 'earlier', model = ? WHERE retriever = 'visual' AND role = 'active'",
            (name,),
        )
    old = fresh.reload_models()
    assert set(old.outdated) == {Retriever.VISUAL}
    update_outdated(old, OPTIONS, lambda *_: None)
    assert old.reload_models().spaces.get("visual").model == IMAGE_MODEL
