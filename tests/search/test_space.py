"""Readers see committed rows, whatever happened to the index files."""

import shutil

import numpy as np

from search.records import FileFacts, ItemType, MediaFacts, Record, Segment, SegmentKind
from search.store.catalogue import Catalogue
from search.store.database import Database
from search.store.sources import Sources
from search.store.space import SpaceIndex
from search.store.spaces import Spaces

D = 8


class Shelf:
    def __init__(self, folder):
        self.catalogue = Catalogue(Database(folder / "c.db"))
        self.space_id = Spaces(self.catalogue.database).add("s", "m", "f", D)
        self.folder = folder / "index"
        self.source = Sources(self.catalogue.database).add("/m")

    def open(self):
        return SpaceIndex(self.catalogue.database, self.space_id, "f", np.eye(D, dtype=np.float32)[:2], self.folder)

    def add(self, number):
        vector = np.zeros(D, np.float32)
        vector[number % D] = 1
        file = FileFacts(f"/m/{number}", self.source, ItemType.IMAGE, 1, 1)
        segments = [Segment(SegmentKind.PICTURE)]
        return self.catalogue.save_items([Record(file, "", MediaFacts(), segments, [(0, self.space_id, vector)])])[0]

    def find(self, space, axis, allowed=None):
        query = np.zeros((1, D), np.float32)
        query[0, axis] = 1
        snapshot = space.refresh(self.catalogue.read_revision())
        ids, scores = space.search(snapshot, query, 5, allowed)[0]
        good = ids[scores > 0.9]
        return set(snapshot.gather(good)[1]["item"].tolist())

    def close(self):
        self.catalogue.database.close()


def test_rows_are_found_before_and_after_a_generation(tmp_path):
    shelf = Shelf(tmp_path)
    first = shelf.add(0)
    space = shelf.open()
    assert shelf.find(space, 0) == {first}
    space.build(shelf.catalogue.read_revision())
    second = shelf.add(8)
    assert shelf.find(space, 0) == {first, second}
    assert shelf.find(shelf.open(), 0) == {first, second}
    shelf.close()


def test_forgotten_missing_and_replaced_items_are_never_returned(tmp_path):
    shelf = Shelf(tmp_path)
    first, second, third = shelf.add(0), shelf.add(8), shelf.add(16)
    space = shelf.open()
    space.build(shelf.catalogue.read_revision())
    shelf.catalogue.forget([first])
    shelf.catalogue.mark_missing([second])
    assert shelf.find(space, 0) == {third}
    shelf.catalogue.restore([second])
    assert shelf.find(space, 0) == {second, third}
    shelf.close()


def test_a_lost_or_torn_index_is_made_again(tmp_path):
    shelf = Shelf(tmp_path)
    items = {shelf.add(number) for number in range(0, 40, 8)}
    shelf.open().build(shelf.catalogue.read_revision())
    for path in shelf.folder.glob("*/*"):
        path.write_bytes(b"torn")
    assert shelf.find(shelf.open(), 0) == items
    shutil.rmtree(shelf.folder)
    assert shelf.find(shelf.open(), 0) == items
    shelf.close()


def test_an_empty_space_answers_nothing(tmp_path):
    shelf = Shelf(tmp_path)
    assert shelf.find(shelf.open(), 0) == set()
    assert shelf.find(shelf.open(), 0, np.zeros(0, np.int64)) == set()
    shelf.close()


def test_hubness_is_told_of_built_and_later_rows(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.add(0)
    shelf.add(3)
    space = shelf.open()
    space.build(shelf.catalogue.read_revision())
    shelf.add(1)
    snapshot = space.refresh(shelf.catalogue.read_revision())
    ids = np.array([3, 1, 2, 99], np.int64)
    assert snapshot.gather(ids)[2].tolist() == [1, 1, 0, 0]
    shelf.close()
