"""What a caller may not read does not exist for them: every route, by every kind of caller."""

import json
import re
from dataclasses import dataclass

import pytest
from flask import g

from search.access.tokens import TokenKind, make_token
from search.engine import Engine
from search.records import OWNER, Account, Filters, Principal, Query, Rights, Role, Task
from search.storage.accounts import Accounts
from search.storage.albums import Albums
from search.storage.api_keys import ApiKeys
from search.storage.saved_searches import SavedSearches
from search.storage.shares import Shares
from tests.support.accounts import add_admin, add_person, make_headers, sign_in
from tests.support.fake_demo import draw_photo
from tests.support.indexing import index
from tests.support.web_client import make_client
from web.contract.openapi import list_routes
from web.locations import hide_folders

# Words and names that occur only in the hidden source.
SECRETS = ("zorblatt", "hiddencase", "salary", "maskedcam")
MISSING = 987_654_321
PAST = "2020-01-01T00:00:00+00:00"


@pytest.fixture
def world(fresh, tmp_path):
    """A library with an open and a hidden source, and who may read what."""
    for name, subject in (("open", "cat"), ("hiddencase", "rocket")):
        folder = tmp_path / name
        folder.mkdir()
        draw_photo(subject, 1).save(folder / f"{subject}.jpg")
    (tmp_path / "open/notes.txt").write_text("The letter about the garden of roses and the old train.")
    (tmp_path / "hiddencase/salary.txt").write_text(
        "The letter about zorblatt and the salary of everyone at the old train."
    )
    draw_photo("cat", 1).save(tmp_path / "hiddencase/cat copy.jpg")
    index(fresh, tmp_path / "open", tmp_path / "hiddencase")
    return World(fresh, tmp_path)


class World:
    """A library with an open and a hidden source, and callers.

    Attributes:
        client: A client without cookies.
        callers: The headers of each kind of caller.
        hidden: Ids of hidden things, by the name of the path parameter.
    """

    def __init__(self, library, folder):
        self.library = library
        by_path = {source.path: source.id for source in library.sources.list_all()}
        self.open, self.closed = by_path[str(folder / "open")], by_path[str(folder / "hiddencase")]
        admin = add_admin(library)
        people = {role: add_person(library, f"{role} person", role, [self.open]) for role in (Role.SEARCH, Role.EDIT)}
        boss = Principal(Role.ADMIN, Rights(), admin)
        albums = Albums(library.database, boss)
        self.client = make_client(library)
        admin_headers = make_headers(library, admin)
        secret_item = get_item_as(self.client, admin_headers, "salary.txt")
        album, shared = albums.add("salary album"), albums.add("Shared by link")
        albums.change(album.id, [secret_item, get_item_as(self.client, admin_headers, "notes.txt")], [])
        albums.change(shared.id, [get_item_as(self.client, admin_headers, "cat.jpg")], [])
        link = make_token(TokenKind.LINK)
        share = Shares(library.database).add(shared.id, link.hash, None)
        saved = SavedSearches(library.database, boss).add("zorblatt search", {"text": "zorblatt"}, "/", True, None)
        other = add_person(library, "someone else", Role.ADMIN)
        make_headers(library, other)
        both = add_person(library, "reader of both", Role.EDIT, [self.open, self.closed])
        self.callers = {
            "nobody": (Role.NONE, {}),
            "unknown key": (Role.NONE, {"Authorization": "Bearer cmk_unknown"}),
            "expired key": (Role.NONE, make_headers(library, admin, expires_at=PAST)),
            "expired link": (Role.NONE, {"Authorization": f"Bearer {self._make_expired_link(shared.id)}"}),
            "link": (Role.VIEW, {"Authorization": f"Bearer {link.text}"}),
            "search": (Role.SEARCH, make_headers(library, people[Role.SEARCH])),
            "edit": (Role.EDIT, make_headers(library, people[Role.EDIT])),
            "key for one source": (Role.EDIT, make_headers(library, both, sources=[self.open])),
            "key that may only search": (Role.SEARCH, make_headers(library, people[Role.EDIT], role=Role.SEARCH)),
            "admin": (Role.ADMIN, admin_headers),
        }
        self.hidden = {
            "item_id": secret_item,
            "album_id": album.id,
            "saved_id": saved.id,
            "job_id": library.jobs.add(Task((str(folder / "hiddencase"),))).id,
            "source_id": self.closed,
            "account_id": other.id,
            "key_id": ApiKeys(library.database).list_all(other.id)[0].id,
            "link_id": share.id,
        }

    def change(self, account, **changes):
        """Change an account as its admin does on the page."""
        admin = sign_in(make_client(self.library), "admin")
        assert admin.patch(f"/api/v1/accounts/{account.id}", json=changes).status_code == 200

    def _make_expired_link(self, album_id):
        token = make_token(TokenKind.LINK)
        Shares(self.library.database).add(album_id, token.hash, PAST)
        return token.text


def get_item_as(client, headers, name):
    """Return the id of an item by the end of its path."""
    items = client.get("/api/v1/items?limit=1000", headers=headers).json["items"]
    return next(one["id"] for one in items if one["path"].endswith(name))


def normalize(response, ids):
    """Return a response without what differs between two requests for different ids."""
    text = response.get_data(as_text=True) if response.mimetype.endswith("json") else str(len(response.data))
    text = re.sub(r'"request_id":"[^"]*"', "", text)
    for one in sorted(ids, key=len, reverse=True):
        text = text.replace(one, "ID")
    return response.status_code, response.mimetype, text, response.headers.get("ETag")


def fill(route, ids):
    """Return the path of a route with ids in place of its parameters."""
    path = route.path
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{name}}}", str(ids.get(name, "x")))
    return path


BODIES = {
    "POST /api/v1/albums/{album_id}/items": {"add": [1]},
    "PUT /api/v1/albums/{album_id}/sharing": {"is_shared": True},
    "POST /api/v1/albums/{album_id}/links": {},
    "PATCH /api/v1/sources/{source_id}": {"watch": True},
    "PATCH /api/v1/accounts/{account_id}": {},
}


def test_what_is_hidden_answers_as_what_does_not_exist(world):
    tried = 0
    for route in list_routes(world.client.application):
        names = re.findall(r"{(\w+)}", route.path)
        if not names or not set(names) <= world.hidden.keys():
            continue
        for caller, (role, headers) in world.callers.items():
            if role is Role.ADMIN:
                continue
            body = BODIES.get(f"{route.method} {route.path}")
            missing_ids = dict.fromkeys(world.hidden, MISSING)
            paths = fill(route, world.hidden), fill(route, missing_ids)
            responses = [world.client.open(path, method=route.method, json=body, headers=headers) for path in paths]
            known = {str(MISSING), *(str(world.hidden[name]) for name in names)}
            hidden, missing = (normalize(response, known) for response in responses)
            assert hidden == missing, f"{caller}: {route.method} {route.path}"
            expected = 404 if role.includes(route.operation.role) else 401 if role is Role.NONE else 403
            # A key for some sources is refused what concerns the whole account, whether it exists or not.
            allowed = {expected, 403} if caller == "key for one source" else {expected}
            assert hidden[0] in allowed, f"{caller}: {route.method} {route.path}: {hidden}"
            tried += 1
    assert tried > 150


def test_every_route_refuses_a_role_that_is_too_low(world):
    for route in list_routes(world.client.application):
        for caller, (role, headers) in world.callers.items():
            if role.includes(route.operation.role):
                continue
            response = world.client.open(fill(route, world.hidden), method=route.method, headers=headers)
            refused = 403 if role is not Role.NONE else 302 if route.operation.is_page and not headers else 401
            assert response.status_code == refused, f"{caller}: {route.method} {route.path}"


LISTS = (
    "/api/v1/items?limit=1000",
    "/api/v1/items?path=salary",
    "/api/v1/items?path=hiddencase",
    "/api/v1/search?q=zorblatt",
    "/api/v1/search?q=zorblat",
    "/api/v1/search?q=the+letter+about+the+old+train&all=true&explain=true",
    "/api/v1/search?q=a+rocket&all=true",
    "/api/v1/search?q=a+cat&all=true&stack=true",
    "/api/v1/search?path=hiddencase",
    "/api/v1/search?types=image",
    "/api/v1/search?phrases=salary+of+everyone",
    "/api/v1/facets",
    "/api/v1/facets?q=in:hiddencase",
    "/api/v1/albums",
    "/api/v1/searches",
    "/api/v1/jobs",
    "/api/v1/sources",
    "/api/v1/status",
    "/api/v1/keys",
    "/api/v1/session",
)


@pytest.mark.parametrize("address", LISTS)
def test_no_list_answer_or_count_contains_what_is_hidden(world, address):
    secret = json.dumps(world.hidden["item_id"])
    for caller, (role, headers) in world.callers.items():
        if role is Role.ADMIN:
            continue
        response = world.client.get(address, headers=headers)
        text = response.get_data(as_text=True).lower()
        sent = address.lower()
        leaked = [word for word in SECRETS if word in text and word not in sent]
        assert leaked == [], f"{caller}: {text[:500]}"
        if response.status_code == 200 and "hits" in response.json:
            assert f'"id":{secret},' not in text.replace(" ", ""), caller
            assert all("hiddencase" not in hit["item"]["path"] for hit in response.json["hits"]), caller


def test_an_answer_counts_only_what_the_caller_may_read(world):
    answer = world.client.get("/api/v1/search?q=a+cat&all=true", headers=world.callers["search"][1]).json
    assert answer["coverage"]["indexed"] == 2
    assert [hit["stacked"] for hit in answer["hits"]] == [[], []]
    everything = world.client.get("/api/v1/search?q=a+cat&all=true", headers=world.callers["admin"][1]).json
    assert everything["coverage"]["indexed"] == 5


def test_a_cursor_of_one_caller_shows_another_nothing_more(world):
    admin, reader = world.callers["admin"][1], world.callers["search"][1]
    address = "/api/v1/search?q=the+letter+about+the+old+train&all=true&limit=1"
    cursor = world.client.get(address, headers=admin).json["next"]
    response = world.client.get(f"{address}&cursor={cursor}", headers=reader)
    assert response.status_code == 400
    assert "zorblatt" not in response.text


def test_an_etag_of_one_caller_is_not_current_for_another(world):
    admin, reader = world.callers["admin"][1], world.callers["search"][1]
    etag = world.client.get("/api/v1/items?limit=1000", headers=admin).headers["ETag"]
    response = world.client.get("/api/v1/items?limit=1000", headers={**reader, "If-None-Match": etag})
    assert (response.status_code, len(response.json["items"])) == (200, 2)


@pytest.mark.parametrize("address", ["/api/v1/search?albums={}", "/api/v1/search?q=albumid:{}"])
def test_the_filter_of_an_album_that_one_cannot_see_finds_nothing(world, address):
    album = world.hidden["album_id"]
    reader, admin = (world.callers[name][1] for name in ("search", "admin"))
    found, missing = (world.client.get(address.format(one), headers=reader).json for one in (album, MISSING))
    assert (found["total"], found["hits"]) == (missing["total"], missing["hits"]) == (0, [])
    assert world.client.get(address.format(album), headers=admin).json["total"] == 2


def test_items_like_a_hidden_one_cannot_be_searched(world):
    reader = world.callers["edit"][1]
    hidden, missing = (
        world.client.post("/api/v1/search", json={"like": [one]}, headers=reader)
        for one in (world.hidden["item_id"], MISSING)
    )
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json["detail"].replace(str(world.hidden["item_id"]), str(MISSING)) == missing.json["detail"]


def test_a_download_of_hidden_and_readable_items_contains_the_readable_ones(world):
    reader = world.callers["search"][1]
    own = get_item_as(world.client, reader, "notes.txt")
    response = world.client.get(f"/api/v1/archive?ids={own},{world.hidden['item_id']}", headers=reader)
    assert b"notes.txt" in response.data
    assert b"salary" not in response.data


def test_feedback_and_album_changes_ignore_hidden_items(world):
    editor = world.callers["edit"][1]
    album = world.client.post("/api/v1/albums", json={"name": "Mine"}, headers=editor).json["id"]
    change = {"add": [world.hidden["item_id"], get_item_as(world.client, editor, "notes.txt")]}
    assert world.client.post(f"/api/v1/albums/{album}/items", json=change, headers=editor).json["count"] == 1
    judgment = {"text": "a", "item": world.hidden["item_id"], "relevant": True}
    assert world.client.post("/api/v1/feedback", json=judgment, headers=editor).status_code == 404


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
    assert str(tmp_path) not in world.client.get("/api/v1/facets", headers=visitor).text


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


def test_a_change_of_rights_holds_from_the_next_request_on(world):
    library = world.library
    person = add_person(library, "intern", sources=[world.open, world.closed])
    headers = make_headers(library, person)
    address = "/api/v1/search?q=zorblatt"
    first = world.client.get(address, headers=headers).json
    assert first["total"] == 1
    world.change(person, sources=[world.open])
    assert world.client.get(address, headers=headers).json["total"] == 0
    world.change(person, is_disabled=True)
    assert world.client.get(address, headers=headers).status_code == 401


def test_the_engine_finds_only_what_the_rights_of_a_query_allow(world):
    rights = Rights((world.open,), ())
    query = Query(text="the old train", filters=Filters(rights=rights))
    assert {hit.item.path.rpartition("/")[2] for hit in Engine(world.library).search(query).hits} == {"notes.txt"}


@pytest.fixture
def shared_album(world):
    """An album of an owner of both sources, with an item of each, and a link to it."""
    owner = add_person(world.library, "owner of both", Role.EDIT, [world.open, world.closed])
    headers = make_headers(world.library, owner)
    album = world.client.post("/api/v1/albums", json={"name": "Both"}, headers=headers).json["id"]
    items = [get_item_as(world.client, headers, name) for name in ("notes.txt", "salary.txt")]
    world.client.post(f"/api/v1/albums/{album}/items", json={"add": items}, headers=headers)
    path = world.client.post(f"/api/v1/albums/{album}/links", json={}, headers=headers).json["path"]
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
    assert world.client.put(f"{address}/sharing", json={"is_shared": True}, headers=key).status_code == 403
    assert world.client.delete(address, headers=key).status_code == 403
    saved = {"name": "x", "request": {"text": "zorblatt"}, "watch": True}
    assert world.client.post("/api/v1/searches", json=saved, headers=key).status_code == 403
    assert world.client.get("/api/v1/searches", headers=key).status_code == 403
    assert world.client.delete("/api/v1/keys/1", headers=key).status_code == 403


def test_what_somebody_shared_ends_with_their_account(world, shared_album):
    assert see(world, shared_album) == 200
    world.change(shared_album.owner, is_disabled=True)
    assert see(world, shared_album) == 401
    world.change(shared_album.owner, is_disabled=False)
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
        assert answer.get("items", answer.get("hits")) == [], address
    (tmp_path / "hiddencase/salary.txt").unlink()
    missing = world.client.get(f"/api/v1/items/{shared_album.item}/media", headers=visitor)
    assert (missing.status_code, "hiddencase" in missing.text) == (404, False)
    segments = world.client.get(f"/api/v1/items/{shared_album.item}", headers=visitor).json["segments"]
    assert [one["text"] for one in segments if one["kind"] == "name"] == ["salary.txt"]
    albums = world.client.get("/api/v1/albums", headers=visitor).json["albums"]
    assert [(one["owner"], one["owner_id"], one["shared_with"]) for one in albums] == [(None, None, [])]


def test_only_who_may_read_everything_sees_the_terms_of_scores(world):
    address = "/api/v1/search?q=the+old+train&explain=true"
    for caller, is_shown in (("admin", True), ("search", False)):
        evidence = world.client.get(address, headers=world.callers[caller][1]).json["hits"][0]["evidence"][0]
        assert ("terms" in evidence) is is_shown, caller


@pytest.mark.parametrize(
    ("detail", "is_hidden"),
    [
        ("The file of item 5 is missing: /My Photos/a.jpg", True),
        ("/home/ana/a.jpg cannot be read: I/O error", True),
        ("The catalog /home/ana/catalogue.db cannot be read", True),
        ("There is no item 5. `crossmodal files` and GET /api/v1/items list the items.", False),
        ("Use text and/or images: 3/4 are left", False),
    ],
)
def test_problems_name_no_path_to_people_with_a_link(world, detail, is_hidden):
    app = world.client.application
    with app.test_request_context("/"):
        g.principal = OWNER
        assert hide_folders(detail) == detail
        g.principal = Principal(Role.VIEW, Rights((), (), hides_folders=True))
        assert (hide_folders(detail) != detail) is is_hidden
