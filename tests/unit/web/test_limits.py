"""Ids, numbers and texts that are too large or not valid are refused or not found; none is an internal error."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.indexing import index
from tests.support.properties import few_examples
from tests.support.web_client import make_client

BIG, DIGITS = 2**63, "9" * 5000
LONG = "x" * 60_000
SURROGATE = "\\ud800"


def post(client, path, body):
    return client.post(path, data=body, content_type="application/json")


@pytest.mark.parametrize("number", [BIG, DIGITS, 2**64, 10**30])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "jobs/{}"),
        ("DELETE", "jobs/{}"),
        ("GET", "jobs/{}/events"),
        ("POST", "jobs/{}/retry"),
        ("DELETE", "sources/{}"),
        ("DELETE", "albums/{}"),
        ("DELETE", "searches/{}"),
        ("GET", "searches/{}/matches"),
        ("POST", "searches/{}/seen"),
        ("GET", "items/{}"),
        ("DELETE", "items/{}"),
        ("GET", "items/{}/media"),
        ("GET", "items/{}/similar"),
        ("GET", "items/{}/transcript"),
        ("GET", "items/{}/loudness"),
    ],
)
def test_an_id_that_is_too_large_is_not_found(client, method, path, number):
    response = client.open(f"/api/v1/{path.format(number)}", method=method, json={} if method == "POST" else None)
    assert response.status_code in {404, 405}
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("name", ["points", "at", "size", "around", "count"])
@pytest.mark.parametrize("value", [DIGITS, "nan", "1e400", "-1", "٣", "\0"])
def test_numbers_in_addresses(client, name, value):
    path = {"points": "loudness", "at": "thumbnail", "size": "thumbnail", "around": "passages", "count": "passages"}
    assert client.get(f"/api/v1/items/1/{path[name]}", query_string={name: value}).status_code < 500


@pytest.mark.parametrize("name", ["camera", "artist", "album", "path", "after", "before"])
@pytest.mark.parametrize("value", [LONG, "%_" * 30_000, DIGITS])
def test_filters_that_are_too_long_are_refused(client, name, value):
    response = post(client, "/api/v1/search", json.dumps({name: value}))
    assert response.status_code == 400
    assert response.json["detail"].startswith(name)


@pytest.mark.parametrize("name", ["camera", "artist", "album", "path", "text"])
def test_a_text_with_half_of_a_surrogate_pair_is_refused(client, name):
    response = post(client, "/api/v1/search", f'{{"{name}": "{SURROGATE}"}}')
    assert (response.status_code, "surrogate" in response.json["detail"]) == (400, True)


@pytest.mark.parametrize("name", ["sources", "languages", "tags", "phrases", "types", "albums"])
def test_too_many_values_are_refused(client, name):
    assert post(client, "/api/v1/search", json.dumps({name: ["x"] * 260_000})).status_code == 400


def test_a_nul_in_a_path_is_refused(client):
    assert client.get("/api/v1/items?path=%00").status_code == 400
    assert client.get("/api/v1/items", query_string={"path": LONG}).status_code == 400


@pytest.mark.parametrize("name", ["longer", "shorter"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "1e999"])
def test_durations_are_finite(client, name, value):
    assert post(client, "/api/v1/search", f'{{"{name}": {value}}}').status_code == 400


@pytest.mark.parametrize("head", ["Infinity", "NaN", "{}", "[1]", '{"place": Infinity, "query": "a", "results": "b"}'])
def test_forged_cursors_are_refused(client, head):
    cursor = base64.urlsafe_b64encode(head.encode() + b"\n").decode()
    assert client.get("/api/v1/search", query_string={"q": "a cat", "cursor": cursor}).status_code == 400


@pytest.mark.parametrize("path", ["/" + "x" * 300, "/a" * 2040, "/x\0", "/proc/1/root/x", "relative"])
def test_sources_that_cannot_be_accessed_are_refused(client, path):
    assert post(client, "/api/v1/sources", json.dumps({"path": path})).status_code == 400


@pytest.mark.parametrize(
    "webhook",
    ["http://[::1", "http://a b/", "http://x:99999/", "http://x:ab/", "http://x:0/", "http://x/\r\nA: b", "http://../"],
)
def test_webhooks_that_are_not_valid_are_refused(client, webhook):
    body = {"name": "n", "request": {"text": "a"}, "watched": True, "webhook": webhook}
    response = post(client, "/api/v1/searches", json.dumps(body))
    assert response.status_code == 400
    assert response.json["detail"].startswith("webhook: ")


@pytest.mark.parametrize(
    "body", [f'{{"paths": ["/{SURROGATE}"]}}', f'{{"{SURROGATE}": 1}}', f'{{"model": "{SURROGATE}"}}']
)
def test_a_job_that_cannot_be_shown_is_not_stored(client, body):
    assert post(client, "/api/v1/jobs", body).status_code == 400
    assert client.get("/api/v1/jobs").status_code == 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@few_examples(40)
@given(
    st.sampled_from(["jobs", "sources", "searches", "albums", "albums/1/items", "feedback", "archive", "search"]),
    st.dictionaries(
        st.sampled_from(
            [
                "paths",
                "path",
                "name",
                "request",
                "webhook",
                "add",
                "remove",
                "text",
                "item",
                "items",
                "relevant",
                "model",
            ]
        ),
        json_values,
        max_size=4,
    ),
)
def test_no_body_is_an_internal_error(fresh, route, body):
    response = post(make_client(fresh), f"/api/v1/{route}", json.dumps(body))
    assert response.status_code < 500, response.data
    assert make_client(fresh).get("/api/v1/jobs").status_code == 200


@pytest.mark.parametrize("is_named", [True, False])
def test_a_disk_that_fails_while_a_file_is_sent_is_no_internal_error(fresh, tmp_path, monkeypatch, is_named):
    (tmp_path / "a.txt").write_text("a letter")
    index(fresh, tmp_path / "a.txt")

    def fail(*_args, **_options):
        raise OSError(5, "Input/output error", *named)

    named = [str(tmp_path / "a.txt")] if is_named else []
    monkeypatch.setattr("web.ranges.send_file", fail)
    response = make_client(fresh).get("/api/v1/items/1/media")
    assert (response.status_code, response.json["type"]) == (404, "urn:crossmodal:problem:not-found")
    name = str(tmp_path / "a.txt") if is_named else "A file of /api/v1/items/1/media"
    reason = "cannot be read: Input/output error. Check that its disk is there, then try again."
    assert response.json["detail"] == f"{name} {reason}"
