"""What browsers and proxies may keep, and how much is sent."""

import gzip
import json

import brotli
import pytest
from PIL import Image

from tests.support.indexing import index
from tests.support.web_client import ask, get_item, make_client

GZIP = {"Accept-Encoding": "gzip, deflate"}


@pytest.fixture
def media(tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media/a.txt").write_text("a lonely lighthouse")
    Image.effect_noise((300, 200), 60).save(tmp_path / "media/noise.png")
    return tmp_path / "media"


@pytest.fixture
def own(fresh, media):
    index(fresh, media)
    return make_client(fresh)


def ask_again(client, address, first, **headers):
    return client.get(address, headers={"If-None-Match": first.headers["ETag"]} | headers)


@pytest.mark.parametrize("path", ["items", "items?limit=1", "items/1", "items/1/passages"])
def test_items_are_sent_again_only_after_a_change_of_the_catalog(own, fresh, media, path):
    address = f"/api/v1/{path}"
    first = own.get(address)
    again = ask_again(own, address, first)
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    (media / "b.txt").write_text("a second lighthouse")
    index(fresh, media)
    changed = ask_again(own, address, first)
    assert (changed.status_code, changed.headers["ETag"] != first.headers["ETag"]) == (200, True)


def test_a_current_item_is_not_read_again(own, fresh, monkeypatch):
    first = own.get("/api/v1/items/1")
    monkeypatch.setattr(fresh.catalog, "list_segments", None)
    assert ask_again(own, "/api/v1/items/1", first).status_code == 304


@pytest.mark.parametrize("path", ["albums", "sources", "searches", "jobs", "models", "facets", "feedback"])
def test_other_lists_are_sent_again_only_after_they_have_changed(own, path):
    first = own.get(f"/api/v1/{path}")
    assert ask_again(own, f"/api/v1/{path}", first).status_code == 304
    own.post("/api/v1/albums", json={"name": "Best"})
    assert ask_again(own, f"/api/v1/{path}", first).status_code == (200 if path == "albums" else 304)


def test_facets_follow_the_items_of_an_album(own):
    album = own.post("/api/v1/albums", json={"name": "Best"}).json["id"]
    first = own.get(f"/api/v1/facets?albums={album}")
    own.post(f"/api/v1/albums/{album}/items", json={"add": [1]})
    assert ask_again(own, f"/api/v1/facets?albums={album}", first).json["types"][0]["count"] == 1


def test_subtitles_and_json_of_a_transcript_are_not_confused(client):
    address = f"/api/v1/items/{get_item(client, 'holiday.mp4')}/transcript"
    first = client.get(address, headers={"Accept": "application/json"})
    subtitles = ask_again(client, address, first, Accept="text/vtt")
    assert (subtitles.status_code, subtitles.mimetype) == (200, "text/vtt")
    assert "Accept" in subtitles.headers["Vary"]


@pytest.mark.parametrize("path", ["thumbnail", "thumbnail?size=128", "preview", "media"])
def test_pictures_are_private_and_not_sent_again(own, path):
    address = f"/api/v1/items/{get_item(own, 'noise.png')}/{path}"
    first = own.get(address)
    assert first.cache_control.private is True
    assert not first.cache_control.public
    again = ask_again(own, address, first)
    assert (again.status_code, again.data) == (304, b"")
    assert again.cache_control.private is True


def test_everything_of_the_api_is_private(client):
    for address in ("/api/v1/items", "/api/v1/status", "/api/v1/search?q=a+cat", "/api/v1/items/999999"):
        assert client.get(address).cache_control.private is True


@pytest.mark.parametrize("address", ["/", "/library", "/docs", "/openapi.json", "/api/v1/items"])
def test_texts_are_compressed_for_clients_that_accept_it(client, address):
    plain, packed = client.get(address), client.get(address, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_scripts_are_compressed_and_still_cached_forever(client):
    address = client.get("/").text.split('type="module" src="', 1)[1].split('"', 1)[0]
    plain, packed = client.get(address), client.get(address, headers=GZIP)
    assert gzip.decompress(packed.data) == plain.data
    assert packed.cache_control.immutable
    assert ask_again(client, address, packed, **GZIP).status_code == 304


def test_a_compressed_answer_can_be_revalidated(client):
    first = client.get("/api/v1/items", headers=GZIP)
    assert ask_again(client, "/api/v1/items", first, **GZIP).status_code == 304


def test_files_of_the_library_and_small_answers_are_sent_as_they_are(client, demo):
    text = client.get(f"/api/v1/items/{get_item(client, 'bread.md')}/media", headers=GZIP)
    assert "Content-Encoding" not in text.headers
    assert text.data == next(demo.rglob("bread.md")).read_bytes()
    assert "Content-Encoding" not in client.get("/healthz", headers=GZIP).headers
    refused = client.get("/api/v1/items", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_problems_and_searches_are_compressed_too(client):
    packed = client.post("/api/v1/search", json={"text": "a cat", "all": True}, headers=GZIP)
    assert json.loads(gzip.decompress(packed.data))["hits"] == ask(client, text="a cat", all=True).json["hits"]


def test_a_client_that_accepts_brotli_gets_it(client):
    page = client.get("/", headers={"Accept-Encoding": "identity"})
    packed = client.get("/", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert packed.headers["Content-Encoding"] == "br"
    assert brotli.decompress(packed.data) == page.data
    assert len(packed.data) < len(client.get("/", headers=GZIP).data)
    preferred = client.get("/", headers={"Accept-Encoding": "br;q=0.1, gzip"})
    assert preferred.headers["Content-Encoding"] == "gzip"
