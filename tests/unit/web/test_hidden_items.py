"""/api/v1/hidden: items are hidden, listed and shown again."""

import pytest

from tests.support.indexing import index
from tests.support.web_client import ask, get_item, make_client


@pytest.fixture
def client(fresh, media):
    index(fresh, media)
    return make_client(fresh)


def find_paths(client):
    return {hit["item"]["path"].rpartition("/")[2] for hit in ask(client, types=["image", "document"]).json["hits"]}


def test_a_hidden_item_is_in_no_result_and_in_no_album_until_it_is_shown_again(client):
    item = get_item(client, "green.png")
    album = client.post("/api/v1/albums", json={"name": "Colors"}).json["id"]
    client.post(f"/api/v1/albums/{album}/items", json={"add": [item]})
    assert client.post("/api/v1/hidden", json={"items": [item]}).json == {"items": [item]}
    assert "green.png" not in find_paths(client)
    assert [(one["count"], one["cover"]) for one in client.get("/api/v1/albums").json["albums"]] == [(0, None)]
    listed = client.get("/api/v1/hidden").json
    assert [(one["id"], one["state"], one["reason"]) for one in listed["items"]] == [
        (item, "skipped", "hidden from the library")
    ]
    assert client.post("/api/v1/hidden/undo", json={"items": [item]}).json == {"items": [item]}
    assert "green.png" in find_paths(client)
    assert client.get("/api/v1/albums").json["albums"][0]["count"] == 1


def test_a_folder_is_hidden_by_its_path_and_listed_in_pages(client, media):
    assert len(client.post("/api/v1/hidden", json={"paths": [str(media)]}).json["items"]) == 3
    first = client.get("/api/v1/hidden?limit=2").json
    rest = client.get(f"/api/v1/hidden?limit=2&cursor={first['next']}").json
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)


@pytest.mark.parametrize("body", [{}, {"items": "1"}, {"paths": "/a"}, {"ids": [1]}])
def test_a_request_that_names_nothing_is_refused(client, body):
    assert client.post("/api/v1/hidden", json=body).status_code == 400


def test_an_unknown_path_is_refused(client):
    assert client.post("/api/v1/hidden", json={"paths": ["/nowhere"]}).status_code == 404
