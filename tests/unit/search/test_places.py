"""Searches for places: by filter, by words, and as precisely as the caller may see locations."""

from dataclasses import replace

import pytest
from PIL import Image

from indexer.places import update_places
from search.engine import Engine
from search.errors import UsageError
from search.places.names import describe_place, name_counts
from search.records import Filters, LocationPrecision, Matches, Query, Rights, SegmentKind
from search.storage.place_counts import count_places
from search.storage.places import Places
from tests.support.fake_models import CONCEPTS
from tests.support.indexing import index

VENICE, LISBON, KYOTO = (45.4386, 12.3266), (38.7223, -9.1393), (34.9671, 135.7727)
PHOTOS = {"a.jpg": ("cat", VENICE), "b.jpg": ("grass", VENICE), "c.jpg": ("cat", LISBON), "d.jpg": ("cat", None)}
PHOTOS |= {"e.jpg": ("rocket", KYOTO)}
EXACT, ROUNDED, HIDDEN = (Rights(locations=one) for one in LocationPrecision)


def write_photo(path, concept, location):
    image, exif = Image.new("RGB", (64, 64), CONCEPTS[concept]), Image.Exif()
    image.putpixel((ord(path.name[0]) % 60, 0), (0, 0, 0))
    if location is not None:
        latitude, longitude = location
        exif.get_ifd(0x8825).update(
            {1: "NS"[latitude < 0], 2: (abs(latitude), 0.0, 0.0), 3: "EW"[longitude < 0], 4: (abs(longitude), 0.0, 0.0)}
        )
    image.save(path, exif=exif)


@pytest.fixture
def library(fresh, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    for name, (concept, location) in PHOTOS.items():
        write_photo(folder / name, concept, location)
    (folder / "note.txt").write_text("A letter about Venice and its lagoon.")
    index(fresh, folder)
    return fresh


def search(library, text=None, rights=EXACT, places=()):
    filters = Filters(places=places, rights=rights)
    return Engine(library).search(Query(text=text, filters=filters, stack=False, include_all=True, limit=20)).hits


def names(hits, relevant_only=True):
    return [hit.item.path.rpartition("/")[2] for hit in hits if hit.relevant or not relevant_only]


@pytest.mark.parametrize("place", ["venice", "Venedig", "威尼斯", "veneto", "Italy", "IT", "IT.20", "3164603"])
def test_the_filter_takes_a_city_a_region_or_a_country_in_any_language(library, place):
    assert set(names(search(library, places=(place,)))) == {"a.jpg", "b.jpg"}
    assert set(names(search(library, f"place:{place}"))) == {"a.jpg", "b.jpg"}


def test_several_places_are_alternatives(library):
    assert set(names(search(library, "place:venice,Japan"))) == {"a.jpg", "b.jpg", "e.jpg"}


def test_a_place_that_does_not_exist_is_refused(library):
    with pytest.raises(UsageError, match="no place 'xyzzy'"):
        search(library, "place:xyzzy")


@pytest.mark.parametrize("text", ["photos from Venice", "Fotos aus Venedig", "photos de Venise", "威尼斯的照片"])
def test_words_find_what_was_captured_in_a_place(library, text):
    hits = search(library, text)
    assert {"a.jpg", "b.jpg"} <= set(names(hits))
    assert not {"c.jpg", "d.jpg", "e.jpg"} & set(names(hits))
    evidence = next(one for hit in hits if hit.item.path.endswith("b.jpg") for one in hit.evidence)
    assert (evidence.kind, evidence.snippet) == (SegmentKind.PLACE, "Venice, Veneto, Italy")


def test_a_document_with_the_word_is_still_found(library):
    assert "note.txt" in names(search(library, "Venice"))


def test_what_shows_the_rest_in_the_place_comes_first(library):
    hits = names(search(library, "cat Lisbon"))
    assert hits[0] == "c.jpg"
    assert {"a.jpg", "d.jpg"} <= set(hits)
    assert names(search(library, "a cat in Venice"))[0] == "a.jpg"


def test_facets_are_a_tree_of_places(library):
    tree = name_counts(count_places(library.database, Matches(Filters())), "de")
    assert [(one["name"], one["count"]) for one in tree] == [("Italien", 2), ("Japan", 1), ("Portugal", 1)]
    assert tree[0]["places"][0]["name"] == "Venetien"
    assert tree[0]["places"][0]["places"] == [{"value": "3164603", "name": "Venice", "count": 2, "places": []}]


def test_hidden_locations_are_no_place_anywhere(library):
    assert names(search(library, "place:venice", rights=HIDDEN)) == []
    assert names(search(library, "Venice", rights=HIDDEN)) == ["note.txt"]
    assert count_places(library.database, Matches(Filters(rights=HIDDEN))) == {}
    evidence = [one.kind for hit in search(library, "Venice", rights=HIDDEN) for one in hit.evidence]
    assert SegmentKind.PLACE not in evidence


def test_rounded_locations_only_tell_the_region(library):
    assert names(search(library, "place:3164603", rights=ROUNDED)) == []
    assert set(names(search(library, "place:veneto", rights=ROUNDED))) == {"a.jpg", "b.jpg"}
    assert names(search(library, "Venice", rights=ROUNDED)) == ["note.txt"]
    hits = search(library, "photos from Italy", rights=ROUNDED)
    assert {"a.jpg", "b.jpg"} <= set(names(hits))
    assert {one.snippet for hit in hits for one in hit.evidence if one.kind is SegmentKind.PLACE} == {"Veneto, Italy"}
    tree = name_counts(count_places(library.database, Matches(Filters(rights=ROUNDED))), "en")
    assert [one["places"] for country in tree for one in country["places"]] == [[], [], []]


def test_items_of_an_older_home_get_their_places_at_the_next_run(library):
    with library.database.write() as db:
        db.exec_driver_sql("DELETE FROM item_place")
        db.exec_driver_sql("DELETE FROM setting WHERE key = 'places'")
    assert names(search(library, "place:venice")) == []
    index(library, *[])
    assert set(names(search(library, "place:venice"))) == {"a.jpg", "b.jpg"}
    assert update_places(Places(library.database), lambda: None) == 0


def test_a_copy_and_a_changed_file_have_their_place(library, tmp_path):
    (tmp_path / "media/f.jpg").write_bytes((tmp_path / "media/a.jpg").read_bytes())
    write_photo(tmp_path / "media/b.jpg", "grass", LISBON)
    index(library, tmp_path / "media")
    assert set(names(search(library, "place:venice"))) == {"a.jpg", "f.jpg"}
    assert set(names(search(library, "place:lisbon"))) == {"b.jpg", "c.jpg"}


def test_an_item_knows_its_place(library):
    items = {item.path.rpartition("/")[2]: item.place for item in library.catalog.list_items()}
    assert describe_place(items["c.jpg"], LocationPrecision.EXACT) == "Lisbon, Portugal"
    assert items["d.jpg"] is None
    assert replace(items["a.jpg"], city=None).area == "IT.20"
