"""Uploads of several accounts: each has its own folder, where the files of others do not count."""

import io

import pytest

from search.records import Role
from tests.support.accounts import add_admin, add_person, make_headers
from tests.support.formats import RED
from tests.support.indexing import index
from tests.support.web_client import make_client

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">Stolen
</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def client(fresh):
    add_admin(fresh)
    return make_client(fresh)


def make_png(degrees=0):
    stream = io.BytesIO()
    RED.rotate(degrees).save(stream, "PNG")
    return stream.getvalue()


def upload(client, headers, name, body):
    form = {"file": [(io.BytesIO(body), name)]}
    response = client.post("/api/v1/uploads", data=form, headers=headers, content_type="multipart/form-data")
    assert response.status_code == 202, response.text
    return response.json["files"][0]["path"]


def test_files_of_two_accounts_with_the_same_name_do_not_meet(client, fresh):
    ann, bob = (add_person(fresh, name, Role.EDIT) for name in ("ann", "bob"))
    paths = [upload(client, make_headers(fresh, account), "trip/a.png", make_png(account.id)) for account in (ann, bob)]
    folders = [fresh.home.uploads / f"account-{account.id}" for account in (ann, bob)]
    assert paths == [str(folder / "trip/a.png") for folder in folders]
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700, 0o700]
    assert upload(client, make_headers(fresh, bob), "trip/a.png", make_png(99)) == str(folders[1] / "trip/a (2).png")


def test_a_side_car_of_one_account_does_not_change_the_file_of_another(client, fresh):
    ann, bob = (make_headers(fresh, add_person(fresh, name, Role.EDIT)) for name in ("ann", "bob"))
    upload(client, ann, "a.png", make_png())
    upload(client, bob, "a.png.xmp", XMP)
    index(fresh, fresh.home.uploads)
    rows = client.get("/api/v1/items", headers=ann).json["items"]
    (item_id,) = [row["id"] for row in rows if row["path"].endswith("a.png")]
    item = client.get(f"/api/v1/items/{item_id}", headers=ann).json
    assert (item["attachments"], item["title"]) == ([], None)


def test_uploads_from_before_the_first_account_stay_where_they_are_and_can_be_deleted(fresh):
    client = make_client(fresh)
    path = upload(client, {}, "old.png", make_png())
    assert path == str(fresh.home.uploads / "old.png")
    admin = make_headers(fresh, add_admin(fresh))
    new = upload(client, admin, "new.png", make_png(30))
    index(fresh, fresh.home.uploads)
    rows = client.get("/api/v1/items", headers=admin).json["items"]
    assert {row["path"]: row["uploaded"] for row in rows} == {path: True, new: True}
    for row in rows:
        assert client.delete(f"/api/v1/items/{row['id']}", headers=admin).status_code == 204
    assert list(fresh.home.uploads.iterdir()) == []
