"""What a caller may not read does not exist for them: every route, by every kind of caller."""

import json
import re

import pytest
from flask import g

from search.engine import Engine
from search.records import OWNER, Filters, Principal, Query, Rights, Role
from tests.support.accounts import add_person, make_headers
from tests.support.rights import OPEN_PARAMETERS, ROUTES, get_item_as, make_world
from web.contract.openapi import list_routes
from web.locations import hide_folders

# Words and names that occur only in the hidden source.
SECRETS = ("zorblatt", "hiddencase", "salary", "maskedcam")
MISSING = 987_654_321
# A parameter of a path, as Flask and as OpenAPI write it.
NAMED, PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>"), r"{\1}"


@pytest.fixture
def world(fresh, tmp_path):
    return make_world(fresh, tmp_path)


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
        path = path.replace(f"{{{name}}}", str(ids.get(name, "1" if name in {"number", "fragment"} else "x")))
    return path


BODIES = {
    "POST /api/v1/albums/{album_id}/items": {"add": [1]},
    "PATCH /api/v1/albums/{album_id}": {"name": "Mine now"},
    "PUT /api/v1/albums/{album_id}/order": {"items": []},
    "PUT /api/v1/albums/{album_id}/sharing": {"shared": True},
    "POST /api/v1/albums/{album_id}/links": {},
    "PATCH /api/v1/sources/{source_id}": {"watched": True},
    "PATCH /api/v1/accounts/{account_id}": {},
}


def test_every_route_has_a_row_and_no_other(world):
    app = world.client.application
    found = {
        f"{method} {NAMED.sub(PARAMETER, rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    assert found == ROUTES.keys(), "add a row to tests/support/rights.py"
    declared = {f"{route.method} {route.path}": route.operation.role for route in list_routes(app)}
    assert declared == ROUTES
    parameters = {name for route in found for name in re.findall(r"{(\w+)}", route)}
    assert parameters == world.hidden.keys() | OPEN_PARAMETERS, "hide such a thing in the world, or say that it is open"


def test_every_page_and_list_answers_those_whose_role_suffices(world):
    for row, needed in ROUTES.items():
        method, path = row.split()
        if method != "GET" or "{" in path or path.startswith(("/sign-in/provider", "/api/v1/archive")):
            continue
        for caller, (role, headers) in world.callers.items():
            if role.includes(needed) and role is not Role.NONE:
                response = world.client.get(path, headers=headers)
                # A key for some folders cannot act for the whole account.
                allowed = {200, 302, 400} | ({403} if caller == "key for one source" else set())
                assert response.status_code in allowed, f"{caller}: {row}: {response.text[:200]}"


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
            if role.includes(ROUTES[f"{route.method} {route.path}"]):
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
    "/api/v1/facets?q=the+letter+about+the+old+train",
    "/api/v1/folders",
    "/api/v1/folders?q=zorblatt",
    "/api/v1/suggestions?text=hidden",
    "/api/v1/suggestions?text=sal",
    "/api/v1/examples",
    "/api/v1/albums",
    "/api/v1/searches",
    "/api/v1/jobs",
    "/api/v1/sources",
    "/api/v1/status",
    "/api/v1/keys",
    "/api/v1/session",
    "/api/v1/feedback",
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
    response = world.client.get(f"/api/v1/archive?items={own},{world.hidden['item_id']}", headers=reader)
    assert b"notes.txt" in response.data
    assert b"salary" not in response.data


def test_feedback_and_album_changes_ignore_hidden_items(world):
    editor = world.callers["edit"][1]
    album = world.client.post("/api/v1/albums", json={"name": "Mine"}, headers=editor).json["id"]
    change = {"add": [world.hidden["item_id"], get_item_as(world.client, editor, "notes.txt")]}
    assert world.client.post(f"/api/v1/albums/{album}/items", json=change, headers=editor).json["count"] == 1
    judgment = {"text": "a", "item": world.hidden["item_id"], "relevant": True}
    assert world.client.post("/api/v1/feedback", json=judgment, headers=editor).status_code == 404


def test_a_change_of_rights_holds_from_the_next_request_on(world):
    library = world.library
    person = add_person(library, "intern", sources=[world.open, world.closed])
    headers = make_headers(library, person)
    address = "/api/v1/search?q=zorblatt"
    first = world.client.get(address, headers=headers).json
    assert first["total"] == 1
    world.change(person, sources=[world.open])
    assert world.client.get(address, headers=headers).json["total"] == 0
    world.change(person, disabled=True)
    assert world.client.get(address, headers=headers).status_code == 401


def test_the_engine_finds_only_what_the_rights_of_a_query_allow(world):
    rights = Rights((world.open,), ())
    query = Query(text="the old train", filters=Filters(rights=rights))
    assert {hit.item.path.rpartition("/")[2] for hit in Engine(world.library).search(query).hits} == {"notes.txt"}


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
        g.principal = Principal(Role.VIEW, Rights((), (1,), (1,)))
        assert (hide_folders(detail) != detail) is is_hidden
