"""A request that is repeated with its key creates nothing again."""

import io
import threading

import pytest

from tests.support.web_client import make_client
from web import idempotency

KEY = {"Idempotency-Key": "k-1"}


@pytest.fixture
def client(fresh):
    return make_client(fresh)


def test_a_repeated_request_gets_the_first_response(client):
    first = client.post("/api/v1/jobs", json={}, headers=KEY)
    client.delete(first.headers["Location"])  # a queued job would be returned in place of an equal one
    again = client.post("/api/v1/jobs", json={}, headers=KEY)
    assert (again.status_code, again.json, again.headers["Location"]) == (202, first.json, first.headers["Location"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(client.get("/api/v1/jobs").json["jobs"]) == 1
    other = client.post("/api/v1/jobs", json={}, headers={"Idempotency-Key": "k-2"})
    assert other.json["id"] != first.json["id"]


def test_albums_and_searches_are_created_once(client):
    for path, body in (("albums", {"name": "Best"}), ("searches", {"name": "cats", "request": {"text": "a cat"}})):
        answers = [client.post(f"/api/v1/{path}", json=body, headers=KEY) for _ in range(2)]
        assert [one.status_code for one in answers] == [201, 201]
        assert answers[0].json == answers[1].json
        assert len(client.get(f"/api/v1/{path}").json[path]) == 1


def test_an_upload_is_repeated_without_a_second_job(client):
    def upload(body):
        files = {"file": (io.BytesIO(body), "a.txt")}
        return client.post("/api/v1/uploads", data=files, headers=KEY, content_type="multipart/form-data")

    first, again = upload(b"a lighthouse"), upload(b"a lighthouse")
    assert (first.status_code, first.json) == (202, again.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(client.get("/api/v1/jobs").json["jobs"]) == 1


def test_a_key_belongs_to_one_request(client):
    client.post("/api/v1/albums", json={"name": "Best"}, headers=KEY)
    other = client.post("/api/v1/albums", json={"name": "Worst"}, headers=KEY)
    assert (other.status_code, other.json["type"]) == (422, "urn:crossmodal:problem:key-reused")
    assert [one["name"] for one in client.get("/api/v1/albums").json["albums"]] == ["Best"]


def test_a_request_that_failed_can_be_repeated(client):
    assert client.post("/api/v1/albums", json={"name": ""}, headers=KEY).status_code == 400
    assert client.post("/api/v1/albums", json={"name": "Best"}, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 129, "é"])
def test_a_key_of_another_form_is_refused(client, key):
    assert client.post("/api/v1/albums", json={"name": "Best"}, headers={"Idempotency-Key": key}).status_code == 400


def test_a_request_that_is_being_processed_is_not_started_twice(client, fresh, monkeypatch):
    entered, leave = threading.Event(), threading.Event()
    add = type(fresh.jobs).add

    def wait(self, task):
        entered.set()
        assert leave.wait(30)
        return add(self, task)

    monkeypatch.setattr(type(fresh.jobs), "add", wait)
    answers = []
    app = client.application
    first = threading.Thread(
        target=lambda: answers.append(app.test_client().post("/api/v1/jobs", json={}, headers=KEY))
    )
    first.start()
    assert entered.wait(30)
    second = client.post("/api/v1/jobs", json={}, headers=KEY)
    leave.set()
    first.join(30)
    assert (second.status_code, second.json["type"]) == (409, "urn:crossmodal:problem:key-in-use")
    assert answers[0].status_code == 202


def test_only_the_last_responses_are_kept(client, monkeypatch):
    monkeypatch.setattr(idempotency, "MAX_RESPONSES", 1)
    for number in (1, 2):
        client.post("/api/v1/albums", json={"name": f"{number}"}, headers={"Idempotency-Key": f"k-{number}"})
    assert client.post("/api/v1/albums", json={"name": "3"}, headers=KEY).json["name"] == "3"
