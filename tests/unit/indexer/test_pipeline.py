"""Whole runs: every file ends in one state, and the ledger follows the disk."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import event, text

from indexer.decode.decode_pool import MAX_WAITING_MESSAGES
from indexer.embed import ImageEmbedder
from indexer.pipeline import Options, run_index
from indexer.write import MAX_BATCH_DELAY_SECONDS, MAX_WRITE_DELAY_SECONDS
from search.engine import Engine
from search.errors import HomeError, UsageError
from search.records import Query, Retriever, State
from search.status import verify_library
from search.storage.space_index import SpaceIndex
from tests.support.clock import Clock, wait_for
from tests.support.indexing import index, list_states


def test_a_run_counts_what_it_did_and_a_second_finds_nothing_to_do(fresh, media):
    assert index(fresh, media).counts["added"] == 3
    again = index(fresh, media)
    assert (again.counts["added"], again.counts["unchanged"]) == (0, 3)
    assert verify_library(fresh) == []


def test_bad_files_are_named_and_the_rest_is_indexed(fresh, media):
    (media / "empty.jpg").touch()
    (media / "text.jpg").write_text("I am a text")
    Image.effect_noise((90, 90), 60).save(media / "cut.png")
    (media / "cut.png").write_bytes((media / "cut.png").read_bytes()[:3000])
    (media / "loop").symlink_to(media)
    summary = index(fresh, media)
    assert {Path(path).name: reason.split(":")[0] for path, reason in summary.failures.items()} == {
        "empty.jpg": "the file is empty",
        "text.jpg": "unrecognized image format",
        "cut.png": "damaged image",
        "loop": "symbolic link loop",
    }
    assert summary.counts["added"] == 3
    again = index(fresh, media)
    assert again.failures == summary.failures
    shutil.copy(media / "green.png", media / "cut.png")
    assert str(media / "cut.png") not in index(fresh, media).failures
    assert list_states(fresh)["cut.png"] is State.INDEXED


def test_changed_moved_and_deleted_files_are_followed(fresh, media):
    index(fresh, media)
    engine = Engine(fresh)
    before = {item.path: item.id for item in fresh.catalog.list_items()}
    (media / "a.txt").write_text("The gardener planted roses in the rain.")
    shutil.move(media / "sub/b.md", media / "c.md")
    (media / "green.png").unlink()
    counts = index(fresh, media).counts
    assert (counts["updated"], counts["renamed"], counts["removed"], counts["added"]) == (1, 1, 1, 0)
    after = {item.path: item.id for item in fresh.catalog.list_items()}
    assert after[str(media / "c.md")] == before[str(media / "sub/b.md")]
    assert list_states(fresh)["green.png"] is State.MISSING
    assert [Path(hit.item.path).name for hit in engine.search(Query(text="roses in the rain")).hits] == ["a.txt"]
    assert engine.search(Query(text="lighthouse keeper")).hits == ()
    everything = engine.search(Query(text="green", include_all=True, limit=50)).hits
    assert "green.png" not in {Path(hit.item.path).name for hit in everything}
    assert verify_library(fresh) == []


def test_a_file_that_is_back_is_found_again_without_new_embedding(fresh, media):
    index(fresh, media)
    item = next(one.id for one in fresh.catalog.list_items() if one.path.endswith("green.png"))
    vectors = fresh.catalog.list_segments(item)
    shutil.move(media / "green.png", media.parent / "away.png")
    index(fresh, media)
    shutil.move(media.parent / "away.png", media / "green.png")
    assert index(fresh, media).counts["added"] == 0
    assert list_states(fresh)["green.png"] is State.INDEXED
    assert fresh.catalog.list_segments(item) == vectors


def test_a_new_date_alone_costs_no_new_embedding(fresh, media):
    index(fresh, media)
    item = next(one.id for one in fresh.catalog.list_items() if one.path.endswith("green.png"))
    segments = fresh.catalog.list_segments(item)
    os.utime(media / "green.png", (1, 1))
    assert index(fresh, media).counts["unchanged"] == 3
    assert fresh.catalog.list_segments(item) == segments
    assert fresh.catalog.get_item(item).mtime_ns == 1_000_000_000


def test_an_unreadable_folder_sweeps_nothing(fresh, media, monkeypatch):
    index(fresh, media)
    real = os.scandir

    def refuse(path):
        if str(path).endswith("/sub"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    summary = index(fresh, media)
    assert summary.counts["removed"] == 0
    assert list_states(fresh)["b.md"] is State.INDEXED


def test_sources_inside_one_another_are_one(fresh, media):
    index(fresh, media / "sub")
    assert index(fresh, media).counts["added"] == 2
    assert index(fresh, media / "sub").counts["unchanged"] == 1
    assert [source.path for source in fresh.sources.list_all()] == [str(media)]


def test_a_single_file_can_be_indexed(fresh, media):
    assert index(fresh, media / "a.txt").counts["added"] == 1


def test_dry_run_changes_nothing(fresh, media):
    assert index(fresh, media, dry_run=True).counts["added"] == 3
    assert fresh.catalog.list_items() == []
    assert fresh.sources.list_all() == []


def test_failed_files_are_retried_on_request(fresh, media, monkeypatch):
    def refuse(*_):
        raise RuntimeError("decoder bug")

    with monkeypatch.context() as patch:
        patch.setattr("indexer.decode.preprocess.decode_file", refuse)
        summary = index(fresh, media)
    assert set(summary.failures.values()) == {"cannot be decoded: RuntimeError: decoder bug"}
    assert len(index(fresh, media).failures) == 3
    assert index(fresh, media, retry_failed=True).counts["updated"] == 3


def test_what_was_pending_when_a_run_broke_is_done_by_the_next(fresh, media, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("search.storage.catalog.Catalog.save_items", stop)
        with pytest.raises(KeyboardInterrupt):
            index(fresh, media)
    assert set(list_states(fresh).values()) == {State.PENDING}
    index(fresh, media)
    assert set(list_states(fresh).values()) == {State.INDEXED}


def test_one_run_at_a_time(fresh, media):
    with fresh.home.lock(), pytest.raises(HomeError, match="another process is indexing"):
        index(fresh, media)


def test_a_path_that_does_not_exist_is_refused(fresh, tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        index(fresh, tmp_path / "nothing")


def test_more_files_than_the_look_ahead_all_arrive(fresh, tmp_path):
    for number in range(MAX_WAITING_MESSAGES + 20):
        (tmp_path / f"m{number}.txt").write_text(f"note {number}")
    assert index(fresh, tmp_path, workers=3).counts["added"] == MAX_WAITING_MESSAGES + 20


def test_a_long_run_builds_as_it_goes_and_a_short_one_once(fresh, tmp_path, monkeypatch):
    built = []
    space = fresh.indexes[Retriever.SEMANTIC]
    rebuild_if_stale = SpaceIndex.rebuild_if_stale

    def count(one, share):
        rebuild_if_stale(one, share)
        if one is space and (found := [path.stem for path in fresh.home.index.rglob("generation-*.json")]):
            built.append(max(found))

    monkeypatch.setattr(SpaceIndex, "rebuild_if_stale", count)
    for number in range(3 * MAX_WAITING_MESSAGES):
        (tmp_path / f"{number}.txt").write_text(f"This is text number {number}.")
    index(fresh, tmp_path)
    assert set(built) == {"generation-00000001"}
    monkeypatch.setattr("indexer.maintain.CHECK_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr("search.storage.space_index.MIN_DELTA_ROWS", 8)
    for number in range(3 * MAX_WAITING_MESSAGES):
        (tmp_path / f"{number}.txt").write_text(f"This is another text: {number}.")
    index(fresh, tmp_path)
    assert len(set(built)) > 2
    assert verify_library(fresh) == []


def test_what_a_killed_run_left_unbuilt_is_found_and_built_when_a_server_starts(fresh, media, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("indexer.maintain.IndexMaintenance.finish", lambda *_: None)
        patch.setattr("indexer.maintain.IndexMaintenance.rebuild_if_due", lambda _: None)
        index(fresh, media)
    engine = Engine(fresh)
    assert Path(engine.search(Query(text="lighthouse")).hits[0].item.path).name == "a.txt"
    assert not list(fresh.home.index.rglob("generation-*.json"))
    engine.warm_up()
    assert len(list(fresh.home.index.rglob("generation-*.json"))) == len(fresh.indexes)
    assert Path(engine.search(Query(text="lighthouse")).hits[0].item.path).name == "a.txt"
    assert verify_library(fresh) == []


def test_the_work_per_file_does_not_grow_with_the_number_of_files(fresh, media):
    index(fresh, media)
    (media / "a.txt").write_text("The gardener planted roses in the rain.")
    shutil.copy(media / "green.png", media / "copy.png")
    asked = {}
    engine = fresh.catalog.database.engine

    def note(_connection, _cursor, statement, parameters, _context, _many):
        asked[statement] = parameters

    event.listen(engine, "before_cursor_execute", note)
    index(fresh, media)
    event.remove(engine, "before_cursor_execute", note)
    plans = {}
    with engine.connect() as connection:
        for statement, parameters in asked.items():
            if statement.split()[0] in {"SELECT", "UPDATE", "DELETE"}:
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
                plans[statement] = [row.detail for row in rows]
    assert len(plans) > 10
    slow = ("SCAN item", "SCAN segment", "SCAN embedding", "ix_item_state_type")
    bad = {one: plan for one, plan in plans.items() if any(word in line for line in plan for word in slow)}
    assert bad == {}


def test_names_are_found_by_their_parts(fresh, tmp_path):
    Image.new("RGB", (32, 32)).save(tmp_path / "summerHoliday_2019-rome.png")
    index(fresh, tmp_path)
    for word in ("holiday", "2019", "rome"):
        assert Engine(fresh).search(Query(text=word, recognize=False)).total == 1, word


def test_everything_is_read_again_on_request(fresh, media):
    index(fresh, media)
    before = {item.path: item.id for item in fresh.catalog.list_items()}
    with fresh.catalog.database.write() as db:
        db.execute(text("UPDATE item SET width = NULL, placeholder = NULL"))
    assert index(fresh, media).counts["updated"] == 0
    seen = []
    options = Options(sandbox=False, reindex=True)
    summary = run_index(fresh, [media], options, lambda *_: seen.append(fresh.catalog.read_coverage().indexed))
    assert set(seen) == {len(before)}  # what is known is found until it is replaced
    assert (summary.counts["updated"], summary.counts["unchanged"], summary.counts["added"]) == (len(before), 0, 0)
    assert {item.path: item.id for item in fresh.catalog.list_items()} == before
    assert all(item.facts.placeholder for item in fresh.catalog.list_items() if item.type == "image")
    assert index(fresh, media).counts["unchanged"] == len(before)


class Slow:
    """An image model that is at work until the next batch is gathered, and takes longer than anything waits."""

    def __init__(self, model, clock, total):
        self.model, self.clock, self.total = model, clock, total
        self.given, self.gathered = [], 0

    def __getattr__(self, name):
        return getattr(self.model, name)

    def encode_images(self, prepared):
        self.given.append(len(prepared))
        goal = min(self.total, sum(self.given) + self.batch)
        self.clock.sleep(2 * MAX_WRITE_DELAY_SECONDS)
        wait_for(lambda: self.gathered >= goal)
        return self.model.encode_images(prepared)


@pytest.mark.parametrize("patience", [MAX_BATCH_DELAY_SECONDS, MAX_WRITE_DELAY_SECONDS])
def test_a_slow_model_receives_full_batches(fresh, tmp_path, monkeypatch, patience):
    monkeypatch.setattr("indexer.write.MAX_BATCH_DELAY_SECONDS", patience)
    clock = Clock()
    for module in ("indexer.write", "indexer.embed"):
        clock.install(monkeypatch, module)
    slow = Slow(fresh.models.image_encoder, clock, 80)
    add = ImageEmbedder.add

    def count(embedder, *image):
        slow.gathered += 1
        add(embedder, *image)

    monkeypatch.setattr(ImageEmbedder, "add", count)
    for number in range(80):
        Image.effect_noise((40, 40), number + 5).save(tmp_path / f"{number}.png")
    models = replace(fresh.models, image_encoder=slow)
    index(replace(fresh, active=replace(fresh.active, models=models)), tmp_path, workers=2)
    assert sum(slow.given) == 80
    assert slow.given == [slow.batch] * 5
