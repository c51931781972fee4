"""What was said about the original of an edited photo counts for the photo that is shown."""

from pathlib import Path

import pytest

from search.storage.albums import Albums
from search.storage.database import now
from search.storage.feedback import FeedbackStore
from search.storage.saved_searches import SavedSearches
from tests.support.formats import RED
from tests.support.indexing import index
from tests.support.web_client import make_client


@pytest.fixture
def media(tmp_path):
    (tmp_path / "media").mkdir()
    for number, name in enumerate(("IMG_1234.jpg", "other.jpg")):
        RED.rotate(number * 20).save(tmp_path / "media" / name)
    return tmp_path / "media"


def find_ids(library):
    """Return the id of each item by the name of its file."""
    return {Path(item.path).name: item.id for item in library.catalog.list_items()}


def edit(library, media):
    """Add an edited version, which is shown in place of the original, and return its id."""
    RED.rotate(40).save(media / "IMG_E1234.jpg")
    index(library, media)
    return find_ids(library)["IMG_E1234.jpg"]


def test_an_album_with_the_original_shows_the_edited_version(fresh, media):
    index(fresh, media)
    original = find_ids(fresh)["IMG_1234.jpg"]
    client = make_client(fresh)
    album = client.post("/api/v1/albums", json={"name": "Best"}).json["id"]
    client.post(f"/api/v1/albums/{album}/items", json={"add": [original]})

    def read():
        hits = client.post("/api/v1/search", json={"albums": [album], "all": True}).json["hits"]
        (shown,) = client.get("/api/v1/albums").json["albums"]
        return [hit["item"]["id"] for hit in hits], shown["count"], shown["cover"]

    assert read() == ([original], 1, original)
    edited = edit(fresh, media)
    assert read() == ([edited], 1, edited)
    client.post(f"/api/v1/albums/{album}/items", json={"add": [edited]})
    assert read() == ([edited], 1, edited)
    (media / "IMG_E1234.jpg").unlink()
    index(fresh, media)
    assert read()[0] == [original]
    # What is removed while the edited version is shown is gone, also for the original.
    edit(fresh, media)
    client.post(f"/api/v1/albums/{album}/items", json={"remove": [edited]})
    assert read() == ([], 0, None)
    (media / "IMG_E1234.jpg").unlink()
    index(fresh, media)
    assert read() == ([], 0, None)


def test_feedback_for_the_original_counts_for_the_edited_version(fresh, media):
    index(fresh, media)
    original, other = (find_ids(fresh)[name] for name in ("IMG_1234.jpg", "other.jpg"))
    feedback = FeedbackStore(fresh.database)
    feedback.add("red", original, True)
    feedback.add("red", other, False)
    edited = edit(fresh, media)

    def read():
        return {(given.text, given.item_id): given.is_relevant for given in feedback.list_all()}

    assert read() == {("red", edited): True, ("red", other): False}
    feedback.add("red", edited, False)
    assert read() == {("red", edited): False, ("red", other): False}
    assert len(feedback.list_all()) == 2
    (media / "IMG_E1234.jpg").unlink()
    index(fresh, media)
    assert read()["red", original] is True
    edit(fresh, media)
    feedback.remove("red", edited)
    assert read() == {("red", other): False}


def test_an_edited_version_of_a_result_is_no_new_match(fresh, media):
    index(fresh, media)
    original, other = (find_ids(fresh)[name] for name in ("IMG_1234.jpg", "other.jpg"))
    saved = SavedSearches(fresh.database)
    search_id = saved.add("red", {"text": "red"}, "/?q=red", True, "https://example.org/hook").id
    saved.note(search_id, {original: 0.8, other: 0.7}, now())
    edited = edit(fresh, media)
    assert saved.list_found(search_id) == {edited: 0.8, other: 0.7}
    saved.note(search_id, {edited: 0.9}, now())
    assert saved.list_found(search_id) == {edited: 0.8, other: 0.7}
    assert saved.get(search_id).new_matches == 2
    saved.mark_sent(search_id, [edited], None)
    assert saved.list_found(search_id, only_unsent=True) == {other: 0.7}
    (media / "IMG_E1234.jpg").unlink()
    index(fresh, media)
    assert saved.list_found(search_id) == {original: 0.8, other: 0.7}
    assert saved.list_found(search_id, only_unsent=True) == {other: 0.7}


def test_an_album_counts_items_as_before(fresh, media):
    index(fresh, media)
    albums = Albums(fresh.database)
    album = albums.add("All").id
    albums.change(album, list(find_ids(fresh).values()), [])
    assert albums.get(album).count == 2
    edit(fresh, media)
    assert albums.get(album).count == 2
