"""Albums are renamed, get a cover and keep the order of their items."""

import pytest

from tests.support.indexing import index
from tests.support.web_client import ask, make_client


@pytest.fixture
def client(fresh, media):
    index(fresh, media)
    return make_client(fresh)


@pytest.fixture
def ids(client, media):
    return [item["id"] for item in client.get("/api/v1/items").json["items"]]


@pytest.fixture
def album(client, ids):
    path = f"/api/v1/albums/{client.post('/api/v1/albums', json={'name': 'Best'}).json['id']}"
    client.post(f"{path}/items", json={"add": ids})
    return path


def list_ids(client, album):
    return [hit["item"]["id"] for hit in ask(client, albums=[int(album.rpartition("/")[2])]).json["hits"]]


def test_an_album_is_renamed_unless_the_name_is_taken(client, album):
    assert client.patch(album, json={"name": "Summer"}).json["name"] == "Summer"
    assert client.patch(album, json={"name": "Summer"}).status_code == 200
    client.post("/api/v1/albums", json={"name": "Winter"})
    refused = client.patch(album, json={"name": "Winter"})
    assert (refused.status_code, "already exists" in refused.json["detail"]) == (400, True)


def test_a_chosen_cover_stays_until_its_item_leaves_the_album(client, album, ids):
    assert client.patch(album, json={"cover": ids[1]}).json["cover"] == ids[1]
    assert client.patch(album, json={"name": "Same cover"}).json["cover"] == ids[1]
    assert client.post(f"{album}/items", json={"remove": [ids[1]]}).json["cover"] == ids[0]
    assert client.patch(album, json={"cover": ids[1]}).status_code == 404
    client.post(f"{album}/items", json={"add": [ids[1]]})
    assert client.patch(album, json={"cover": None}).json["cover"] == ids[0]


def test_items_are_shown_in_the_chosen_order_and_new_ones_last(client, album, ids):
    by_date = list_ids(client, album)
    client.post(f"{album}/items", json={"remove": [ids[0]]})
    assert client.put(f"{album}/order", json={"items": [ids[2], ids[1]]}).json["cover"] == ids[2]
    client.post(f"{album}/items", json={"add": [ids[0]]})
    assert list_ids(client, album) == [ids[2], ids[1], ids[0]]
    client.put(f"{album}/order", json={"items": [ids[0]]})
    assert list_ids(client, album) == [ids[0], ids[2], ids[1]]
    client.put(f"{album}/order", json={"items": []})
    assert list_ids(client, album) == by_date
