"""Places and the map over REST, as precisely as the role of the caller may see locations."""

import pytest
from PIL import Image

from search.records import LocationPrecision
from tests.support.accounts import add_admin, add_person, make_headers
from tests.support.fake_models import CONCEPTS
from tests.support.indexing import index
from tests.support.web_client import ask, make_client

VENICE, LISBON = (45.4386, "E", 12.3266), (38.7223, "W", 9.1393)


@pytest.fixture
def library(fresh, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    for number, (latitude, side, longitude) in enumerate((VENICE, VENICE, LISBON)):
        image, exif = Image.new("RGB", (64, 64), CONCEPTS["cat"]), Image.Exif()
        image.putpixel((number, 0), (0, 0, 0))
        exif.get_ifd(0x8825).update({1: "N", 2: (latitude, 0.0, 0.0), 3: side, 4: (longitude, 0.0, 0.0)})
        image.save(folder / f"{number}.jpg", exif=exif)
    index(fresh, folder)
    return fresh


@pytest.fixture
def visit(library):
    """Return a client of an account with the role search, which sees locations in some precision."""
    add_admin(library)
    reader = add_person(library, "reader")

    def make(precision):
        client = make_client(library, search_location=precision)
        headers = make_headers(library, reader)
        return client, headers

    return make


def test_an_item_has_its_places_in_the_language_of_the_client(library):
    client = make_client(library)
    (item,) = {hit["item"]["path"]: hit["item"] for hit in ask(client, text="place:lisbon").json["hits"]}.values()
    assert [(one["name"], one["level"]) for one in item["places"]] == [
        ("Lisbon", "city"),
        ("Lisbon", "region"),
        ("Portugal", "country"),
    ]
    german = client.get(f"/api/v1/items/{item['id']}", headers={"Accept-Language": "de-DE,de;q=0.9"}).json
    assert [one["name"] for one in german["places"]] == ["Lisbon", "Lissabon", "Portugal"]


def test_the_map_has_clusters_with_their_common_place(library):
    shown = make_client(library).get("/api/v1/map").json
    assert shown["total"] == 3
    assert [(one["count"], one["places"][0]["name"]) for one in shown["clusters"]] == [(2, "Venice"), (1, "Lisbon")]
    assert shown["clusters"][0]["latitude"] == pytest.approx(VENICE[0], abs=1e-3)


def test_the_map_follows_the_filters_the_words_and_the_part_that_is_shown(library):
    client = make_client(library)
    for address in ("?places=PT", "?q=place:lisbon", "?q=photos+from+Lisbon", "?west=-20&east=0&south=30&north=50"):
        assert client.get(f"/api/v1/map{address}").json["total"] == 1, address
    assert client.get("/api/v1/map?types=video").json == {"total": 0, "clusters": []}
    assert client.get("/api/v1/map?columns=1").json["clusters"][0]["count"] == 2
    assert client.get("/api/v1/map?west=10&east=0").status_code == 400


def test_an_unknown_place_is_a_problem_that_names_it(library):
    problem = ask(make_client(library), text="cat", places=["xyzzy"])
    assert problem.status_code == 400
    assert "xyzzy" in problem.json["detail"]


@pytest.mark.parametrize(
    ("precision", "levels", "total", "found"),
    [
        (LocationPrecision.EXACT, ["city", "region", "country"], 3, 2),
        (LocationPrecision.ROUNDED, ["region", "country"], 3, 0),
        (LocationPrecision.HIDDEN, [], 0, 0),
    ],
)
def test_a_role_sees_and_searches_places_as_precisely_as_locations(visit, precision, levels, total, found):
    client, headers = visit(precision)

    def read(path):
        return client.get(path, headers=headers).json

    item = read("/api/v1/search?q=cat&stack=false")["hits"][0]["item"]
    assert [one["level"] for one in item["places"]] == levels
    assert [one["level"] for one in read(f"/api/v1/items/{item['id']}")["places"]] == levels
    shown = read("/api/v1/map")
    assert shown["total"] == total
    assert all(one["places"][0]["level"] == levels[0] for one in shown["clusters"])
    assert len(read("/api/v1/search?q=place:3164603&stack=false")["hits"]) == found
    tree = read("/api/v1/facets")["places"]
    assert bool(tree) == bool(levels)
    assert all(bool(region["places"]) == ("city" in levels) for country in tree for region in country["places"])
    hits = read("/api/v1/search?q=photos+from+Venice&stack=false&all=true")["hits"]
    assert any(one["kind"] == "place" for hit in hits for one in hit["evidence"]) == (found > 0)
    hits = read("/api/v1/search?q=photos+from+Italy&stack=false&all=true")["hits"]
    snippets = {one["snippet"] for hit in hits for one in hit["evidence"] if one["kind"] == "place"}
    expected = {"city": {"Venice, Veneto, Italy"}, "region": {"Veneto, Italy"}}
    assert snippets == (expected[levels[0]] if levels else set())


def test_rounded_clusters_are_at_rounded_coordinates(visit):
    client, headers = visit(LocationPrecision.ROUNDED)
    cluster = client.get("/api/v1/map?columns=64&west=12&east=13&south=45&north=46", headers=headers).json["clusters"][
        0
    ]
    assert cluster["latitude"] == pytest.approx(45.4)
    assert cluster["west"] == cluster["east"]
