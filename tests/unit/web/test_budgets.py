"""What a request may cost: texts, parts, images, recordings, filters, bodies, time and number."""

import io
import json
import os
import threading
import time
import wave

import numpy as np
import pytest
from PIL import Image

from search.deadline import check_deadline
from search.media.recording.tracks import StreamFacts
from search.records import MediaFacts
from search.settings import Settings
from tests.support.accounts import add_person, make_headers, sign_in
from tests.support.indexing import change_settings
from tests.support.web_client import ask, make_client
from web.body_limits import MAX_IGNORED_BODY, BodyLimits
from web.contract.limits import LIMITS
from web.contract.operation import FORM, JSON

LIGATURE = "\ufdfa"  # 18 letters in one sign


def make_png(width, height):
    out = io.BytesIO()
    Image.new("1", (width, height)).save(out, "PNG")
    return out.getvalue()


def make_wav(seconds):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.zeros(int(seconds * 16_000), "<i2").tobytes())
    return out.getvalue()


def send(client, **files):
    parts = {name: [(io.BytesIO(one), name) for one in bodies] for name, bodies in files.items()}
    return client.post("/api/v1/search", data=parts, content_type=FORM)


@pytest.mark.parametrize(
    ("body", "setting"),
    [
        ({"text": LIGATURE * 500}, "query_characters"),
        ({"text": "x" * 1_001, "not": ["y" * 1_000]}, "query_characters"),
        ({"text": "a dog", "not": ["x" * 10_000] * 20}, "query_characters"),
        ({"text": "a dog", "parts": [{"text": "x" * 1_999}]}, "query_characters"),
        ({"text": "a dog", "phrases": ["x" * 4_000]}, "query_characters"),
        ({"text": "".join(chr(0x4E00 + at) for at in range(600))}, "query_terms"),
        ({"text": " ".join(f"+a{at}" for at in range(40))}, "query_parts"),
        ({"text": "a dog " + " ".join(f"-a{at}" for at in range(40))}, "query_parts"),
        ({"text": "a dog", "tags": [str(at) for at in range(20)], "sources": ["/a"] * 101}, "filter_values"),
    ],
)
def test_queries_that_are_too_large_are_refused_with_the_setting(client, body, setting):
    response = ask(client, **body)
    assert response.status_code == 400
    assert f"`{setting}`" in response.json["detail"]


def test_a_search_that_is_too_large_is_not_saved(fresh):
    client = make_client(fresh)
    response = client.post("/api/v1/searches", json={"name": "a", "request": {"text": LIGATURE * 500}})
    assert (response.status_code, client.get("/api/v1/searches").json["searches"]) == (400, [])


@pytest.mark.parametrize(
    "body",
    [
        {"text": "x" * 20_001},
        {"not": ["x" * 200_000]},
        {"text": "a", "phrases": ["x" * 1_000_000]},
        {"like": list(range(1, 30))},
        {"text": "a", "cursor": "x" * 200_000},
    ],
)
def test_fields_that_are_too_large_are_refused_by_their_declaration(client, body):
    assert ask(client, **body).status_code == 400


def test_texts_up_to_the_limits_are_searched(client):
    assert ask(client, text="dog " * 500).status_code == 200
    assert ask(client, text="강아지가 눈밭에서 뛰어놀고 있다 " * 80).status_code == 200


def test_an_image_with_too_many_pixels_is_refused_before_it_is_decoded(library):
    client = make_client(library)
    response = send(client, image=[make_png(20_000, 10_000)])
    assert (response.status_code, response.json["type"]) == (422, "urn:crossmodal:problem:media-limit")
    assert "20000 x 10000 pixels are more than the limit of 100 megapixels" in response.json["detail"]
    kept = client.post("/api/v1/query-images", data={"image": (io.BytesIO(make_png(20_000, 10_000)), "a.png")})
    assert (kept.status_code, kept.json["type"]) == (422, "urn:crossmodal:problem:media-limit")


def test_more_images_than_allowed_are_refused(client):
    assert "`query_images`" in send(client, image=[make_png(8, 8)] * 11).json["detail"]
    assert "at most 20 images" in send(client, image=[make_png(8, 8)] * 100).json["detail"]


@pytest.fixture
def strict(library):
    """A client of a server that takes 5 seconds of speech."""
    return make_client(change_settings(library, voice_seconds=5))


def test_a_recording_that_is_too_long_is_refused_by_its_header(strict, monkeypatch):
    monkeypatch.setattr("search.media.on_demand.iterate_sound", None)
    response = send(strict, voice=[make_wav(11)])
    assert (response.status_code, response.json["type"]) == (422, "urn:crossmodal:problem:media-limit")
    assert "longer than the limit of 5 seconds" in response.json["detail"]


def test_a_recording_that_is_longer_than_its_header_says_is_refused_while_it_is_decoded(strict, monkeypatch):
    assert send(strict, voice=[make_wav(4.9)]).json["type"] == "urn:crossmodal:problem:no-speech"
    assert send(strict, voice=[make_wav(5.1)]).json["type"] == "urn:crossmodal:problem:media-limit"
    monkeypatch.setattr("search.media.on_demand.probe", lambda _body: StreamFacts(MediaFacts(duration=1.0), False))
    assert send(strict, voice=[make_wav(8)]).json["type"] == "urn:crossmodal:problem:media-limit"


@pytest.mark.parametrize(
    ("method", "path", "media_type", "limit"),
    [
        ("POST", "/api/v1/albums", JSON, 100),
        ("POST", "/api/v1/search", JSON, 100),
        ("POST", "/api/v1/search", f"{FORM}; boundary=x", 200),
        ("POST", "/api/v1/query-images", FORM, 200),
        ("POST", "/api/v1/uploads", FORM, 300),
        ("POST", "/api/v1/uploads", JSON, 100),
        ("POST", "/api/v1/albums", "", 100),
        ("POST", "/nothing", FORM, MAX_IGNORED_BODY),
        ("GET", "/api/v1/search", JSON, MAX_IGNORED_BODY),
        ("PUT", "/api/v1/uploads", FORM, MAX_IGNORED_BODY),
        ("DELETE", "/api/v1/albums/1", JSON, MAX_IGNORED_BODY),
    ],
)
def test_each_route_has_a_limit_for_its_body(library, method, path, media_type, limit):
    settings = {"json_limit": 100, "upload_limit": 200, "file_limit": 300}
    app = make_client(library, **settings).application
    assert BodyLimits(app, Settings(**settings)).find(method, path, media_type) == limit


def test_a_body_of_unknown_size_is_counted_while_it_is_read(library):
    client = make_client(library, json_limit=100, file_limit=1000)
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"a" * 2000
    for path, media_type in (("albums", JSON), ("uploads", f"{FORM}; boundary=x")):
        response = client.post(
            f"/api/v1/{path}",
            input_stream=io.BytesIO(body),
            content_type=media_type,
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert (response.status_code, response.json["type"]) == (413, "urn:crossmodal:problem:too-large")
    assert not list(library.home.uploads.glob(".*"))


def test_a_search_that_is_past_its_deadline_is_stopped(library, monkeypatch):
    def encode_slowly(texts):
        time.sleep(1.1)
        return type(library.models.text_encoder).encode_queries(library.models.text_encoder, texts)

    monkeypatch.setattr(library.models.text_encoder, "encode_queries", encode_slowly, raising=False)
    client = make_client(library, deadline=1)
    response = ask(client, text="something that was not asked before")
    assert (response.status_code, response.json["type"]) == (503, "urn:crossmodal:problem:deadline")
    check_deadline()  # it ends with its request


def test_queries_beyond_the_queue_are_refused(library):
    client, entered, free = make_client(library), threading.Event(), threading.Event()

    def hold():
        with library.encoding.enter():
            entered.set()
            free.wait(10)

    threads = [threading.Thread(target=hold) for _ in range(library.encoding._limit)]
    for thread in threads:
        thread.start()
    while library.encoding._admitted < len(threads):
        time.sleep(0.001)
    response = ask(client, text="another text that was not asked before")
    free.set()
    for thread in threads:
        thread.join()
    assert (response.status_code, response.json["type"]) == (503, "urn:crossmodal:problem:busy")


def test_requests_beyond_the_rate_of_an_account_are_refused(fresh):
    headers = make_headers(fresh, add_person(fresh, "ann"))
    client = make_client(fresh, rate_limit="3 per minute")
    responses = [client.get("/api/v1/albums", headers=headers) for _ in range(4)]
    assert [one.status_code for one in responses] == [200, 200, 200, 429]
    assert [one.headers["X-RateLimit-Remaining"] for one in responses] == ["2", "1", "0", "0"]
    assert ["Retry-After" in one.headers for one in responses] == [False, False, False, True]
    assert responses[3].json["type"] == "urn:crossmodal:problem:rate-limit"
    assert 0 < int(responses[3].headers["Retry-After"]) <= 61
    assert client.get("/api/v1/jobs", headers=headers).status_code == 429  # all routes count together
    assert client.get("/healthz").status_code == 200


def test_each_key_account_and_address_has_a_separate_rate(fresh):
    first, second = add_person(fresh, "ann"), add_person(fresh, "ben")
    callers = [make_headers(fresh, one) for one in (first, first, second)]
    client = make_client(fresh, rate_limit="2 per minute")
    sign_in(client, "ann")  # counts for the address
    for expected in (200, 200, 429):
        for headers in callers:
            assert client.get("/api/v1/albums", headers=headers).status_code == expected
        assert client.get("/api/v1/albums").status_code == expected
    body = {"name": "ann", "password": "wrong"}
    other = client.application.test_client()
    assert [other.post("/api/v1/session", json=body).status_code for _ in range(2)] == [401, 429]


def test_the_person_at_a_server_without_accounts_is_not_limited(library):
    client = make_client(library, rate_limit="1 per minute")
    assert all(client.get("/api/v1/albums").status_code == 200 for _ in range(5))


def test_without_the_setting_there_is_no_rate_limit(fresh):
    headers = make_headers(fresh, add_person(fresh, "ann"))
    response = make_client(fresh, rate_limit="off").get("/api/v1/albums", headers=headers)
    assert "X-RateLimit-Limit" not in response.headers


def test_the_limits_are_in_the_openapi_document(library):
    settings = {"query_characters": 321, "query_images": 2, "voice_seconds": 7, "query_pixels": 99, "json_limit": 55}
    document = make_client(library, **settings, filter_values=9).get("/openapi.json").json
    schemas = document["components"]["schemas"]
    search, form = schemas["SearchRequest"]["properties"], schemas["SearchForm"]["properties"]
    assert search["text"]["anyOf"][0]["maxLength"] == search["not"]["items"]["maxLength"] == 321
    assert (search["sources"]["maxItems"], search["tags"]["maxItems"]) == (9, 9)
    assert (form["image"]["maxItems"], form["image"]["x-max-pixels"], form["voice"]["x-max-seconds"]) == (2, 99, 7)
    bodies = document["paths"]["/api/v1/search"]["post"]["requestBody"]["content"]
    assert (bodies[JSON]["x-max-bytes"], bodies[FORM]["x-max-bytes"]) == (55, 2**26)
    assert set(document["x-limits"]) == set(LIMITS)
    assert document["x-limits"]["voice_seconds"]["value"] == 7
    assert {"429", "503"} <= document["paths"]["/api/v1/search"]["post"]["responses"].keys()
    assert "Retry-After" in document["paths"]["/api/v1/albums"]["get"]["responses"]["429"]["headers"]
    assert json.dumps(document)


def test_an_upload_is_written_to_the_disk_once(fresh, monkeypatch):
    sizes = []
    folder = fresh.home.uploads
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", None)  # the files of a form would be in there
    link = os.link

    def measure(source, target):
        sizes.append(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))
        link(source, target)

    monkeypatch.setattr("web.api.uploads.os.link", measure)
    body = bytes(400_000)
    client = make_client(fresh)
    response = client.post("/api/v1/uploads", data={"file": (io.BytesIO(body), "a.bin")}, content_type=FORM)
    assert response.status_code == 202
    assert sizes == [len(body)]
    assert [path.name for path in folder.iterdir()] == ["a.bin"]
    assert (folder / "a.bin").stat().st_mode & 0o777 == 0o600
