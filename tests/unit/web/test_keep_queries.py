"""With `keep_queries = false`, nothing that a user searched for is stored."""

import io
import sqlite3
from contextlib import closing

import pytest
from PIL import Image

from search.open_home import open_home
from search.settings import Settings
from search.storage import query_images
from search.storage.query_images import MemoryQueryImages
from tests.support.fake_models import CONCEPTS
from tests.support.indexing import index
from tests.support.web_client import ask, make_client

TEXT = "a secret cat in Timbuktu"
TABLES = ("query_image", "feedback", "saved_search")


@pytest.fixture
def forgetful(tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    Image.new("RGB", (64, 64), CONCEPTS["cat"]).save(folder / "cat.png")
    with open_home(Settings(home=tmp_path / "home", keep_queries=False), create=True) as library:
        index(library, folder)
        yield library


def make_jpeg():
    body = io.BytesIO()
    Image.new("RGB", (64, 64), CONCEPTS["cat"]).save(body, "JPEG")
    return body.getvalue()


def test_every_kind_of_query_is_answered_and_none_is_stored(forgetful):
    client = make_client(forgetful, keep_queries=False)
    assert ask(client, text=TEXT).status_code == 200
    kept = client.post("/api/v1/query-images", data={"image": (io.BytesIO(make_jpeg()), "a.jpg")}).json["id"]
    assert client.get(f"/api/v1/query-images/{kept}").status_code == 200
    assert ask(client, parts=[{"query_image": kept}]).json["hits"] != []
    form = {"image": (io.BytesIO(make_jpeg()), "a.jpg"), "text": TEXT}
    assert client.post("/api/v1/search", data=form).status_code == 200
    judgment = {"text": TEXT, "item": 1, "relevant": True}
    saved = {"name": TEXT, "request": {"text": TEXT}}
    for answer in (client.post("/api/v1/feedback", json=judgment), client.post("/api/v1/searches", json=saved)):
        assert (answer.status_code, answer.json["type"]) == (403, "urn:crossmodal:problem:queries-not-kept")
        assert "keep_queries" in answer.json["detail"]
    assert client.post("/api/v1/feedback", json=judgment | {"relevant": None}).status_code == 204
    with closing(sqlite3.connect(forgetful.home.catalog)) as db:
        assert [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES] == [0, 0, 0]
    for path in forgetful.home.root.rglob("*"):
        assert not path.is_file() or b"Timbuktu" not in path.read_bytes(), path


def test_the_page_is_told(forgetful):
    assert 'data-queries="forget"' in make_client(forgetful, keep_queries=False).get("/").text
    assert "data-queries" not in make_client(forgetful).get("/").text


def test_images_in_memory_are_few_and_forgotten(monkeypatch):
    images = MemoryQueryImages()
    first = images.keep(b"first")
    monkeypatch.setattr(query_images, "MAX_IN_MEMORY", 2)
    second, third = images.keep(b"second"), images.keep(b"third")
    assert images.read(second) == b"second"
    with pytest.raises(query_images.NotFoundError, match="Upload it again"):
        images.read(first)
    monkeypatch.setattr(query_images, "MAX_SECONDS_IN_MEMORY", -1.0)
    with pytest.raises(query_images.NotFoundError):
        images.read(third)
