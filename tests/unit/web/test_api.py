"""REST: the contract, and what happens to requests that break it."""

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.web_client import ask, get_item

ASKED_TIERS = ({"all": True}, {"tier": "relevant"}, {"tier": "possible"})


ANSWER = """
    query took_ms nothing_relevant coverage total total_is_estimate possible possible_is_estimate next hits
"""
ITEM = """
    id type path source state reason size mtime_ns belongs_to available modified_at title captured_at
    is_date_guessed date_precision duration width height language camera artist album description latitude longitude
    orientation rating tags placeholder machine_tags machine_description places has_pages
"""
EVIDENCE = "retriever segment kind score start end page offset snippet"


def test_search_returns_the_document_of_the_contract(client):
    answer = ask(client, text="a cat", limit=1).json
    assert set(answer) == set(ANSWER.split())
    assert set(answer["coverage"]) == {"indexed", "pending", "failed", "outdated", "pending_by_type"}
    (hit,) = answer["hits"]
    assert set(hit) == {"rank", "score", "relevant", "stacked", "date_guessed", "item", "evidence"}
    assert set(hit["item"]) == set(ITEM.split())
    assert set(hit["evidence"][0]) == set(EVIDENCE.split())


def test_a_tier_is_requested_by_its_name(client):
    whole, relevant, possible = (ask(client, text="a cat", limit=100, **one).json for one in ASKED_TIERS)
    assert relevant["hits"] == client.get("/api/v1/search?q=a+cat&limit=100").json["hits"]
    assert all(hit["relevant"] for hit in relevant["hits"])
    assert len(possible["hits"]) == possible["possible"] == relevant["possible"]
    assert not any(hit["relevant"] for hit in possible["hits"])
    both = [hit["item"]["id"] for hit in relevant["hits"] + possible["hits"]]
    assert [hit["item"]["id"] for hit in whole["hits"]][: len(both)] == both
    assert client.get("/api/v1/search?q=a+cat&tier=possible&limit=100").json["hits"] == possible["hits"]
    refused = ask(client, text="a cat", tier="likely")
    assert refused.status_code == 400
    assert "tier" in refused.json["detail"]


def test_stop_words_are_reported(client):
    assert ask(client, text="the train at night").json["query"]["ignored"] == ["the", "at"]
    assert ask(client, text="the").json["query"]["ignored"] == []


def test_a_typing_error_is_corrected_unless_that_is_unwanted(client):
    corrected = ask(client, text="a cup of cofee").json
    assert (corrected["query"]["text"], corrected["query"]["corrected"]) == ("a cup of cofee", "a cup of coffee")
    assert corrected["hits"] == ask(client, text="a cup of coffee").json["hits"]
    assert ask(client, text="a cup of cofee", correct=False).json["query"]["corrected"] is None
    assert client.get("/api/v1/search?q=cofee&correct=false").json["query"]["corrected"] is None


ODD_TEXTS = [
    *("»Straße am Meer«", "„słowo kluczowe”", "„szó”", "”hej”", "『海』", '12" vinyl', 'dog "', 'foo"bar', "“" * 9),
    *("Breeder's and Exhibitor's", "multi-agent", "C++", "NEAR(a b)", "a*", "title:x", "😀", "٢٠٢٤", "海", '"!!!"'),
    *("a" * 2_000, "dog " * 500, "\u200d", "%_\\", "OR", "^", "-", "+", "a AND NOT (b", "\x00"),
]


@pytest.mark.parametrize("text", ODD_TEXTS, ids=[ascii(text)[:20] for text in ODD_TEXTS])
def test_any_text_is_answered(client, text):
    assert ask(client, text=text).status_code == 200


def test_half_a_character_is_not_an_internal_error(client):
    answer = client.post("/api/v1/search", data='{"text": "\\ud800 dog"}', content_type="application/json")
    assert answer.status_code == 400
    assert "text" in answer.json["detail"]


def test_a_quotation_mark_that_is_not_closed_is_reported(client):
    assert ask(client, text='a "cat').json["query"]["open_quote"] == '"cat'
    assert ask(client, text='a "cat"').json["query"]["open_quote"] is None


def test_an_item_is_like_others_but_not_itself(client):
    item = get_item(client, "chelsea.jpg")
    near = client.get(f"/api/v1/items/{item}/similar").json["hits"]
    assert near
    assert item not in {hit["item"]["id"] for hit in near}


def test_get_and_post_and_form_agree(client):
    hits = [
        response.json["hits"]
        for response in (
            ask(client, text="coffee", types=["image"]),
            client.get("/api/v1/search?q=coffee&types=image"),
            client.post(
                "/api/v1/search",
                data={"text": "coffee", "types": "image"},
                content_type="multipart/form-data",
            ),
            client.post(
                "/api/v1/search",
                data={"request": json.dumps({"text": "coffee", "types": ["image"]})},
                content_type="multipart/form-data",
            ),
        )
    ]
    assert hits[0]
    assert all(one == hits[0] for one in hits)


def test_images_and_voice_are_sent_as_parts(client, demo):
    image = (demo / "pets/chelsea.jpg").open("rb")
    voice = (demo / "notes/train.wav").open("rb")
    found = client.post("/api/v1/search", data={"image": (image, "x.jpg"), "limit": "2"}).json
    assert any(hit["item"]["path"].endswith("chelsea.jpg") for hit in found["hits"])
    answer = client.post("/api/v1/search", data={"voice": (voice, "x.wav")}).json
    assert "train" in answer["query"]["voice_text"]
    assert answer["hits"][0]["item"]["path"].endswith("train.wav")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "The query is empty"),
        ({"text": "a", "color": "red"}, 400, "color"),
        ({"text": 5}, 400, "text"),
        ({"text": "a", "limit": 0}, 400, "limit"),
        ({"text": "a", "types": ["song"]}, 400, "types.0"),
        ({"text": "a", "after": "soon"}, 400, "after"),
        ({"like": [10**6]}, 404, "no item 1000000"),
        ({"text": "a", "cursor": "zzz"}, 400, "cursor"),
        ({"text": "typ:image a"}, 400, "did you mean type"),
        ({"parts": [{"text": "a", "weight": 99}]}, 400, "parts.0.weight"),
        ({"parts": [{"image": 0}]}, 400, "no uploaded image 0"),
        ({"parts": [{"text": "a", "item": 1}]}, 400, "one of text, image, query_image or item"),
        ({"parts": [{"item": 1, "crop": [0, 0, 2, 1]}]}, 400, "crop"),
        ({"text": "a", "diversity": 2}, 400, "diversity"),
    ],
)
def test_wrong_fields_are_named_in_a_problem_document(client, body, status, message):
    response = ask(client, **body)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert message in response.json["detail"]
    assert response.json["status"] == status


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"a=b", "application/x-www-form-urlencoded", 400),
        (b"", "text/plain", 400),
    ],
)
def test_bodies_of_no_sense_are_problems(client, data, kind, status):
    response = client.post("/api/v1/search", data=data, content_type=kind)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")


@pytest.mark.parametrize("part", ["image", "voice"])
@pytest.mark.parametrize("body", [b"", b"not media", bytes(range(256)) * 8])
def test_files_that_cannot_be_read_are_unprocessable(client, part, body):
    response = client.post("/api/v1/search", data={part: (io.BytesIO(body), "x")})
    assert (response.status_code, response.content_type) == (422, "application/problem+json")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["text", "not", "like", "types", "limit", "cursor", "all", "after", "weights", "path", "x"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.text(max_size=5)),
        max_size=4,
    )
)
def test_no_body_makes_the_server_fail(client, body):
    response = client.post("/api/v1/search", data=json.dumps(body), content_type="application/json")
    assert response.status_code in {200, 400, 404}


@pytest.mark.parametrize("path", ["items/999999", "items/999999/media", "items/999999/thumbnail", "nothing"])
def test_a_missing_resource_is_a_problem(client, path):
    response = client.get(f"/api/v1/{path}")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")


def test_the_ledger_is_paged(client):
    seen, cursor = [], 0
    while cursor is not None:
        page = client.get(f"/api/v1/items?limit=7&cursor={cursor}&state=indexed").json
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 22
    assert client.get("/api/v1/items?state=odd").status_code == 400
    assert client.get("/api/v1/items?limit=x").status_code == 400


def test_only_known_hosts_are_answered(client):
    assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/healthz", headers={"Host": "127.0.0.1:8000"}).json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}
    assert client.get("/api/v1/status").json["items"]["image"] == {"indexed": 12}


def test_a_mix_with_a_region_comes_in_one_request(client, demo):
    with (demo / "pets/chelsea.jpg").open("rb") as image:
        parts = [{"image": 0, "crop": [0.2, 0.1, 0.6, 0.7], "weight": 2}, {"text": "fur"}]
        body = {"request": json.dumps({"parts": parts, "types": ["image"]}), "image": (image, "x.jpg")}
        hits = client.post("/api/v1/search", data=body).json["hits"]
    assert hits[0]["item"]["path"].endswith("chelsea.jpg")
