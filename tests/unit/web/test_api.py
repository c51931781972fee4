"""REST: the contract, and what happens to requests that break it."""

import io
import json
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import web
from search.encoders.presets import ROLES
from search.records import ItemType, JobState, Retriever, SegmentKind, Sort, State
from tests.support.web_client import ask, get_item, make_client
from web.texts import LANGUAGES, read_texts

ASKED_TIERS = ({"all": True}, {"tier": "relevant"}, {"tier": "possible"})


@pytest.fixture(scope="module")
def client(library):
    return make_client(library)


def test_search_returns_the_document_of_the_contract(client):
    answer = ask(client, text="a cat", limit=1).json
    assert set(answer) == {
        "query",
        "took_ms",
        "nothing_relevant",
        "coverage",
        "total",
        "total_is_estimate",
        "possible",
        "possible_is_estimate",
        "next",
        "hits",
    }
    assert set(answer["coverage"]) == {"indexed", "pending", "failed", "outdated"}
    (hit,) = answer["hits"]
    assert set(hit) == {"rank", "score", "relevant", "stacked", "item", "evidence"}
    assert set(hit["item"]) == {
        "id",
        "type",
        "path",
        "source",
        "available",
        "title",
        "captured_at",
        "duration",
        "width",
        "height",
        "language",
        "camera",
        "artist",
        "album",
        "description",
        "latitude",
        "longitude",
        "orientation",
        "tags",
        "placeholder",
    }
    assert set(hit["evidence"][0]) == {
        "retriever",
        "segment",
        "kind",
        "score",
        "start",
        "end",
        "page",
        "offset",
        "snippet",
    }


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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_media_is_sent_whole_and_in_ranges(client, demo):
    item = get_item(client, "holiday.mp4")
    body = (demo / "films/holiday.mp4").read_bytes()
    whole = client.get(f"/api/v1/items/{item}/media")
    assert (whole.status_code, whole.data, whole.content_type) == (200, body, "video/mp4")
    part = client.get(f"/api/v1/items/{item}/media", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, body[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(body)}"
    beyond = client.get(f"/api/v1/items/{item}/media", headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416


def test_documents_cannot_act_as_pages_of_the_site(client):
    response = client.get(f"/api/v1/items/{get_item(client, 'lease.html')}/media")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_items_have_segments_a_transcript_and_a_thumbnail(client):
    item = get_item(client, "holiday.mp4")
    shown = client.get(f"/api/v1/items/{item}").json
    assert {one["kind"] for one in shown["segments"]} == {"frame", "speech", "name"}
    spoken = client.get(f"/api/v1/items/{item}/transcript").json
    assert "flower" in " ".join(one["text"] for one in spoken["segments"])
    assert all(one["end"] > one["start"] for one in spoken["segments"])
    thumbnail = client.get(f"/api/v1/items/{item}/thumbnail")
    assert thumbnail.content_type == "image/jpeg"
    assert client.get(f"/api/v1/items/{item}/similar").json["hits"]


def test_a_video_shows_the_requested_frame(client):
    item = get_item(client, "holiday.mp4")
    frames = [client.get(f"/api/v1/items/{item}/thumbnail?at={at}") for at in (0.5, 4, 8, 500)]
    assert [one.content_type for one in frames] == ["image/jpeg"] * 4
    assert len({one.data for one in frames[:3]}) == 3
    assert client.get(f"/api/v1/items/{item}/thumbnail?at=x").status_code == 400
    assert client.get(f"/api/v1/items/{item}/thumbnail?at=nan").status_code == 400
    assert client.get(f"/api/v1/items/{get_item(client, 'train.wav')}/thumbnail?at=1").status_code == 404


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


def test_the_page_and_its_files_come_with_a_strict_policy(client):
    page = client.get("/")
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    scripts = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    names = {address.split("/", 3)[3] for address in scripts}
    assert {"icon.svg", "shared/css/base.css", "search/results.css", "search/page.js", "shared/api.js"} < names
    assert not any(name.startswith("library/") for name in names)
    for address in scripts:
        sent = client.get(address)
        assert (sent.status_code, "immutable" in sent.headers["Cache-Control"]) == (200, True)
    old = client.get(re.sub("assets/[0-9a-f]+", "assets/0ld", scripts[-1]))
    assert (old.status_code, "immutable" in old.headers["Cache-Control"]) == (200, False)


def test_every_module_imported_by_the_pages_exists():
    folder = Path(web.__file__).parent / "static"
    scripts = list(folder.rglob("*.js"))
    assert len(scripts) > 20
    for script in scripts:
        for name in re.findall(r'from "(\.{1,2}/[\w./]+)"', script.read_text()):
            assert (script.parent / name).exists(), f"{script.name} imports {name}"


@pytest.mark.parametrize("address", ["/", "/library"])
def test_a_page_preloads_exactly_the_modules_it_imports(client, address):
    folder = Path(web.__file__).parent / "static"
    page = client.get(address).text
    entry = re.search(r'<script type="module" src="/assets/[0-9a-f]+/([^"]+)"', page)[1]
    preloaded = re.findall(r'rel="modulepreload" href="/assets/[0-9a-f]+/([^"]+)"', page)
    assert len(preloaded) == len(set(preloaded)) > 3
    imported = {
        (folder / name).parent.joinpath(other).resolve()
        for name in [entry, *preloaded]
        for other in re.findall(r'^(?:import\b|\}).* from "([^"]+)"', (folder / name).read_text(), re.MULTILINE)
    }
    assert {(folder / name).resolve() for name in preloaded} == imported


def test_the_wheel_has_every_static_file():
    package = Path(web.__file__).parent
    config = tomllib.loads((package.parent / "pyproject.toml").read_text())
    patterns = config["tool"]["setuptools"]["package-data"]["web"]
    packaged = {path for pattern in patterns for path in package.glob(pattern)}
    assert {path for path in (package / "static").rglob("*") if path.is_file()} <= packaged


def test_the_pages_have_the_same_texts_in_every_language():
    english, chinese = (read_texts(language) for language in LANGUAGES)
    assert {key.removesuffix(".one") for key in english if not key.endswith(".one")} == set(chinese)
    for key, text in chinese.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key])), key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("why", SegmentKind),
        ("status.outdated", (Retriever.VISUAL, Retriever.SEMANTIC)),
        ("type", (*ItemType, "other")),
        ("kind", ItemType),
        ("state", State),
        ("job", JobState),
        ("sort", Sort),
        ("retriever", ROLES),
    ],
)
def test_the_pages_have_a_text_for_every_value_of_the_server(language, key, names):
    assert {f"{key}.{name}" for name in names} <= set(read_texts(language))


def test_the_page_speaks_the_language_of_its_reader(client):
    assert '<html lang="zh">' in client.get("/", headers={"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.5"}).text
    assert '<html lang="en">' in client.get("/library", headers={"Accept-Language": "de"}).text


def test_forgetting_an_item_leaves_the_file(fresh, tmp_path):
    from tests.support.indexing import index

    (tmp_path / "m").mkdir()
    (tmp_path / "m/a.txt").write_text("a lonely lighthouse")
    index(fresh, tmp_path / "m")
    client = make_client(fresh)
    item = get_item(client, "a.txt")
    assert client.delete(f"/api/v1/items/{item}").status_code == 204
    assert client.delete(f"/api/v1/items/{item}").status_code == 404
    assert ask(client, text="lighthouse", all=True).json["hits"] == []
    assert (tmp_path / "m/a.txt").exists()


def test_a_file_deleted_from_disk_is_reported_as_gone(fresh, tmp_path):
    from tests.support.indexing import index

    (tmp_path / "m").mkdir()
    (tmp_path / "m/a.txt").write_text("a lonely lighthouse")
    index(fresh, tmp_path / "m")
    client = make_client(fresh)
    (tmp_path / "m/a.txt").unlink()
    response = client.get(f"/api/v1/items/{get_item(client, 'a.txt')}/media")
    assert response.status_code == 404
    assert "is missing" in response.json["detail"]


def test_a_mix_with_a_region_comes_in_one_request(client, demo):
    with (demo / "pets/chelsea.jpg").open("rb") as image:
        parts = [{"image": 0, "crop": [0.2, 0.1, 0.6, 0.7], "weight": 2}, {"text": "fur"}]
        body = {"request": json.dumps({"parts": parts, "types": ["image"]}), "image": (image, "x.jpg")}
        hits = client.post("/api/v1/search", data=body).json["hits"]
    assert hits[0]["item"]["path"].endswith("chelsea.jpg")


def test_a_passage_comes_with_its_neighbours(client):
    item = get_item(client, "bread.md")
    whole = client.get(f"/api/v1/items/{item}/passages").json["segments"]
    assert [one["kind"] for one in whole].count("passage") >= 1
    around = client.get(f"/api/v1/items/{item}/passages?around={whole[0]['id']}&count=0").json["segments"]
    assert [one["id"] for one in around] == [whole[0]["id"]]
    missing = client.get(f"/api/v1/items/{item}/passages?around=999999")
    assert missing.status_code == 404
