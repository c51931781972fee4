"""Items keep their ids, and what people attached to them, when files move."""

import shutil
from pathlib import Path

import pytest

from search.engine import Engine
from search.records import Query, State
from search.status import verify_library
from search.storage.albums import Albums
from search.storage.feedback import FeedbackStore
from tests.support.formats import RED
from tests.support.indexing import index


@pytest.fixture
def copies(fresh, tmp_path):
    """An indexed folder with two copies of one picture in a subfolder, and two others."""
    folder = tmp_path / "media"
    (folder / "x").mkdir(parents=True)
    RED.save(folder / "x/a.jpg")
    shutil.copy(folder / "x/a.jpg", folder / "x/b.jpg")
    RED.rotate(90, expand=True).save(folder / "p.jpg")
    RED.resize((50, 50)).save(folder / "q.jpg")
    assert index(fresh, folder).counts["added"] == 4
    return folder


def ids(library):
    return {Path(item.path).name: item.id for item in library.catalog.list_items() if item.state is State.INDEXED}


def test_copies_in_a_folder_that_moves_keep_ids_albums_and_feedback(fresh, copies):
    before = ids(fresh)
    albums = Albums(fresh.database)
    album = albums.add("trip").id
    albums.change(album, [before["a.jpg"], before["b.jpg"]], [])
    FeedbackStore(fresh.database).add("red", before["a.jpg"], True)
    (copies / "x").rename(copies / "y")
    counts = index(fresh, copies).counts
    assert (counts["renamed"], counts["added"], counts["removed"], counts["updated"]) == (2, 0, 0, 0)
    assert ids(fresh) == before
    assert albums.get(album).count == 2
    assert fresh.catalog.get_item(before["a.jpg"]).path == str(copies / "y/a.jpg")
    assert verify_library(fresh) == []


def test_names_that_are_swapped_keep_their_items(fresh, copies):
    before = ids(fresh)
    (copies / "p.jpg").rename(copies / "t")
    (copies / "q.jpg").rename(copies / "p.jpg")
    (copies / "t").rename(copies / "q.jpg")
    counts = index(fresh, copies).counts
    assert (counts["renamed"], counts["updated"], counts["added"], counts["removed"]) == (2, 0, 0, 0)
    after = ids(fresh)
    assert (after["p.jpg"], after["q.jpg"]) == (before["q.jpg"], before["p.jpg"])
    assert index(fresh, copies).counts["unchanged"] == 4
    assert verify_library(fresh) == []


def test_a_chain_of_names_keeps_its_items(fresh, copies):
    before = ids(fresh)
    (copies / "q.jpg").rename(copies / "r.jpg")
    (copies / "p.jpg").rename(copies / "q.jpg")
    assert index(fresh, copies).counts["renamed"] == 2
    after = ids(fresh)
    assert (after["r.jpg"], after["q.jpg"]) == (before["q.jpg"], before["p.jpg"])


def test_a_file_that_is_edited_stays_the_item_when_a_copy_was_kept(fresh, copies):
    before = ids(fresh)
    shutil.copy(copies / "p.jpg", copies / "before.jpg")
    RED.rotate(45).save(copies / "p.jpg")
    counts = index(fresh, copies).counts
    assert (counts["renamed"], counts["updated"], counts["added"]) == (0, 1, 1)
    assert ids(fresh)["p.jpg"] == before["p.jpg"]


def test_a_file_that_replaces_another_updates_it(fresh, copies):
    before = ids(fresh)
    (copies / "p.jpg").replace(copies / "q.jpg")
    counts = index(fresh, copies).counts
    assert (counts["renamed"], counts["updated"], counts["removed"]) == (0, 1, 1)
    assert ids(fresh)["q.jpg"] == before["q.jpg"]
    assert verify_library(fresh) == []


def test_a_renamed_file_is_found_by_its_new_name_only(fresh, copies):
    (copies / "p.jpg").rename(copies / "lighthouse.jpg")
    index(fresh, copies)
    find = lambda words: [Path(hit.item.path).name for hit in Engine(fresh).search(Query(text=words)).hits]  # noqa: E731
    assert find('"lighthouse"') == ["lighthouse.jpg"]
    assert find('"p"') == []
    assert verify_library(fresh) == []


def test_reindexing_next_to_a_vanished_copy_keeps_the_item(fresh, copies):
    before = ids(fresh)
    (copies / "x/b.jpg").unlink()
    index(fresh, copies, reindex=True)
    assert ids(fresh)["a.jpg"] == before["a.jpg"]
    assert fresh.catalog.get_item(before["b.jpg"]).state is State.MISSING
