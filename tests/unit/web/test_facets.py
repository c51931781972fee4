"""Facets, folders, suggestions and examples: what they count, and what they do not show."""

import pytest
from PIL import ExifTags, Image

from tests.support.fake_demo import draw_photo
from tests.support.indexing import index
from tests.support.web_client import ask, make_client


@pytest.fixture(scope="module")
def tree(demo, tmp_path_factory):
    """A client of a library with folders inside folders."""
    from search.open_home import open_home
    from search.settings import Settings

    root = tmp_path_factory.mktemp("tree") / "photos"
    for folder, subject in (("", "cat"), ("Family", "cat"), ("Family/2024 Summer", "rocket"), ("Work", "rocket")):
        (root / folder).mkdir(parents=True, exist_ok=True)
        draw_photo(subject, len(folder)).save(root / folder / f"{subject} {len(folder)}.jpg")
    (root / "Family/letter.txt").write_text("A letter about the garden.")
    with open_home(Settings(home=tmp_path_factory.mktemp("home")), create=True) as library:
        index(library, root)
        client = make_client(library)
        client.root = str(root)
        yield client


def counts(values):
    return {one["value"]: one["count"] for one in values}


def folders(answer):
    return {one["name"]: (one["count"], one["direct"], one["folders"]) for one in answer["folders"]}


def test_facets_count_the_relevant_results_of_a_text(client):
    answer = ask(client, text="a cat", limit=100).json
    facets = client.post("/api/v1/facets", json={"text": "a cat"}).json
    assert 0 < answer["total"] < 12
    assert sum(counts(facets["types"]).values()) == answer["total"]
    assert (facets["tier"], facets["is_estimate"]) == ("relevant", False)
    assert client.get("/api/v1/facets?q=a+cat").json == facets


def test_a_facet_is_counted_without_its_own_filter_wherever_that_is_written(client):
    for request in ({"text": "a cat", "types": ["video"]}, {"text": "a cat type:video"}):
        facets = client.post("/api/v1/facets", json=request).json
        assert facets["types"] == client.post("/api/v1/facets", json={"text": "a cat"}).json["types"]
        found = ask(client, **request).json["total"]
        assert sum(counts(facets["sources"]).values()) == found


def test_the_other_months_stay_visible_when_a_date_is_set(fresh, tmp_path):
    (tmp_path / "m").mkdir()
    for number, name in enumerate(("IMG_20240716_100000.jpg", "IMG_20250811_100000.jpg")):
        draw_photo("cat", number).save(tmp_path / "m" / name)
    index(fresh, tmp_path / "m")
    client = make_client(fresh)
    for request in ({"date": "2024"}, {"after": "2025"}, {"text": "2024"}):
        facets = client.post("/api/v1/facets", json={**request, "facets": ["months", "types"]}).json
        assert counts(facets["months"]) == {"2024-07": 1, "2025-08": 1}, request
        assert counts(facets["types"]) == {"image": 1}, request


def test_only_the_requested_facets_are_returned(client):
    answer = client.get("/api/v1/facets?facets=types&facets=folders").json
    assert set(answer) == {"types", "folders", "tier", "is_estimate"}
    assert client.get("/api/v1/facets?facets=typos").status_code == 400


def test_possible_results_are_counted_if_nothing_is_relevant(client):
    answer = ask(client, text="zorblatt", limit=100).json
    assert answer["total"] == 0
    facets = client.post("/api/v1/facets", json={"text": "zorblatt"}).json
    assert facets["tier"] == "possible"
    assert sum(counts(facets["types"]).values()) == answer["possible"]


def test_an_item_as_the_query_is_counted_too(client):
    item = ask(client, text="a cat").json["hits"][0]["item"]["id"]
    found = ask(client, like=[item]).json["total"]
    assert sum(counts(client.post("/api/v1/facets", json={"like": [item]}).json["types"]).values()) == found


def test_folders_are_a_tree_with_direct_and_deep_counts(tree):
    assert folders(tree.get("/api/v1/folders").json) == {"photos": (5, 1, 2)}
    assert folders(tree.get(f"/api/v1/folders?path={tree.root}").json) == {"Family": (3, 2, 1), "Work": (1, 1, 0)}
    assert folders(tree.get(f"/api/v1/folders?path={tree.root}/Family").json) == {"2024 Summer": (1, 1, 0)}
    assert folders(tree.get("/api/v1/facets").json) == {"photos": (5, 1, 2)}


def test_folders_follow_the_other_filters_and_the_text(tree):
    assert folders(tree.get(f"/api/v1/folders?path={tree.root}&types=document").json) == {"Family": (1, 1, 0)}
    answer = tree.post("/api/v1/folders", json={"text": "garden in:Work", "path": tree.root}).json
    assert folders(answer) == {"Family": (1, 1, 0)}


@pytest.mark.parametrize("route", ["search", "facets"])
@pytest.mark.parametrize("field", ["path", "text"])
def test_a_folder_that_does_not_exist_is_named_with_similar_ones(tree, route, field):
    value = "Famiily" if field == "path" else "cat in:Famiily"
    response = tree.post(f"/api/v1/{route}", json={field: value})
    assert response.status_code == 400
    assert "There is no folder Famiily. Did you mean Family?" in response.json["detail"]


@pytest.mark.parametrize("path", ["Family", "family", "Family/2024 Summer", "2024 Summer", "{}/Family", "{}", "{}/"])
def test_any_name_or_path_of_a_folder_is_a_filter(tree, path):
    assert ask(tree, path=path.format(tree.root)).json["total"] > 0


def test_a_whole_path_that_does_not_exist_is_named_with_a_folder_of_that_name(tree):
    detail = ask(tree, path="/elsewhere/Family").json["detail"]
    assert detail == f"There is no folder /elsewhere/Family. Did you mean {tree.root}/Family?"


def test_suggestions_complete_the_text_or_its_last_word(tree):
    def suggest(typed):
        found = tree.get("/api/v1/suggestions", query_string={"q": typed}).json["suggestions"]
        return [(one["filter"], one["label"], one["typed"]) for one in found]

    assert ("path", "Family", "fam") in suggest("fam")
    assert ("path", "Family", "fam") in suggest("a cat fam")
    assert ("path", "2024 Summer", "summ") in suggest("summ")
    assert (None, "letter.txt", "lett") in suggest("lett")
    assert suggest("zzz") == suggest("") == []


def test_cameras_artists_and_tags_are_suggested_and_found_by_words(fresh, tmp_path):
    (tmp_path / "m").mkdir()
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model], exif[ExifTags.Base.Artist] = (
        "Apple",
        "iPhone 12",
        "Ansel Adams",
    )
    draw_photo("cat", 1).save(tmp_path / "m/a.jpg", exif=exif)
    draw_photo("rocket", 1).save(tmp_path / "m/b.jpg")
    index(fresh, tmp_path / "m")
    client = make_client(fresh)

    def suggest(typed):
        found = client.get("/api/v1/suggestions", query_string={"q": typed}).json["suggestions"]
        return [(one["filter"], one["value"]) for one in found]

    assert suggest("APPLE") == suggest("ipho") == [("camera", "Apple iPhone 12")]
    assert suggest("ansel") == suggest("adams") == [("artist", "Ansel Adams")]
    assert [hit["item"]["path"][-5:] for hit in ask(client, text="iphone").json["hits"]] == ["a.jpg"]


def test_suggestions_have_limits(tree):
    assert len(tree.get("/api/v1/suggestions?text=c&limit=1").json["suggestions"]) == 1
    for query in ("limit=0", "limit=21", f"q={'a' * 201}"):
        assert tree.get(f"/api/v1/suggestions?{query}").status_code == 400


def test_examples_find_as_many_items_as_they_say(client):
    examples = client.get("/api/v1/examples").json["examples"]
    assert {one["kind"] for one in examples} >= {"words"}
    for one in examples:
        answer = ask(client, **one["request"]).json
        assert answer["total"] >= 1, one
        assert one["count"] in (None, answer["total"]), one
