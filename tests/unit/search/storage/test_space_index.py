"""Readers see committed rows, whatever happened to the index files."""

import hashlib
import json
import os
import shutil
import threading
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from sqlalchemy import event

from search.records import FileFacts, ItemType, MediaFacts, Record, Retriever, Segment, SegmentKind
from search.storage.baselines import QueryBank, measure_baselines
from search.storage.catalog import Catalog
from search.storage.embedding_rows import to_float32
from search.storage.faiss_build import build_index
from search.storage.filters import select_hidden
from search.storage.generation_rows import SAMPLE_SIZE
from search.storage.generations import find_generation_manifests, load_generation
from search.storage.ledger import Ledger
from search.storage.sources import Sources
from search.storage.space_index import SpaceIndex
from search.storage.spaces import SpaceRole, Spaces
from tests.support.clock import wait_for

D = 8
BANK = QueryBank(np.eye(D, dtype=np.float32)[:2], (D,))
ENCODER = SimpleNamespace(name="m", fingerprint="f", dimension=D)


class Shelf:
    def __init__(self, database, folder):
        self.catalog = Catalog(database)
        self.ledger = Ledger(self.catalog.database)
        self.space_id = Spaces(self.catalog.database).add(Retriever.VISUAL, SpaceRole.ACTIVE, ENCODER).id
        self.folder = folder / "index"
        self.source = Sources(self.catalog.database).add("/m")

    def open(self):
        return SpaceIndex(self.catalog.database, self.space_id, "f", BANK, self.folder)

    def make_record(self, number):
        vector = np.zeros(D, np.float32)
        vector[number % D] = 1
        file = FileFacts(f"/m/{number}", self.source, ItemType.IMAGE, 1, 1)
        return Record(file, "", MediaFacts(), [Segment(SegmentKind.IMAGE)], [(0, self.space_id, vector)])

    def add(self, number):
        return self.catalog.save_items([self.make_record(number)])[0]

    def find(self, space, axis, allowed=None):
        query = np.zeros((1, D), np.float32)
        query[0, axis] = 1
        snapshot = space.refresh(self.catalog.read_revision())
        ids, scores = space.search(snapshot, query, 5, allowed)[0]
        good = ids[scores > 0.9]
        return set(snapshot.gather(good)[1]["item"].tolist())


@pytest.fixture
def shelf(database, tmp_path):
    return Shelf(database, tmp_path)


def use_cells_and_check_later(monkeypatch):
    """Make small generations like large ones: with cells, and not hashed before they are searched."""
    build = partial(build_index, max_flat=10)
    monkeypatch.setattr("search.storage.generations.build_index", build)
    monkeypatch.setattr("search.storage.generation_files.MAX_HASHED_BYTES", 0)


FILES = ["vectors.f2", "index.faiss", "ids.npy", "metadata.npy", "baselines.npy"]


@pytest.mark.parametrize("name", FILES)
def test_a_mapped_file_that_is_truncated_does_not_end_the_process(shelf, monkeypatch, name):
    use_cells_and_check_later(monkeypatch)
    space = shelf.open()
    for number in range(600):
        shelf.add(number)
    space.build(shelf.catalog.read_revision())
    before = shelf.find(space, 3)
    with next(shelf.folder.glob(f"generation-*/{name}")).open("r+b") as stream:
        stream.truncate(0)
    assert len(shelf.find(space, 3)) == len(before) == 5
    assert space.refresh(0).generation is None


@pytest.mark.parametrize("name", FILES)
def test_a_large_file_whose_content_changed_is_noticed_while_searches_go_on(shelf, monkeypatch, name):
    use_cells_and_check_later(monkeypatch)
    for number in range(100):
        shelf.add(number)
    shelf.open().build(shelf.catalog.read_revision())
    path = next(shelf.folder.glob(f"generation-*/{name}"))
    stamp, content = path.stat(), bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.write_bytes(content)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    space = shelf.open()
    space.refresh(0)
    wait_for(lambda: find_generation_manifests(shelf.folder, "f", BANK.digest) == [])
    wait_for(lambda: space.refresh(0).generation is None)
    assert len(shelf.find(space, 3)) == 5


def test_a_large_file_with_another_time_is_hashed_before_it_is_searched(shelf, monkeypatch):
    use_cells_and_check_later(monkeypatch)
    items = {shelf.add(8 * number) for number in range(4)}
    shelf.open().build(shelf.catalog.read_revision())
    (vectors,) = shelf.folder.glob("generation-*/vectors.f2")
    (manifest,) = find_generation_manifests(shelf.folder, "f", BANK.digest)
    assert not load_generation(shelf.folder, manifest).is_checked
    os.utime(vectors, ns=(0, 0))
    assert load_generation(shelf.folder, manifest).is_checked
    vectors.write_bytes(bytes(vectors.stat().st_size))
    assert load_generation(shelf.folder, manifest) is None
    assert shelf.find(shelf.open(), 0) == items


def test_files_are_checked_in_full_on_request(shelf, monkeypatch):
    use_cells_and_check_later(monkeypatch)
    monkeypatch.setattr(SpaceIndex, "_check_in_background", lambda *_: None)
    items = {shelf.add(8 * number) for number in range(4)}
    space = shelf.open()
    assert space.check_files()
    space.build(shelf.catalog.read_revision())
    assert space.check_files()
    (vectors,) = shelf.folder.glob("generation-*/vectors.f2")
    with vectors.open("r+b") as stream:
        stream.write(b"\xff")
    assert not space.check_files()
    assert space.refresh(0).generation is None
    assert shelf.find(space, 0) == items


def test_a_generation_of_an_earlier_version_is_searched(shelf, monkeypatch):
    monkeypatch.setattr("search.storage.generations.build_index", partial(build_index, max_flat=10))
    monkeypatch.setattr("search.storage.generations.MAX_FLAT_VECTORS", 10)
    items = {shelf.add(8 * number) for number in range(20)}
    shelf.open().build(shelf.catalog.read_revision())
    (path,) = shelf.folder.glob("generation-*.json")
    manifest = json.loads(path.read_bytes())
    target = path.with_suffix("")
    names = {"ids": "ids", "owners": "metadata", "baselines": "baselines", "sample": "sample"}
    np.savez(target / "rows.npz", **{old: np.load(target / f"{new}.npy") for old, new in names.items()})
    for new in names.values():
        (target / f"{new}.npy").unlink()
    files = ("index.faiss", "rows.npz", "vectors.f2")
    manifest["files"] = {name: hashlib.sha256((target / name).read_bytes()).hexdigest() for name in files}
    del manifest["stamps"], manifest["probing"]
    path.write_text(json.dumps(manifest))
    snapshot = shelf.open().refresh(0)
    assert snapshot.generation.index.cell_count
    assert not len(snapshot.delta.ids)
    assert shelf.find(shelf.open(), 0) <= items
    assert len(shelf.find(shelf.open(), 0)) == 5


def test_rows_are_found_before_and_after_a_generation(shelf):
    first = shelf.add(0)
    space = shelf.open()
    assert shelf.find(space, 0) == {first}
    space.build(shelf.catalog.read_revision())
    second = shelf.add(8)
    assert shelf.find(space, 0) == {first, second}
    assert shelf.find(shelf.open(), 0) == {first, second}


def test_forgotten_missing_and_replaced_items_are_never_returned(shelf):
    first, second, third = shelf.add(0), shelf.add(8), shelf.add(16)
    space = shelf.open()
    space.build(shelf.catalog.read_revision())
    shelf.ledger.forget([first])
    shelf.ledger.mark_missing([second])
    assert shelf.find(space, 0) == {third}
    shelf.ledger.restore([second])
    assert shelf.find(space, 0) == {second, third}


def test_hidden_rows_are_read_from_the_hidden_items_not_from_all_embeddings(shelf):
    """With a million embeddings, each search after a change would wait for a scan of all of them."""
    shelf.add(0)
    statements = []
    event.listen(shelf.catalog.database.engine, "before_cursor_execute", lambda *call: statements.append(call[2:4]))
    select_hidden(shelf.catalog.database, shelf.space_id)
    with shelf.catalog.database.read() as db:
        plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statements[-1][0]}", statements[-1][1]).all()
    steps = [row.detail for row in plan if "embedding" in row.detail or "item" in row.detail]
    assert steps[0].startswith("SEARCH item")
    assert not any(step.startswith("SCAN") for step in steps)


def test_a_lost_or_torn_index_is_made_again(shelf):
    items = {shelf.add(number) for number in range(0, 40, 8)}
    shelf.open().build(shelf.catalog.read_revision())
    for path in shelf.folder.glob("*/*"):
        path.write_bytes(b"torn")
    assert shelf.find(shelf.open(), 0) == items
    shelf.open().rebuild_if_stale()
    assert len(shelf.open().refresh(0).generation.rows.ids) == len(items)
    shutil.rmtree(shelf.folder)
    assert shelf.find(shelf.open(), 0) == items


def test_an_index_is_built_once_so_much_was_written_and_by_no_search(shelf, monkeypatch):
    monkeypatch.setattr("search.storage.space_index.MIN_DELTA_ROWS", 4)
    monkeypatch.setattr("search.storage.snapshot.MAX_FLOAT32_ROWS", 4)
    space = shelf.open()
    for built, rows in ((0, 0), (1, 1), (1, 5), (2, 6), (2, 10), (3, 11)):
        for number in range(space.count_rows(), rows):
            shelf.add(number * D)
        assert len(shelf.find(space, 0)) == min(rows, 5)
        assert len(shelf.find(shelf.open(), 0)) == min(rows, 5)
        space.rebuild_if_stale()
        manifests = find_generation_manifests(shelf.folder, "f", BANK.digest)
        assert (manifests[0].generation if manifests else 0) == built, rows


def test_an_index_built_by_another_process_is_loaded_during_searches(shelf, monkeypatch):
    items = {shelf.add(0), shelf.add(8)}
    reader = shelf.open()
    reader.build(shelf.catalog.read_revision())
    items.add(shelf.add(16))
    shelf.open().build(shelf.catalog.read_revision())
    items.add(shelf.add(24))
    slow = threading.Event()
    monkeypatch.setattr(
        "search.storage.space_index.load_generation", lambda *of: slow.wait(20) and load_generation(*of)
    )
    assert shelf.find(reader, 0) == items
    before = reader.refresh(0)
    assert (before.generation.manifest.generation, len(before.delta.ids)) == (1, 2)
    slow.set()
    wait_for(lambda: reader.refresh(0) is not before)
    after = reader.refresh(0)
    assert (after.generation.manifest.generation, len(after.delta.ids)) == (2, 1)
    assert shelf.find(reader, 0) == items


def test_a_torn_index_that_another_has_built_is_not_searched_and_does_not_count(shelf):
    items = {shelf.add(0)}
    reader = shelf.open()
    reader.build(shelf.catalog.read_revision())
    items.add(shelf.add(8))
    shelf.open().build(shelf.catalog.read_revision())
    (shelf.folder / "generation-00000002" / "vectors.f2").write_bytes(b"torn")
    items.add(shelf.add(16))
    assert shelf.find(reader, 0) == items
    wait_for(lambda: len(find_generation_manifests(shelf.folder, "f", BANK.digest)) != 2)
    assert [one.generation for one in find_generation_manifests(shelf.folder, "f", BANK.digest)] == [1]
    assert shelf.find(reader, 0) == items


def test_an_empty_space_answers_nothing(shelf):
    assert shelf.find(shelf.open(), 0) == set()
    assert shelf.find(shelf.open(), 0, np.zeros(0, np.int64)) == set()


def test_the_sample_is_drawn_from_all_rows_not_from_the_first(shelf):
    shelf.catalog.save_items([shelf.make_record(8 * number) for number in range(SAMPLE_SIZE)])
    shelf.catalog.save_items([shelf.make_record(8 * number + 1) for number in range(SAMPLE_SIZE)])
    sample = shelf.open().refresh(shelf.catalog.read_revision()).sample
    assert len(sample) == SAMPLE_SIZE
    assert 0.4 < sample.vectors[:, 1].mean() < 0.6


def test_baselines_are_known_of_built_and_later_rows(shelf):
    shelf.add(0)
    shelf.add(3)
    space = shelf.open()
    space.build(shelf.catalog.read_revision())
    shelf.add(1)
    snapshot = space.refresh(shelf.catalog.read_revision())
    ids = np.array([3, 1, 2, 99], np.int64)
    # The highest product with the bank, whose texts are the first two axes.
    assert snapshot.gather(ids)[2][:, 3].tolist() == [1, 1, 0, 0]
    assert len(snapshot.sample.baselines) == len(snapshot.sample)


def test_baselines_of_built_rows_are_not_computed_again_unless_their_file_is_damaged(shelf, monkeypatch):
    measured = []
    monkeypatch.setattr(
        "search.storage.generation_rows.measure_baselines",
        lambda vectors, bank: measured.append(len(vectors)) or measure_baselines(vectors, bank),
    )
    for number in range(20):
        shelf.add(number)
    shelf.open().build(shelf.catalog.read_revision())
    shelf.add(20)
    before = shelf.open().build(shelf.catalog.read_revision()).generation
    assert sum(measured) == 21
    expected = measure_baselines(before.rows.vectors, BANK)
    assert np.array_equal(before.baselines, expected)
    (shelf.folder / before.manifest.name / "baselines.npy").write_bytes(b"torn")
    after = shelf.open().build(shelf.catalog.read_revision()).generation
    assert sum(measured) == 42
    assert np.array_equal(after.baselines, expected)


def test_a_generation_of_another_query_bank_does_not_count(shelf):
    item = shelf.add(0)
    shelf.open().build(shelf.catalog.read_revision())
    other = QueryBank(np.eye(D, dtype=np.float32)[2:4], (D,))
    space = SpaceIndex(shelf.catalog.database, shelf.space_id, "f", other, shelf.folder)
    assert shelf.find(space, 0) == {item}
    assert find_generation_manifests(shelf.folder, "f", other.digest) == []
    space.rebuild_if_stale()
    assert len(find_generation_manifests(shelf.folder, "f", other.digest)) == 1


def test_every_number_that_a_vector_can_hold_is_read_as_it_is():
    halves = np.arange(2**16, dtype="<u2").view("<f2")
    halves = halves[np.isfinite(halves)]
    assert np.array_equal(to_float32(halves), halves.astype(np.float32))
    assert np.signbit(to_float32(np.array([-0.0], "<f2"))).all()
