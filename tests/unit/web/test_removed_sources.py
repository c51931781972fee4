"""A source that is removed takes with it who may read it: the next source is hidden from them."""

import pytest

from search.records import Role
from search.storage.accounts import Accounts
from search.storage.api_keys import ApiKeys
from tests.support.accounts import add_admin, add_person, make_headers, sign_in
from tests.support.fake_demo import draw_photo
from tests.support.indexing import index
from tests.support.web_client import make_client

# Addresses that list something of every source that the caller may read.
LISTS = {"/api/v1/sources": "sources", "/api/v1/items": "items", "/api/v1/search?q=a+cat&all=true": "hits"}


def add_folder(library, folder):
    """Index a folder with a photo of a cat, and return the id of its source."""
    folder.mkdir()
    draw_photo("cat", len(folder.name)).save(folder / "cat.jpg")
    index(library, folder)
    return library.sources.find_above(str(folder)).id


@pytest.fixture
def admin(fresh):
    account = add_admin(fresh)
    return make_headers(fresh, account)


def test_rights_of_a_removed_source_do_not_hold_for_the_next_one(fresh, tmp_path, admin):
    first = add_folder(fresh, tmp_path / "first")
    account = add_person(fresh, "Ana", Role.SEARCH, [first])
    reader = add_person(fresh, "Bo", Role.SEARCH)
    client = make_client(fresh)
    headers = [
        make_headers(fresh, account),
        make_headers(fresh, account, sources=[first]),
        make_headers(fresh, reader, sources=[first]),
    ]
    session = sign_in(make_client(fresh), "Ana")
    for address, name in LISTS.items():
        assert [len(client.get(address, headers=one).json[name]) for one in headers] == [1, 1, 1], address
    assert client.delete(f"/api/v1/sources/{first}", headers=admin).status_code == 204
    assert add_folder(fresh, tmp_path / "second") != first
    assert Accounts(fresh.database).get(account.id).sources == ()
    assert {key.sources for key in ApiKeys(fresh.database).list_all(account.id)} == {None, ()}
    for address, name in LISTS.items():
        assert [client.get(address, headers=one).json[name] for one in headers] == [[], [], []], address
        assert session.get(address).json[name] == []
        assert len(client.get(address, headers=admin).json[name]) == 1


def test_a_page_that_is_out_of_date_gives_nobody_the_next_source(fresh, tmp_path, admin):
    first = add_folder(fresh, tmp_path / "first")
    account = add_person(fresh, "Ana", sources=[])
    client = make_client(fresh)
    client.delete(f"/api/v1/sources/{first}", headers=admin)
    add_folder(fresh, tmp_path / "second")
    editor = sign_in(make_client(fresh), "admin")
    refused = editor.patch(f"/api/v1/accounts/{account.id}", json={"sources": [first]})
    assert (refused.status_code, "there is no source" in refused.json["detail"]) == (400, True)
    assert client.delete(f"/api/v1/sources/{first}", headers=admin).status_code == 404
