"""Searches over REST with the bundled models; tests/unit/web tests the rest of the API, with fake models."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.support.indexing import index
from tests.support.web_client import ask, get_item, make_client
from tests.support.webhooks import Notifier


@pytest.fixture(scope="module")
def client(library):
    return make_client(library)


def test_images_and_voice_are_sent_as_parts(client, demo):
    image = (demo / "pets/chelsea.jpg").open("rb")
    voice = (demo / "notes/train.wav").open("rb")
    found = client.post("/api/v1/search", data={"image": (image, "x.jpg"), "limit": "2"}).json
    assert any(hit["item"]["path"].endswith("chelsea.jpg") for hit in found["hits"])
    answer = client.post("/api/v1/search", data={"voice": (voice, "x.wav")}).json
    assert "train" in answer["query"]["voice_text"]
    assert answer["hits"][0]["item"]["path"].endswith("train.wav")


def test_a_mix_with_a_region_comes_in_one_request(client, demo):
    with (demo / "pets/chelsea.jpg").open("rb") as image:
        parts = [{"image": 0, "crop": [0.2, 0.1, 0.6, 0.7], "weight": 2}, {"text": "fur"}]
        body = {"request": json.dumps({"parts": parts, "types": ["image"]}), "image": (image, "x.jpg")}
        hits = client.post("/api/v1/search", data=body).json["hits"]
    assert hits[0]["item"]["path"].endswith("chelsea.jpg")


def test_a_typing_error_is_corrected(client):
    corrected = ask(client, text="a cup of cofee").json
    assert corrected["query"]["corrected"] == "a cup of coffee"
    assert corrected["hits"] == ask(client, text="a cup of coffee").json["hits"]


def test_an_item_is_like_others_but_not_itself(client):
    item = get_item(client, "chelsea.jpg")
    near = client.get(f"/api/v1/items/{item}/similar").json["hits"]
    assert near
    assert item not in {hit["item"]["id"] for hit in near}


def test_a_film_has_frames_and_a_transcript_with_the_time_of_each_word(client):
    item = get_item(client, "holiday.mp4")
    shown = client.get(f"/api/v1/items/{item}").json
    assert {one["kind"] for one in shown["segments"]} == {"frame", "speech", "name"}
    segments = client.get(f"/api/v1/items/{item}/transcript").json["segments"]
    assert "flower" in " ".join(one["text"] for one in segments)
    first = segments[0]
    assert " ".join(word[2] for word in first["words"]) == first["text"]
    assert all(first["start"] - 0.01 <= start <= end <= first["end"] + 0.01 for start, end, _ in first["words"])


def test_heat_is_where_the_thing_is(fresh, demo, tmp_path):
    (tmp_path / "media").mkdir()
    ground = Image.new("RGB", (900, 600), (120, 150, 120))
    with Image.open(next(demo.rglob("chelsea.jpg"))) as cat:
        ground.paste(cat.convert("RGB").resize((300, 200)), (580, 380))
    ground.save(tmp_path / "media" / "corner.jpg")
    index(fresh, tmp_path / "media")
    heat = np.array(make_client(fresh).get("/api/v1/items/1/heatmap?q=a+cat").json["heatmap"])
    assert heat.shape == (6, 6)
    assert heat[4:, 4:].mean() > heat[:3, :3].mean() + 0.3


def test_every_moment_of_one_item_is_found(client):
    film = get_item(client, "holiday.mp4")
    moments = client.get(f"/api/v1/items/{film}/moments?text=a+flower").json["moments"]
    spoken = client.get(f"/api/v1/items/{film}/transcript").json["segments"]
    spoken_starts = [one["start"] for one in spoken if "flower" in one["text"]]
    assert set(spoken_starts) <= {one["start"] for one in moments if one["kind"] == "speech"}
    frames = [one["start"] for one in moments if one["kind"] == "frame"]
    assert frames == sorted(frames)
    assert min(frames) > 3  # the flower is shown in the last third


def test_a_watched_search_lists_what_is_new_and_matches(fresh, demo, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    (media / "wall.jpg").write_bytes(next(demo.rglob("wall.jpg")).read_bytes())
    index(fresh, media)
    client = make_client(fresh)
    body = {"name": "cats", "request": {"text": "a cat"}, "address": "/?q=a+cat", "watched": True}
    saved = client.post("/api/v1/searches", json=body).json
    Notifier(fresh).poll()
    (media / "chelsea.jpg").write_bytes(next(demo.rglob("chelsea.jpg")).read_bytes())
    Image.effect_noise((300, 200), 60).save(media / "noise.png")
    index(fresh, media)
    Notifier(fresh).poll()
    found = client.get(f"/api/v1/searches/{saved['id']}/matches").json["items"]
    assert [item["path"].rsplit("/", 1)[-1] for item in found] == ["chelsea.jpg"]


def test_a_saved_search_by_an_image_reports_new_matches(fresh, tmp_path, demo):
    media = tmp_path / "media"
    media.mkdir()
    (media / "wall.jpg").write_bytes(next(demo.rglob("wall.jpg")).read_bytes())
    index(fresh, media)
    client = make_client(fresh)
    cat = next(demo.rglob("chelsea.jpg")).read_bytes()
    kept = client.post("/api/v1/query-images", data={"image": (io.BytesIO(cat), "a.jpg")}).json["id"]
    request = {"parts": [{"query_image": kept}]}
    client.post("/api/v1/searches", json={"name": "this cat", "request": request, "address": "/", "watched": True})
    Notifier(fresh).poll()
    (media / "found.jpg").write_bytes(cat)
    index(fresh, media)
    Notifier(fresh).poll()
    assert client.get("/api/v1/searches").json["searches"][0]["new_matches"] == 1
