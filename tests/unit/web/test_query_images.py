"""Uploaded query images with ids, and feedback on results."""

import hashlib
import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import update

from search.records import Role
from search.storage import tables as t
from tests.support.accounts import add_person, make_headers
from tests.support.indexing import index
from tests.support.web_client import ask, get_item, make_client


def keep(client, body, headers=None):
    return client.post("/api/v1/query-images", data={"image": (io.BytesIO(body), "a.jpg")}, headers=headers)


def age(library, image_id, days):
    moment = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
    with library.catalog.database.write(bump_revision=False) as db:
        db.execute(update(t.query_image).where(t.query_image.c.id == image_id).values(used_at=moment))


def make_image(number):
    out = io.BytesIO()
    Image.effect_noise((64, 64), 10 + number).save(out, "PNG")
    return out.getvalue()


def test_a_stored_image_is_a_query_by_its_id(client, demo):
    body = (demo / "pets/chelsea.jpg").read_bytes()
    kept = keep(client, body)
    assert kept.status_code == 201
    parts = [{"query_image": kept.json["id"], "crop": [0.2, 0.1, 0.6, 0.7]}]
    by_id = ask(client, parts=parts, all=True, limit=5).json
    sent = {"request": '{"parts": [{"image": 0, "crop": [0.2, 0.1, 0.6, 0.7]}], "all": true, "limit": 5}'}
    by_file = client.post("/api/v1/search", data=sent | {"image": (io.BytesIO(body), "a.jpg")}).json
    assert by_id["query"]["images"] == by_file["query"]["images"] == 1
    assert [hit["item"]["id"] for hit in by_id["hits"]] == [hit["item"]["id"] for hit in by_file["hits"]]
    assert "chelsea.jpg" in "".join(hit["item"]["path"] for hit in by_id["hits"][:2])


def test_an_id_does_not_reveal_who_else_searched_by_the_same_image(fresh):
    ana = add_person(fresh, "Ana", Role.SEARCH)
    headers = make_headers(fresh, ana)
    mine, again = (keep(make_client(fresh), make_image(1), headers).json["id"] for _ in range(2))
    body = make_client(fresh).get(f"/api/v1/query-images/{mine}", headers=headers).data
    assert mine != again
    assert hashlib.sha256(body).hexdigest()[:32] not in (mine, again)


def test_a_stored_image_is_small_and_has_no_place_or_date(client):
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    Image.linear_gradient("L").resize((3000, 2000)).convert("RGB").save(out, "JPEG", exif=exif)
    sent = client.get(f"/api/v1/query-images/{keep(client, out.getvalue()).json['id']}")
    assert (sent.mimetype, sent.cache_control.immutable, sent.cache_control.private) == ("image/jpeg", True, True)
    with Image.open(io.BytesIO(sent.data)) as image:
        assert max(image.size) == 1024
        assert not image.getexif()
    assert b"SECRETCAMERA" not in sent.data


@pytest.mark.parametrize(
    ("data", "status", "message"),
    [
        ({}, 400, "part named `image`"),
        ({"image": (io.BytesIO(b""), "a.jpg")}, 422, "empty"),
        ({"image": (io.BytesIO(b"no picture"), "a.jpg")}, 422, "unrecognized image format"),
    ],
)
def test_only_images_are_stored(client, data, status, message):
    answer = client.post("/api/v1/query-images", data=data)
    assert (answer.status_code, message in answer.json["detail"]) == (status, True)


def test_an_image_that_is_not_stored_is_reported_as_missing(client):
    for answer in (ask(client, parts=[{"query_image": "0" * 32}]), client.get("/api/v1/query-images/nothing")):
        assert (answer.status_code, "does not exist" in answer.json["detail"]) == (404, True)
    assert ask(client, parts=[{"query_image": "../../etc"}]).status_code == 400
    assert ask(client, parts=[{"query_image": "0" * 32, "text": "a cat"}]).status_code == 400


def test_only_what_nobody_asks_with_any_more_is_dropped(fresh):
    client = make_client(fresh)
    old, saved, asked, new = (keep(client, make_image(number)).json["id"] for number in range(4))
    request = {"parts": [{"query_image": saved}]}
    client.post("/api/v1/searches", json={"name": "like this", "request": request, "address": f"/?picture={saved}"})
    for one in (old, saved, asked):
        age(fresh, one, 91)
    assert client.get(f"/api/v1/query-images/{asked}").status_code == 200  # used again, so its time starts again
    keep(client, make_image(4))
    there = [client.get(f"/api/v1/query-images/{one}").status_code for one in (old, saved, asked, new)]
    assert there == [404, 200, 200, 200]


def test_feedback_is_stored_until_it_is_withdrawn(client):
    cat = get_item(client, "chelsea.jpg")

    def say(relevant, text=" a cat "):
        return client.post("/api/v1/feedback", json={"text": text, "item": cat, "relevant": relevant})

    def read():
        output = client.get("/api/v1/feedback").json["feedback"]
        return [(one["text"], one["item"], one["relevant"]) for one in output if one["text"] == "a cat"]

    assert say(False).status_code == 204
    assert say(True).status_code == 204
    assert read() == [("a cat", cat, True)]
    assert say(None).status_code == 204
    assert say(None).status_code == 204
    assert read() == []


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"text": "a cat", "item": 10**9, "relevant": True}, 404, "no item 1000000000"),
        ({"text": "  ", "item": 1, "relevant": True}, 400, "text"),
        ({"text": "a cat", "item": 1}, 400, "relevant"),
        ({"text": "a cat", "item": 1, "relevant": "maybe"}, 400, "relevant"),
        ({"text": "a cat", "item": 0, "relevant": True}, 400, "item"),
    ],
)
def test_feedback_of_no_sense_is_refused_by_name(client, body, status, message):
    answer = client.post("/api/v1/feedback", json=body)
    assert (answer.status_code, message in answer.json["detail"]) == (status, True)


def test_forgetting_an_item_forgets_its_feedback(fresh, tmp_path):
    Image.effect_noise((64, 64), 30).save(tmp_path / "noise.png")
    index(fresh, tmp_path / "noise.png")
    client = make_client(fresh)
    noise = get_item(client, "noise.png")
    client.post("/api/v1/feedback", json={"text": "noise", "item": noise, "relevant": True})
    client.delete(f"/api/v1/items/{noise}")
    assert client.get("/api/v1/feedback").json["feedback"] == []
