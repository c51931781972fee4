"""What users hide stays hidden, whatever happens to the files, until they show it again."""

import shutil

import pytest

from search.errors import NotAllowedError
from search.forget import forget_items
from search.records import Rights, State
from search.storage.hidden_items import HIDDEN_REASON, HiddenItems
from tests.support.indexing import index, list_reasons, list_states

HIDDEN = (State.SKIPPED, HIDDEN_REASON)


@pytest.fixture
def photos(fresh, media):
    index(fresh, media)
    return media


def find_id(library, name):
    return next(item.id for item in library.catalog.list_items() if item.path.endswith(name))


def hide(library, name, rights=None):
    store = HiddenItems(library.database, *([rights] if rights else []))
    return store.hide([find_id(library, name)])


def test_a_hidden_item_is_skipped_and_shown_again_by_undo(fresh, photos):
    item = find_id(fresh, "green.png")
    assert hide(fresh, "green.png") == [item]
    assert list_reasons(fresh)["green.png"] == HIDDEN
    assert fresh.catalog.list_segments(item)
    assert HiddenItems(fresh.database).unhide([item]) == [item]
    assert list_reasons(fresh)["green.png"] == (State.INDEXED, None)


@pytest.mark.parametrize("options", [{}, {"reindex": True}, {"retry_failed": True}])
def test_indexing_again_shows_nothing_that_is_hidden(fresh, photos, options):
    hide(fresh, "green.png")
    index(fresh, photos, **options)
    assert list_reasons(fresh)["green.png"] == HIDDEN


def test_a_hidden_file_stays_hidden_when_it_is_renamed_and_then_edited(fresh, photos):
    hide(fresh, "green.png")
    (photos / "green.png").rename(photos / "renamed.png")
    index(fresh, photos)
    assert list_reasons(fresh)["renamed.png"] == HIDDEN
    shutil.copy(next(photos.rglob("*.png")), photos / "copy.png")
    with open(photos / "renamed.png", "ab") as file:
        file.write(b"edited")
    index(fresh, photos)
    assert list_reasons(fresh)["renamed.png"] == HIDDEN


def test_copies_are_hidden_and_shown_with_the_original(fresh, photos):
    item = find_id(fresh, "green.png")
    hide(fresh, "green.png")
    shutil.copy(photos / "green.png", photos / "copy.png")
    index(fresh, photos)
    assert list_reasons(fresh)["copy.png"] == HIDDEN
    assert len(HiddenItems(fresh.database).unhide([item])) == 2
    assert list_states(fresh)["copy.png"] == State.INDEXED


def test_a_hidden_file_stays_hidden_when_it_vanishes_and_comes_back(fresh, photos):
    hide(fresh, "green.png")
    (photos / "green.png").rename(photos.parent / "away.png")
    index(fresh, photos)
    assert list_states(fresh)["green.png"] == State.MISSING
    (photos.parent / "away.png").rename(photos / "green.png")
    index(fresh, photos)
    assert list_reasons(fresh)["green.png"] == HIDDEN


def test_a_hidden_item_that_was_forgotten_is_hidden_when_it_is_added_again(fresh, photos):
    hide(fresh, "green.png")
    forget_items(fresh, [find_id(fresh, "green.png")])
    index(fresh, photos)
    assert list_reasons(fresh)["green.png"] == HIDDEN


def test_callers_hide_and_show_only_in_their_sources(fresh, photos, tmp_path):
    (tmp_path / "other").mkdir()
    shutil.copy(photos / "green.png", tmp_path / "other/same.png")
    index(fresh, tmp_path / "other")
    sources = {source.path: source.id for source in fresh.sources.list_all()}
    rights = Rights(sources=(sources[str(photos)],))
    assert hide(fresh, "same.png", rights) == []
    assert hide(fresh, "green.png", rights) == [find_id(fresh, "green.png")]
    assert list_states(fresh)["same.png"] == State.INDEXED
    hide(fresh, "same.png")
    with pytest.raises(NotAllowedError, match="Ask an admin"):
        HiddenItems(fresh.database, rights).unhide([find_id(fresh, "green.png")])
    assert list_reasons(fresh)["green.png"] == HIDDEN
