"""Saved searches that notify about new matches, and albums."""

import pytest
from PIL import Image

from tests.support.accounts import add_admin, add_person, sign_in
from tests.support.indexing import index
from tests.support.web_client import ask, make_client
from tests.support.webhooks import Notifier, run_hook


@pytest.fixture
def hook():
    with run_hook() as running:
        yield running


@pytest.fixture
def media(tmp_path, demo):
    folder = tmp_path / "media"
    folder.mkdir()
    for name in ("morning.jpg", "wall.jpg", "dahlia.jpg"):
        (folder / name).write_bytes(next(demo.rglob(name)).read_bytes())
    return folder


@pytest.fixture
def client(fresh, media):
    index(fresh, media)
    return make_client(fresh, webhook_hosts=("127.0.0.1",))


def save(client, **fields):
    body = {"name": "cats", "request": {"text": "a cat"}, "address": "/?q=a+cat", "watched": True} | fields
    return client.post("/api/v1/searches", json=body)


def test_new_matches_are_listed_and_notified_once(client, fresh, media, demo, hook):
    saved = save(client, webhook=hook.address)
    assert saved.status_code == 201
    notifier = Notifier(fresh)
    notifier.poll()
    assert (client.get("/api/v1/searches").json["searches"][0]["new_matches"], hook.reported) == (0, [])
    (media / "chelsea.jpg").write_bytes(next(demo.rglob("chelsea.jpg")).read_bytes())
    Image.effect_noise((300, 200), 60).save(media / "noise.png")
    index(fresh, media)
    hook.status = 500
    notifier.poll()
    found = client.get(f"/api/v1/searches/{saved.json['id']}/matches").json
    assert [item["path"].rsplit("/", 1)[-1] for item in found["items"]] == ["chelsea.jpg"]
    assert (found["new_matches"], found["reason"]) == (1, "the webhook answered 500")
    hook.status = 200
    (media / "noise.png").unlink()
    index(fresh, media)
    notifier.poll()
    notifier.poll()
    (reported,) = hook.reported
    assert reported["search"] == {"id": saved.json["id"], "name": "cats"}
    assert [item["path"].rsplit("/", 1)[-1] for item in reported["items"]] == ["chelsea.jpg"]
    assert client.post(f"/api/v1/searches/{saved.json['id']}/seen", json={}).json["new_matches"] == 0
    assert client.delete(f"/api/v1/searches/{saved.json['id']}").status_code == 204
    assert client.get("/api/v1/searches").json["searches"] == []


def test_a_search_that_is_not_watched_is_only_stored(client, fresh, media, demo):
    save(client, watched=False)
    (media / "chelsea.jpg").write_bytes(next(demo.rglob("chelsea.jpg")).read_bytes())
    index(fresh, media)
    Notifier(fresh).poll()
    assert client.get("/api/v1/searches").json["searches"][0]["new_matches"] == 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"webhook": "file:///etc/passwd"}, "webhook"),
        ({"webhook": "nowhere"}, "webhook"),
        ({"request": {"color": "red"}}, "color"),
        ({"address": "https://elsewhere"}, "address"),
        ({"name": ""}, "name"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused_by_name(client, fields, message):
    answer = save(client, **fields)
    assert (answer.status_code, message in answer.json["detail"]) == (400, True)


def test_an_album_holds_items_and_filters(client):
    ids = [item["id"] for item in client.get("/api/v1/items").json["items"]]
    album = client.post("/api/v1/albums", json={"name": "Best"}).json
    changed = client.post(f"/api/v1/albums/{album['id']}/items", json={"add": [*ids[:2], 999]}).json
    assert (changed["count"], changed["cover"]) == (2, ids[0])
    hits = ask(client, albums=[album["id"]]).json["hits"]
    assert {hit["item"]["id"] for hit in hits} == set(ids[:2])
    assert client.post(f"/api/v1/albums/{album['id']}/items", json={"remove": [ids[0]]}).json["count"] == 1
    assert client.post("/api/v1/albums", json={"name": "Best"}).status_code == 400
    assert client.delete(f"/api/v1/albums/{album['id']}").status_code == 204
    assert client.delete(f"/api/v1/albums/{album['id']}").status_code == 404
    assert len(client.get("/api/v1/items").json["items"]) == len(ids)


def test_what_is_forgotten_leaves_albums_and_finds(client, fresh):
    ids = [item["id"] for item in client.get("/api/v1/items").json["items"]]
    album = client.post("/api/v1/albums", json={"name": "Best"}).json
    client.post(f"/api/v1/albums/{album['id']}/items", json={"add": ids})
    client.delete(f"/api/v1/items/{ids[0]}")
    assert client.get("/api/v1/albums").json["albums"][0]["count"] == len(ids) - 1


def test_a_search_for_what_is_like_a_hidden_or_missing_item_is_not_saved(fresh, media):
    index(fresh, media)
    item_id = fresh.catalog.list_items()[0].id
    add_admin(fresh)
    reader = sign_in(make_client(fresh), add_person(fresh, "reader", sources=[]).name)
    body = {"name": "alike", "watched": True}
    found = reader.post("/api/v1/search", json={"like": [item_id]})
    saved = reader.post("/api/v1/searches", json=body | {"request": {"like": [item_id]}})
    assert (saved.status_code, saved.json["detail"]) == (404, found.json["detail"])
    admin = sign_in(make_client(fresh), "admin")
    for request in ({"like": [10**9]}, {"parts": [{"item": 10**9}]}):
        assert admin.post("/api/v1/searches", json=body | {"request": request}).status_code == 404
    assert admin.post("/api/v1/searches", json=body | {"request": {"like": [item_id]}}).status_code == 201


def test_a_watched_search_finds_what_the_page_finds(client, fresh, media):
    request = {"text": "crane harbor"}
    saved = save(client, request=request).json
    Notifier(fresh).poll()
    texts = (
        "We walked along the old harbor at night and looked at the ships.",
        "The old harbor was built in 1902.",
        "At night the crane stands still.",
        "old harbor ships night",
    )
    for number, text in enumerate(texts):
        (media / f"{number}.txt").write_text(text)
    index(fresh, media)
    Notifier(fresh).poll()
    shown = {
        tier: {hit["item"]["id"] for hit in ask(client, **request, tier=tier).json["hits"]}
        for tier in ("relevant", "possible")
    }
    found = client.get(f"/api/v1/searches/{saved['id']}/matches").json["items"]
    assert shown["possible"]
    assert {item["id"] for item in found} == shown["relevant"] | shown["possible"]
