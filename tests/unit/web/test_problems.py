"""Problem documents: one for every kind of failure, also those of the server library."""

import json
import logging

import pytest

from tests.support.indexing import index
from tests.support.web_client import ask, make_client

TOO_MANY_DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("method", "address", "headers", "status", "kind"),
    [
        ("GET", "/nothing", {}, 404, "unknown-route"),
        ("GET", "/api/v1/items/999999", {}, 404, "not-found"),
        ("PUT", "/api/v1/items", {}, 405, "method"),
        ("GET", "/api/v1/items?limit=0", {}, 400, "invalid-request"),
        ("GET", "/healthz", {"Host": "evil.example"}, 400, "bad-request"),
        ("POST", "/api/v1/albums", {"Sec-Fetch-Site": "cross-site"}, 403, "foreign-site"),
    ],
)
def test_a_failure_has_a_type_and_the_path_of_the_request(client, method, address, headers, status, kind):
    response = client.open(address, method=method, headers=headers)
    problem = response.json
    assert (response.status_code, problem["status"]) == (status, status)
    assert problem["type"] == f"urn:crossmodal:problem:{kind}"
    assert problem["instance"] == address.partition("?")[0]
    assert response.headers["Link"] == f'</docs#problem-{kind}>; rel="help"'


def test_a_problem_with_a_name_that_is_not_text_is_still_a_document(client):
    body = rb'{"text": {"\ud800": "a\u0000b"}}'
    response = client.post("/api/v1/search", data=body, content_type="application/json")
    assert response.status_code == 400
    assert "text" in response.json["detail"]


@pytest.mark.parametrize(
    ("method", "address", "body", "detail"),
    [
        ("GET", "items/999", None, "There is no item 999. `crossmodal files` and GET /api/v1/items list the items."),
        ("DELETE", "items/999", None, "There is no item 999. `crossmodal files` and GET /api/v1/items list the items."),
        ("GET", "jobs/999", None, "There is no job 999. `crossmodal jobs` and GET /api/v1/jobs list the jobs."),
        ("PATCH", "sources/999", {}, "There is no source 999. GET /api/v1/sources lists the sources."),
        ("DELETE", "searches/999", None, "There is no saved search 999. GET /api/v1/searches lists them."),
        ("DELETE", "albums/999", None, "There is no album 999. GET /api/v1/albums lists the albums."),
        (
            "POST",
            "feedback",
            {"text": "a", "item": 999, "relevant": True},
            "There is no item 999. `crossmodal files` and GET /api/v1/items list the items.",
        ),
    ],
)
def test_a_missing_thing_is_named_with_the_way_to_find_others(client, method, address, body, detail):
    response = client.open(f"/api/v1/{address}", method=method, json=body)
    assert (response.status_code, response.json["detail"]) == (404, detail)


def test_an_item_without_a_usable_file_says_which_of_the_reasons_it_is(fresh, tmp_path):
    (tmp_path / "a.txt").write_text("a letter")
    (tmp_path / "b.txt").write_text("another letter")
    (tmp_path / "c.jpg").write_bytes(b"\xff\xd8\xff damaged")
    index(fresh, tmp_path)
    (tmp_path / "b.txt").unlink()
    client = make_client(fresh)
    found = {item["path"].rsplit("/", 1)[-1]: item for item in client.get("/api/v1/items").json["items"]}

    def explain(name, part):
        response = client.get(f"/api/v1/items/{found[name]['id']}/{part}")
        assert response.status_code == 404
        return response.json["detail"].replace(str(tmp_path), "DIR")

    text, gone, broken = found["a.txt"]["id"], found["b.txt"]["id"], found["c.jpg"]
    assert explain("a.txt", "preview") == f"Item {text} has the type `document`. Choose an item of type `image`."
    recordings = f"Item {text} has the type `document`. Choose an item of type `audio` or `video`."
    assert explain("a.txt", "loudness") == recordings
    assert explain("b.txt", "media") == f"The file of item {gone} is missing: DIR/b.txt. Check that its disk is there."
    state = f"Item {broken['id']} has the state `failed` ({broken['reason']}): DIR/c.jpg."
    assert explain("c.jpg", "media") == f"{state} GET /api/v1/items says what to do."


def test_a_range_outside_the_file_names_its_size(client):
    response = client.get("/api/v1/items/1/media", headers={"Range": "bytes=999999999-"})
    assert (response.status_code, response.json["type"]) == (416, "urn:crossmodal:problem:range")
    assert response.headers["Content-Range"].startswith("bytes */")


def test_a_body_that_is_too_large_names_the_limit(library):
    client = make_client(library, json_limit=2**20)
    response = client.post("/api/v1/albums", data=b" " * (2**20 + 1), content_type="application/json")
    assert (response.status_code, response.json["type"]) == (413, "urn:crossmodal:problem:too-large")
    assert "larger than 1,048,576 bytes" in response.json["detail"]


def test_an_unexpected_error_is_in_the_log_with_the_id_of_its_problem(library, monkeypatch, caplog):
    client = make_client(library)

    def fail():
        raise RuntimeError("broken on purpose")

    fail.__dict__.update(client.application.view_functions["albums.list_albums"].__dict__)
    client.application.view_functions["albums.list_albums"] = fail
    with caplog.at_level(logging.ERROR, logger="crossmodal"):
        response = client.get("/api/v1/albums", headers={"X-Request-Id": "trace-7"})
    assert (response.status_code, response.json["type"]) == (500, "urn:crossmodal:problem:internal")
    assert response.json["request_id"] == response.headers["X-Request-Id"] == "trace-7"
    assert "trace-7" in caplog.text
    assert "broken on purpose" not in response.text


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "a\u00e9"])
def test_an_id_that_could_disturb_the_log_is_replaced(client, sent):
    answered = client.get("/healthz", headers={"X-Request-Id": sent}).headers["X-Request-Id"]
    assert answered != sent
    assert len(answered) == 32


@pytest.mark.parametrize(
    ("address", "detail"),
    [
        ("search?tpyes=image", "Unknown field `tpyes`; did you mean `types`?"),
        ("items?stat=failed", "Unknown field `stat`; did you mean `state`?"),
        ("items/1/thumbnail?sizes=128", "Unknown field `sizes`; did you mean `size`?"),
        ("items?zzz=1", "Unknown field `zzz`. Known fields: state, types, path, limit, cursor."),
    ],
)
def test_a_misspelt_field_of_an_address_gets_a_suggestion(client, address, detail):
    response = client.get(f"/api/v1/{address}")
    assert (response.status_code, response.json["detail"]) == (400, detail)


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        ("search", {"txet": "a"}, "Unknown field `txet`; did you mean `text`?"),
        ("search", {"exlude": ["a"], "text": "a"}, "Unknown field `exlude`"),
        ("search", {"parts": [{"wieght": 1}]}, "parts.0: Unknown field `wieght`; did you mean `weight`?"),
        ("albums", {"nmae": "x", "name": "x"}, "Unknown field `nmae`; did you mean `name`?"),
        ("searches", {"name": "a", "request": {"tetx": "a"}}, "Unknown field `tetx`; did you mean `text`?"),
    ],
)
def test_a_misspelt_field_of_a_body_gets_a_suggestion(client, path, body, detail):
    response = client.post(f"/api/v1/{path}", json=body)
    assert response.status_code == 400
    assert response.json["detail"].startswith(detail)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"items/{2**63}", 404),
        (f"items/{10**400}/media", 404),
        (f"albums/{2**63}", 405),
        (f"items?cursor={2**63}", 400),
        (f"items?limit={TOO_MANY_DIGITS}", 400),
        (f"items/1/loudness?points={TOO_MANY_DIGITS}", 400),
        (f"items/1/passages?around={TOO_MANY_DIGITS}", 400),
        (f"items/1/passages?limit={TOO_MANY_DIGITS}", 400),
        (f"items/1/thumbnail?at={TOO_MANY_DIGITS}", 400),
        ("items/1/thumbnail?at=Infinity", 400),
        (f"items?path={'x' * 60_000}", 400),
        ("items?path=%00", 400),
        ("search?q=a&path=%00", 400),
        (f"search?q=a&camera={'x' * 60_000}", 400),
        (f"facets?artist={'%25' * 10_000}", 400),
        (f"search?q=a&like={2**63}", 400),
        (f"search?q=a&albums={2**63}", 400),
        (f"search?q=camera:{'x' * 10_000}", 400),
        ("query-images/%00", 404),
    ],
)
def test_values_out_of_range_are_refused(client, address, status):
    assert client.get(f"/api/v1/{address}").status_code == status


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a", "camera": "x" * 60_000},
        {"text": "a", "sources": ["/x"] * 260_000},
        {"text": "a", "tags": ["x" * 60_000]},
        {"text": "a", "not": ["x" * 200_000]},
        {"text": "a\ud800"},
        {"text": "a", "path": "/\ud800"},
        {"text": "a", "camera": "a\0"},
        {"text": "a", "path": "/a\0"},
        {"text": "a", "types": {"\ud800": 1}},
        {"parts": [{"text": "\udfff"}]},
        {"text": "a", "longer": 1e999},
    ],
)
def test_bodies_out_of_range_are_refused(client, body):
    response = client.post("/api/v1/search", data=json.dumps(body), content_type="application/json")
    assert (response.status_code, response.json["type"]) == (400, "urn:crossmodal:problem:invalid-request")


@pytest.mark.parametrize("place", ["Infinity", "-Infinity", "NaN", "1e400", "9" * 5000, '"7"', "null", "[]"])
def test_a_forged_cursor_is_refused(client, place):
    import base64
    import zlib

    first = ask(client, text="a cat", all=True, limit=1).json["next"]
    document = json.loads(base64.urlsafe_b64decode(first).partition(b"\n")[0])
    head = json.dumps(document).replace(f'"place": {document["place"]}', f'"place": {place}')
    forged = base64.urlsafe_b64encode(head.encode() + b"\n" + zlib.compress(b"")).decode()
    response = ask(client, text="a cat", all=True, limit=1, cursor=forged)
    assert (response.status_code, response.json["type"]) == (400, "urn:crossmodal:problem:invalid-request")


def test_deep_documents_are_refused(client):
    for depth in (900, 100_000):
        body = '{"text": ' + "[" * depth + "]" * depth + "}"
        assert client.post("/api/v1/search", data=body, content_type="application/json").status_code == 400


def test_a_whole_number_may_be_written_with_a_point(client):
    assert client.post("/api/v1/archive", data='{"items": [1.0]}', content_type="application/json").status_code == 200
    assert client.post("/api/v1/archive", data='{"items": [1.5]}', content_type="application/json").status_code == 400


@pytest.mark.parametrize("value", ["0000", "2024-W01-1", "20240531", "2024-13", "2024-05-31x", "٢٠٢٤"])
def test_dates_of_other_forms_are_refused(client, value):
    response = client.get("/api/v1/search", query_string={"q": "a", "after": value})
    assert (response.status_code, "must be a date such as 2024" in response.json["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("feedback", {"text": "a", "item": 1, "relevant": 0}),
        ("jobs", {"retry_failed": "yes"}),
        ("albums", {"name": 7}),
        ("archive", {"items": ["1"]}),
        ("searches", {"name": "a", "request": {"text": "a"}, "watched": 1}),
    ],
)
def test_values_of_another_type_are_refused(client, path, body):
    assert client.post(f"/api/v1/{path}", json=body).status_code == 400


def test_a_field_of_a_route_that_takes_none_is_refused(client):
    answer = client.get("/api/v1/sources?pth=/a")
    assert (answer.status_code, answer.json["detail"]) == (
        400,
        "Unknown field `pth`. This route takes no fields in its address.",
    )


def test_names_of_earlier_versions_are_accepted(client):
    for name in ("types", "type"):
        listed = client.get(f"/api/v1/items?{name}=image&limit=1000").json["items"]
        assert {one["type"] for one in listed} == {"image"}
    item = listed[0]["id"]
    assert client.get(f"/api/v1/archive?ids={item}").data.startswith(b"PK")
    assert client.post("/api/v1/archive", json={"ids": [item]}).data.startswith(b"PK")
    assert client.get("/api/v1/suggestions?q=c").json == client.get("/api/v1/suggestions?text=c").json
    assert client.get(f"/api/v1/items/{item}/passages?count=1").status_code == 200


def test_several_types_of_items_can_be_listed(client):
    listed = client.get("/api/v1/items?types=image&types=video&limit=1000").json["items"]
    assert {one["type"] for one in listed} == {"image", "video"}
