"""A model change fills a second space, switches at once, can be undone, and loses no file."""

import shutil
import time

import numpy as np
import pytest
from PIL import Image

from indexer.model_change.change import (
    Change,
    Pace,
    change_model,
    drop_spaces,
    find_previous,
    use_model,
)
from indexer.pipeline import Options
from search.encoders.registry import IMAGE_MODEL
from search.engine import Engine
from search.errors import HomeError, IncompleteError, ModelError
from search.records import Query, Retriever
from search.status import read_status, verify_library
from tests.support.checkpoints import make_tiny
from tests.support.indexing import index

pytestmark = pytest.mark.slow
OPTIONS = Options(sandbox=False)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def media(tmp_path, demo):
    folder = tmp_path / "media"
    folder.mkdir()
    for path in [*sorted(demo.rglob("*.jpg"))[:6], *sorted(demo.rglob("*.md"))]:
        shutil.copy(path, folder / path.name)
    frames = [Image.new("RGB", (40, 40), (40 * n, 90, 200 - 40 * n)) for n in range(5)]
    frames[0].save(folder / "blink.gif", save_all=True, append_images=frames[1:], duration=100)
    return folder


@pytest.fixture
def library(fresh, media):
    index(fresh, media)
    return fresh


def change(library, model, **pace):
    return change_model(library, Change(Retriever.VISUAL, model, Pace(**pace)), OPTIONS, lambda *_: None)


def read_vectors(library, retriever, role="active"):
    """Return the vectors of a space by path and place in the file."""
    space = library.spaces.get(retriever, role).id
    question = (
        "SELECT path, row_number() OVER (PARTITION BY path ORDER BY segment_id), vector FROM embedding "
        "JOIN segment ON segment.id = segment_id JOIN item ON item.id = item_id WHERE space_id = ?"
    )
    with library.catalog.database.read() as db:
        rows = db.exec_driver_sql(question, (space,))
        return {(path, place): np.frombuffer(vector, "<f2").astype(np.float32) for path, place, vector in rows}


def test_the_new_space_holds_what_indexing_with_the_new_model_would(library, media, tiny, demo):
    for path in demo.rglob("*.mp4"):
        shutil.copy(path, media / path.name)
    index(library, media)
    before = read_vectors(library, "visual")
    outcome = change(library, tiny)
    assert outcome.unread == {}
    filled = read_vectors(library, "visual")
    assert filled.keys() == before.keys()
    assert len(next(iter(filled.values()))) == 32
    engine = Engine(library.reload_models())
    index(engine.library, media, reindex=True)
    again = read_vectors(library, "visual")
    assert again.keys() == filled.keys()
    assert all(again[place] @ vector > 0.999 for place, vector in filled.items())
    assert verify_library(engine.library) == []


def test_a_running_engine_takes_the_new_model_up_and_answers_meanwhile(library, tiny):
    engine = Engine(library)
    query = Query(text="a cat", include_all=True, limit=50)
    old = [hit.item.id for hit in engine.search(query).hits]
    change(library, tiny)
    seen = set()
    for _ in range(200):
        engine.search(query)
        seen.add(engine.library.models.image_encoder.name)
        if tiny in seen:
            break
        time.sleep(0.05)  # the models are loaded aside, and the cache answers a repeated query at once
    assert tiny in seen
    assert sorted(hit.item.id for hit in engine.search(query).hits) == sorted(old)
    # What the old model ranked is not answered again, though nothing was written since.
    again, afresh = (one.search(query).hits for one in (engine, Engine(engine.library)))
    assert [hit.score for hit in again] == [hit.score for hit in afresh]
    assert read_status(engine.library)["spaces"]["visual"]["model"] == tiny


def test_going_back_fills_in_what_was_indexed_since(library, media, tiny, demo):
    change(library, tiny)
    current = library.reload_models()
    shutil.copy(sorted(demo.rglob("*.jpg"))[7], media / "later.jpg")
    index(current, media)
    assert find_previous(library, Retriever.VISUAL) == IMAGE_MODEL
    assert len(read_vectors(library, "visual", "previous")) == len(read_vectors(library, "visual")) - 1
    change(library, IMAGE_MODEL)
    assert library.reload_models().models.image_encoder.name == IMAGE_MODEL
    assert len(read_vectors(library, "visual")) == len(read_vectors(library, "visual", "previous"))
    answer = Engine(library.reload_models()).search(Query(text="later", include_all=True))
    assert "later.jpg" in answer.hits[0].item.path


def test_a_run_that_was_cut_short_is_taken_up(library, tiny):
    def stop(done, _total, _path):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        change_model(library, Change(Retriever.VISUAL, tiny), OPTIONS, stop)
    kept = read_vectors(library, "visual", "next")
    assert kept
    assert library.reload_models().models.image_encoder.name == IMAGE_MODEL
    todo = []
    change_model(library, Change(Retriever.VISUAL, tiny), OPTIONS, lambda _done, total, _path: todo.append(total))
    filled = read_vectors(library, "visual")
    assert todo[0] == 7 - 3
    assert all(np.array_equal(filled[place], vector) for place, vector in kept.items())


def test_missing_files_stop_the_switch_unless_forced(library, media, tiny):
    away = media.with_name("away")
    media.rename(away)
    with pytest.raises(IncompleteError, match=r"Mount missing disks.*--force"):
        change(library, tiny)
    assert library.reload_models().models.image_encoder.name == IMAGE_MODEL
    outcome = change(library, tiny, force=True)
    assert len(outcome.unread) == 7
    # The files are back: the next run reads each of them again, and none is lost.
    away.rename(media)
    current = library.reload_models()
    summary = index(current, media)
    assert summary.counts["updated"] == 7
    assert len(read_vectors(library, "visual")) == 9
    assert verify_library(current) == []
    assert {item.state for item in current.catalog.list_items()} == {"indexed"}


def test_an_item_that_is_missing_while_the_model_changes_is_read_when_it_is_back(library, media, tiny):
    one = sorted(media.glob("*.jpg"))[0]
    one.rename(one.with_suffix(".away"))
    index(library, media)
    change(library, tiny)
    one.with_suffix(".away").rename(one)
    current = library.reload_models()
    index(current, media)
    assert (str(one), 1) in read_vectors(current, "visual")


def test_the_space_before_goes_on_request_and_one_begun_with_it(library, tiny):
    change(library, tiny)
    count = len(read_vectors(library, "visual", "previous"))
    assert drop_spaces(library, Retriever.VISUAL) == count
    assert {(one.retriever, one.role) for one in library.spaces.list_all()} == {
        ("visual", "active"),
        ("semantic", "active"),
    }
    with pytest.raises(HomeError, match="no previous visual model"):
        find_previous(library, Retriever.VISUAL)


def test_the_same_model_again_and_a_missing_model_change_nothing(library):
    with pytest.raises(HomeError, match="is in use already"):
        change(library, IMAGE_MODEL)
    with pytest.raises(ModelError, match="models get ViT-B-32/openai"):
        change(library, "ViT-B-32/openai")
    assert {(one.retriever, one.role) for one in library.spaces.list_all()} == {
        ("visual", "active"),
        ("semantic", "active"),
    }


def test_another_whisper_is_used_at_once(library, tmp_path):
    from search.encoders.whisper.faster import join_whisper_base

    folder = join_whisper_base(tmp_path)
    outcome = use_model(library, str(folder), None, OPTIONS, lambda *_: None)
    assert outcome.is_speech
    assert not library.is_current()
    assert library.reload_models().models.transcriber.name == str(folder)
