"""Rights by sharing: albums, links, keys for some sources, and accounts whose rights change."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from search.media.recording.writing import write_video
from search.records import Account, Role
from search.storage.accounts import Accounts
from tests.support.accounts import add_person, make_headers, sign_in
from tests.support.fake_demo import draw_photo
from tests.support.indexing import index
from tests.support.rights import get_item_as, make_world
from tests.support.web_client import make_client


def suggest(world, headers, typed):
    return world.client.get(f"/api/v1/suggestions?text={typed}", headers=headers).json["suggestions"]


@pytest.fixture
def world(fresh, tmp_path):
    return make_world(fresh, tmp_path)


def test_a_link_shows_the_edited_version_of_a_photo_in_its_album(world, tmp_path):
    visitor = world.callers["link"][1]
    original = get_item_as(world.client, visitor, "cat.jpg")
    draw_photo("cat", 2).save(tmp_path / "open/cat-edited.jpg")
    index(world.library, tmp_path / "open")
    edited = get_item_as(world.client, visitor, "cat-edited.jpg")
    assert world.client.get(f"/api/v1/items/{edited}/media", headers=visitor).status_code == 200
    hits = world.client.get("/api/v1/search?q=cat&all=true", headers=visitor).json["hits"]
    assert [hit["item"]["id"] for hit in hits] == [edited]
    (tmp_path / "open/cat-edited.jpg").unlink()
    index(world.library, tmp_path / "open")
    assert get_item_as(world.client, visitor, "cat.jpg") == original
    hits = world.client.get("/api/v1/search?q=cat&all=true", headers=visitor).json["hits"]
    assert [hit["item"]["id"] for hit in hits] == [original]


def test_a_link_shows_only_the_items_of_its_album(world):
    visitor = world.callers["link"][1]
    items = world.client.get("/api/v1/items", headers=visitor).json["items"]
    assert [one["path"].rpartition("/")[2] for one in items] == ["cat.jpg"]
    assert world.client.get(f"/api/v1/items/{items[0]['id']}/media", headers=visitor).status_code == 200
    assert [one["name"] for one in world.client.get("/api/v1/albums", headers=visitor).json["albums"]] == [
        "Shared by link"
    ]


def test_a_link_shows_no_folders_of_the_server(world, tmp_path):
    visitor = world.callers["link"][1]
    item = world.client.get("/api/v1/items", headers=visitor).json["items"][0]["id"]
    for address in ("items", f"items/{item}", f"items/{item}/passages", f"items/{item}/similar", "search?types=image"):
        response = world.client.get(f"/api/v1/{address}", headers=visitor)
        assert (response.status_code, str(tmp_path) in response.text) == (200, False), address
    for address in ("facets", "folders", "examples", "suggestions?text=open", "suggestions?text=cat"):
        response = world.client.get(f"/api/v1/{address}", headers=visitor)
        assert (response.status_code, str(tmp_path) in response.text) == (200, False), address
    assert world.client.get("/api/v1/folders", headers=visitor).json["folders"] == []
    assert [one["label"] for one in suggest(world, visitor, "cat")] == ["cat.jpg"]
    assert suggest(world, visitor, "notes") == suggest(world, visitor, "open") == []


def test_an_album_shows_others_only_what_its_owner_may_read(world):
    library = world.library
    owner, friend = add_person(library, "owner", Role.EDIT, [world.open]), add_person(library, "friend", sources=[])
    owner_headers, friend_headers = make_headers(library, owner), make_headers(library, friend)
    album = world.client.post("/api/v1/albums", json={"name": "For a friend"}, headers=owner_headers).json["id"]
    notes = get_item_as(world.client, owner_headers, "notes.txt")
    world.client.post(f"/api/v1/albums/{album}/items", json={"add": [notes]}, headers=owner_headers)
    assert world.client.get(f"/api/v1/items/{notes}", headers=friend_headers).status_code == 404
    sharing = {"shared_with": [friend.id]}
    world.client.put(f"/api/v1/albums/{album}/sharing", json=sharing, headers=owner_headers)
    assert world.client.get(f"/api/v1/items/{notes}", headers=friend_headers).status_code == 200
    assert world.client.get(f"/api/v1/search?albums={album}", headers=friend_headers).json["total"] == 1
    denied = world.client.delete(f"/api/v1/albums/{album}", headers=make_headers(library, friend))
    assert denied.status_code == 403
    # The owner loses the right to the source, and with it what they shared.
    world.change(owner, sources=[])
    assert world.client.get(f"/api/v1/items/{notes}", headers=friend_headers).status_code == 404


@pytest.fixture
def shared_album(world):
    """An album of an owner of both sources, with an item of each, and a link to it."""
    owner = add_person(world.library, "owner of both", Role.EDIT, [world.open, world.closed])
    headers = make_headers(world.library, owner)
    album = world.client.post("/api/v1/albums", json={"name": "Both"}, headers=headers).json["id"]
    items = [get_item_as(world.client, headers, name) for name in ("notes.txt", "salary.txt")]
    world.client.post(f"/api/v1/albums/{album}/items", json={"add": items}, headers=headers)
    path = world.client.post(f"/api/v1/albums/{album}/links", json={}, headers=headers).json["address"]
    return SharedAlbum(owner, album, items[1], {"Authorization": f"Bearer {path.rpartition('/')[2]}"})


@dataclass(frozen=True)
class SharedAlbum:
    """An album that is shared by a link.

    Attributes:
        owner: Its owner.
        id: Its id.
        item: The item of the hidden source in it.
        visitor: The headers of someone who follows the link.
    """

    owner: Account
    id: int
    item: int
    visitor: dict[str, str]


def see(world, shared_album):
    """Return the status of the hidden item for someone who follows the link."""
    return world.client.get(f"/api/v1/items/{shared_album.item}", headers=shared_album.visitor).status_code


def test_a_key_for_one_source_cannot_share_or_save_for_the_account(world, shared_album):
    key = make_headers(world.library, shared_album.owner, sources=[world.open])
    address = f"/api/v1/albums/{shared_album.id}"
    assert world.client.post(f"{address}/links", json={}, headers=key).status_code == 403
    assert world.client.put(f"{address}/sharing", json={"shared": True}, headers=key).status_code == 403
    assert world.client.delete(address, headers=key).status_code == 403
    saved = {"name": "x", "request": {"text": "zorblatt"}, "watched": True}
    assert world.client.post("/api/v1/searches", json=saved, headers=key).status_code == 403
    assert world.client.get("/api/v1/searches", headers=key).status_code == 403
    assert world.client.delete("/api/v1/keys/1", headers=key).status_code == 403


def test_what_somebody_shared_ends_with_their_account(world, shared_album):
    assert see(world, shared_album) == 200
    world.change(shared_album.owner, disabled=True)
    assert see(world, shared_album) == 401
    world.change(shared_album.owner, disabled=False)
    assert see(world, shared_album) == 200
    world.change(shared_album.owner, role="search")
    assert see(world, shared_album) == 401
    world.change(shared_album.owner, role="edit")
    admin = sign_in(make_client(world.library), "admin")
    assert admin.delete(f"/api/v1/accounts/{shared_album.owner.id}").status_code == 204
    assert see(world, shared_album) == 401
    assert shared_album.id in [album["id"] for album in admin.get("/api/v1/albums").json["albums"]]


def test_a_role_that_is_taken_back_leaves_the_sources_as_they_were(world):
    person = add_person(world.library, "deputy", Role.SEARCH, [world.open])
    for role in ("admin", "search"):
        world.change(person, role=role)
    assert Accounts(world.library.database).get(person.id).sources == (world.open,)


def test_a_change_of_an_account_is_done_as_a_whole_or_not_at_all(world):
    person = add_person(world.library, "deputy", Role.SEARCH, [world.open])
    admin = sign_in(make_client(world.library), "admin")
    change = {"role": "admin", "sources": [99_999], "password": "another long password"}
    assert admin.patch(f"/api/v1/accounts/{person.id}", json=change).status_code == 400
    assert Accounts(world.library.database).get(person.id).role is Role.SEARCH
    sign_in(make_client(world.library), "deputy")


def test_a_key_cannot_change_accounts(world):
    admin = world.callers["admin"][1]
    address = f"/api/v1/accounts/{world.hidden['account_id']}"
    assert world.client.patch(address, json={"password": "another long password"}, headers=admin).status_code == 403
    assert world.client.delete(address, headers=admin).status_code == 403
    new = {"name": "new", "password": "another long password", "role": "admin"}
    assert world.client.post("/api/v1/accounts", json=new, headers=admin).status_code == 403


def test_people_with_a_link_cannot_ask_for_folders_or_owners(world, shared_album, tmp_path):
    visitor = shared_album.visitor
    for address in (f"items?path={tmp_path}", f"search?path={tmp_path}", f"search?q=in:{tmp_path.name}"):
        answer = world.client.get(f"/api/v1/{address}", headers=visitor).json
        assert answer.get("items", answer.get("hits", [])) == [], address
        assert answer.get("detail") in (None, "There is no such folder."), address
    (tmp_path / "hiddencase/salary.txt").unlink()
    missing = world.client.get(f"/api/v1/items/{shared_album.item}/media", headers=visitor)
    assert (missing.status_code, "hiddencase" in missing.text) == (404, False)
    segments = world.client.get(f"/api/v1/items/{shared_album.item}", headers=visitor).json["segments"]
    assert [one["text"] for one in segments if one["kind"] == "name"] == ["salary.txt"]
    albums = world.client.get("/api/v1/albums", headers=visitor).json["albums"]
    assert [(one["owner"], one["owner_id"], one["shared_with"]) for one in albums] == [(None, None, [])]


@pytest.mark.parametrize("reads_the_other_source", [True, False])
def test_an_album_shows_a_reader_only_the_names_of_files_in_hidden_sources(
    world, shared_album, tmp_path, reads_the_other_source
):
    sources = [world.open] if reads_the_other_source else []
    friend = make_headers(world.library, add_person(world.library, "friend", Role.SEARCH, sources))
    owner = make_headers(world.library, shared_album.owner)
    sharing = {"shared": True}
    assert world.client.put(f"/api/v1/albums/{shared_album.id}/sharing", json=sharing, headers=owner).status_code == 200
    item = shared_album.item
    for address in (
        "items",
        f"items/{item}",
        f"items/{item}/passages",
        f"items/{item}/moments?q=salary",
        f"items/{item}/similar",
        "search?q=salary&all=true",
        "facets",
        "folders",
        "examples",
        "suggestions?text=hiddencase",
    ):
        response = world.client.get(f"/api/v1/{address}", headers=friend)
        assert (response.status_code, "hiddencase" in response.text) == (200, False), address
    shown = world.client.get("/api/v1/items", headers=friend).json["items"]
    own = {str(tmp_path / "open" / name) for name in ("cat.jpg", "notes.txt")} if reads_the_other_source else set()
    assert own <= {one["path"] for one in shown}
    assert "salary.txt" in {one["path"] for one in shown}
    facet = world.client.get("/api/v1/facets", headers=friend).json["sources"]
    assert [one["value"] for one in facet] == ([str(tmp_path / "open")] if reads_the_other_source else [])
    hidden = tmp_path / "hiddencase"
    for address in (f"items?path={hidden}", f"search?path={hidden}", f"search?sources={hidden}&types=document"):
        answer = world.client.get(f"/api/v1/{address}", headers=friend).json
        assert answer.get("items", answer.get("hits", [])) == [], address
        assert answer.get("detail") in (None, "There is no such folder."), address


def test_problems_name_only_the_paths_that_a_reader_of_a_shared_album_may_see(world, shared_album, tmp_path):
    friend = make_headers(world.library, add_person(world.library, "friend", Role.SEARCH, [world.open]))
    owner = make_headers(world.library, shared_album.owner)
    world.client.put(f"/api/v1/albums/{shared_album.id}/sharing", json={"shared": True}, headers=owner)
    for name, is_shown in (("open/cat.jpg", True), ("hiddencase/salary.txt", False)):
        item = get_item_as(world.client, owner, name.rpartition("/")[2])
        (tmp_path / name).unlink()
        problem = world.client.get(f"/api/v1/items/{item}/media", headers=friend)
        assert (problem.status_code, name in problem.text) == (404, is_shown), name


@pytest.mark.parametrize(
    ("caller", "status"),
    [("link", 404), ("search", 404), ("key that may only search", 404), ("edit", 200), ("admin", 200)],
)
def test_a_hidden_item_exists_only_for_those_who_may_show_it_again(world, caller, status):
    admin, headers = world.callers["admin"][1], world.callers[caller][1]
    item = get_item_as(world.client, admin, "open/cat.jpg")
    assert world.client.get(f"/api/v1/items/{item}", headers=headers).status_code == 200
    world.client.post("/api/v1/hidden", json={"items": [item]}, headers=admin)
    for part in ("", "/thumbnail", "/passages"):
        assert world.client.get(f"/api/v1/items/{item}{part}", headers=headers).status_code == status, part
    assert world.client.get(f"/api/v1/items/{item}/media", headers=headers).status_code == 404
    listed = world.client.get("/api/v1/items", headers=headers).json["items"]
    assert (item in {one["id"] for one in listed}) == (status == 200)


def test_a_hidden_item_that_others_share_does_not_exist(world, tmp_path):
    admin = world.callers["admin"][1]
    person = add_person(world.library, "friend", Role.EDIT, [])
    headers = make_headers(world.library, person)
    item = get_item_as(world.client, admin, "salary.txt")
    album = world.hidden["album_id"]
    world.client.put(f"/api/v1/albums/{album}/sharing", json={"shared": True, "shared_with": []}, headers=admin)
    assert world.client.get(f"/api/v1/items/{item}", headers=headers).status_code == 200
    world.client.post("/api/v1/hidden", json={"items": [item]}, headers=admin)
    assert world.client.get(f"/api/v1/items/{item}", headers=headers).status_code == 404
    world.client.post("/api/v1/hidden/undo", json={"items": [item]}, headers=admin)
    assert world.client.get(f"/api/v1/items/{item}", headers=headers).status_code == 200


def test_an_account_for_all_sources_that_may_only_search_does_not_see_what_is_hidden(world):
    admin = world.callers["admin"][1]
    headers = make_headers(world.library, add_person(world.library, "reader", Role.SEARCH))
    item = get_item_as(world.client, admin, "notes.txt")
    world.client.post("/api/v1/hidden", json={"items": [item]}, headers=admin)
    assert world.client.get(f"/api/v1/items/{item}/media", headers=headers).status_code == 404
    assert world.client.get("/api/v1/hidden", headers=headers).status_code == 403


def test_what_belongs_to_a_hidden_item_does_not_exist_either(world, tmp_path):
    admin, headers = world.callers["admin"][1], world.callers["search"][1]
    write_video(
        tmp_path / "open/cat.mov", [Image.new("RGB", (64, 48))] * 3, Fraction(3), np.zeros(16_000, np.int16), 16_000
    )
    index(world.library, tmp_path / "open")
    item, film = (get_item_as(world.client, admin, name) for name in ("open/cat.jpg", "cat.mov"))
    assert world.client.get(f"/api/v1/items/{film}/media", headers=headers).status_code == 200
    world.client.post("/api/v1/hidden", json={"items": [item]}, headers=admin)
    assert world.client.get(f"/api/v1/items/{film}/media", headers=headers).status_code == 404
