"""An uploaded file is deleted with its item, and with everything that was derived from it."""

import io
from pathlib import Path

import pytest

from search.forget import forget_paths
from search.records import State
from tests.support.formats import RED
from tests.support.indexing import index
from tests.support.web_client import get_item, make_client


@pytest.fixture
def client(fresh):
    return make_client(fresh)


def upload(client, library, *names):
    body = io.BytesIO()
    RED.save(body, "PNG")
    parts = [(io.BytesIO(body.getvalue() + name.encode()), name) for name in names]
    assert client.post("/api/v1/uploads", data={"file": parts}).status_code == 202
    index(library, library.home.uploads)


def list_files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_the_file_of_an_upload_is_deleted_and_the_next_scan_does_not_bring_it_back(client, fresh):
    upload(client, fresh, "trip/day/red.png", "trip/other.png")
    item = get_item(client, "red.png")
    assert client.get(f"/api/v1/items/{item}/thumbnail?size=128").status_code == 200
    assert fresh.home.thumbnail(item).exists()
    (row,) = [one for one in client.get("/api/v1/items").json["items"] if one["id"] == item]
    assert row["uploaded"] is True
    assert client.delete(f"/api/v1/items/{item}").status_code == 204
    assert list_files(fresh.home.uploads) == ["other.png"]
    assert not (fresh.home.uploads / "trip/day").exists()
    assert not fresh.home.thumbnail(item).exists()
    assert not fresh.home.small_thumbnail(item, 128).exists()
    index(fresh, fresh.home.uploads)
    assert [Path(one.path).name for one in fresh.catalog.list_items()] == ["other.png"]


def test_what_belongs_to_an_upload_is_deleted_with_it(client, fresh):
    upload(client, fresh, "red.png", "red.png.xmp")
    item = get_item(client, "red.png")
    assert client.get(f"/api/v1/items/{item}").json["attachments"] != []
    client.delete(f"/api/v1/items/{item}")
    assert list_files(fresh.home.uploads) == []
    assert fresh.catalog.list_items() == []


def test_partial_transcripts_of_an_upload_are_deleted(client, fresh):
    upload(client, fresh, "red.png")
    with fresh.database.read() as db:
        (content_hash,) = db.exec_driver_sql("SELECT content_hash FROM item").one()
    fresh.home.partial.mkdir(exist_ok=True)
    (fresh.home.partial / f"{content_hash}-1.json").write_text("{}")
    (fresh.home.partial / "other-1.json").write_text("{}")
    client.delete(f"/api/v1/items/{get_item(client, 'red.png')}")
    assert list_files(fresh.home.partial) == ["other-1.json"]


def test_other_files_are_never_deleted(client, fresh, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    RED.save(folder / "red.png")
    index(fresh, folder)
    (row,) = client.get("/api/v1/items").json["items"]
    assert row["uploaded"] is False
    assert client.delete(f"/api/v1/items/{row['id']}").status_code == 204
    assert list_files(folder) == ["red.png"]


def test_an_upload_that_cannot_be_deleted_stays_in_the_catalog(client, fresh, monkeypatch):
    upload(client, fresh, "red.png")
    item = get_item(client, "red.png")

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    answer = client.delete(f"/api/v1/items/{item}")
    assert (answer.status_code, "red.png: Permission denied" in answer.json["detail"]) == (503, True)
    assert fresh.catalog.get_item(item).state is State.INDEXED


def test_a_folder_of_uploads_is_forgotten_with_its_files_and_the_whole_area_is_not(client, fresh):
    upload(client, fresh, "a/red.png", "b/blue.png")
    assert forget_paths(fresh, [str(fresh.home.uploads / "a")]) == 1
    assert list_files(fresh.home.uploads) == ["blue.png"]
    assert forget_paths(fresh, [str(fresh.home.uploads)]) == 1
    assert list_files(fresh.home.uploads) == ["blue.png"]


def send(client, name):
    return client.post("/api/v1/uploads", data={"file": [(io.BytesIO(name.encode()), name)]})


def test_names_that_are_in_the_way_of_each_other(client, fresh):
    assert send(client, "trip/a.txt").status_code == 202
    assert send(client, "trip").json["files"][0]["path"].endswith("/uploads/trip (2)")
    refused = send(client, "trip/a.txt/b.txt")
    assert (refused.status_code, refused.json["type"]) == (409, "urn:crossmodal:problem:name-conflict")
    assert "trip/a.txt is a file" in refused.json["detail"]
    assert list_files(fresh.home.uploads) == ["a.txt", "trip (2)"]
