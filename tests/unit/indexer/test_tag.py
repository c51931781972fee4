import numpy as np
import pytest
from sqlalchemy import select

from indexer.summary import Profile
from indexer.tag import tag_items
from search.records import Filters, ItemType, Matches, State
from search.storage import tables as t
from search.storage.facets import FACETS, read_facet
from search.storage.filters import select_items
from search.tagging.tagger import Tagger
from tests.support.fake_demo import draw_photo
from tests.support.indexing import index

VOCABULARY = "name\tgroup\tquery\tcut\tbroader\tde\ncat\tobject\ta cat\t0.5\tanimal\tKatze\nrocket\tobject\t\t0.5\t\t\n"


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("cat", "rocket"):
        draw_photo(name, 1).save(folder / f"{name}.png")
    return folder


def write_vocabulary(library, text=VOCABULARY):
    library.home.tags.write_text(text, encoding="utf-8")


def read_tags(library):
    return {
        item.path.rpartition("/")[2]: [tag.name for tag in item.machine_tags]
        for item in library.catalog.list_items(State.INDEXED)
    }


def test_pictures_get_the_tags_that_they_show(fresh, photos):
    write_vocabulary(fresh)
    index(fresh, photos)
    assert read_tags(fresh) == {"cat.png": ["cat"], "rocket.png": ["rocket"]}


def test_names_of_tags_are_not_embedded_for_documents(fresh, tmp_path, monkeypatch):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "note.txt").write_text("The meeting is on Monday.", encoding="utf-8")
    write_vocabulary(fresh)
    monkeypatch.setattr(Tagger, "tag", None)
    index(fresh, folder)
    assert read_tags(fresh) == {"note.txt": []}


def test_tags_are_filtered_by_in_any_language_and_counted(fresh, photos):
    write_vocabulary(fresh)
    index(fresh, photos)
    for name in ("cat", "Katze", "CAT"):
        assert len(select_items(fresh.database, Filters(machine_tags=(name,)))) == 1
    assert not len(select_items(fresh.database, Filters(machine_tags=("cat", "rocket"))))
    assert read_facet(fresh.database, FACETS["machine_tags"], Matches(Filters())) == [
        {"value": "cat", "count": 1},
        {"value": "rocket", "count": 1},
    ]


def test_tags_of_the_machine_are_not_mixed_with_those_of_people(fresh, photos):
    write_vocabulary(fresh)
    index(fresh, photos)
    assert read_facet(fresh.database, FACETS["tags"], Matches(Filters())) == []
    assert not len(select_items(fresh.database, Filters(tags=("cat",))))


def test_a_changed_vocabulary_tags_again_without_decoding(fresh, photos):
    write_vocabulary(fresh)
    index(fresh, photos)
    write_vocabulary(fresh, "name\tgroup\tquery\tcut\nkitten\tobject\ta kitten\t0.5\n")
    summary = index(fresh, photos)
    assert summary.counts["unchanged"] == 2
    assert read_tags(fresh) == {"cat.png": ["kitten"], "rocket.png": []}


def test_items_of_an_existing_home_are_tagged_by_the_next_run(fresh, photos):
    write_vocabulary(fresh)
    index(fresh, photos)
    with fresh.database.write() as db:
        db.execute(t.machine_tag.delete())
        db.execute(t.item.update().values(tagger=None))
    index(fresh, photos)
    assert read_tags(fresh)["cat.png"] == ["cat"]


def test_nothing_is_written_when_all_items_are_tagged(fresh, photos):
    write_vocabulary(fresh)
    index(fresh, photos)
    revision = fresh.catalog.read_revision()
    assert tag_items(fresh, lambda: None, Profile()) == 0
    assert fresh.catalog.read_revision() == revision


def test_a_changed_file_loses_its_tags_and_gets_new_ones(fresh, photos):
    write_vocabulary(fresh)
    index(fresh, photos)
    draw_photo("rocket", 3).save(photos / "cat.png")
    index(fresh, photos)
    assert read_tags(fresh)["cat.png"] == ["rocket"]


def test_a_vocabulary_that_is_not_valid_keeps_no_file_from_being_indexed(fresh, photos, caplog):
    write_vocabulary(fresh, "nonsense")
    summary = index(fresh, photos)
    assert summary.counts["added"] == 2
    assert "no tags are given" in caplog.text


def test_a_forgotten_item_takes_its_tags_with_it(fresh, photos):
    write_vocabulary(fresh)
    index(fresh, photos)
    with fresh.database.write() as db:
        db.execute(t.item.delete())
    with fresh.database.read() as db:
        assert db.execute(select(t.machine_tag)).all() == []


def test_the_description_is_made_of_the_tags(fresh, photos):
    write_vocabulary(fresh, VOCABULARY.replace("a cat", "cat") + "animal\tobject\tcat\t0.5\t\t\n")
    index(fresh, photos)
    item = next(item for item in fresh.catalog.list_items(State.INDEXED) if item.path.endswith("cat.png"))
    assert {tag.name: tag.described for tag in item.machine_tags} == {"cat": True, "animal": False}
    assert item.machine_description == "Probably: cat"
    assert item.type is ItemType.IMAGE
    assert all(isinstance(tag.score, float) and np.isfinite(tag.score) for tag in item.machine_tags)
