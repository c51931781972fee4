"""What the page shows besides results: facets, orders, heatmaps, loudness, subtitles, previews, archives."""

import contextlib
import io
import os
import signal
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from search.media.processes import SandboxedMedia
from search.records import LocationPrecision
from tests.support.inline_media import InlineMedia
from tests.support.web_client import ask, get_item, make_client
from web.api.archive import _make_unique_name


def names(answer):
    return [hit["item"]["path"].rsplit("/", 1)[-1] for hit in answer["hits"]]


def test_facets_count_all_items(client):
    facets = client.get("/api/v1/facets").json
    counts = {one["value"]: one["count"] for one in facets["types"]}
    assert (counts["image"], counts["video"]) == (12, 1)
    assert sum(one["count"] for one in facets["months"]) == sum(counts.values())
    assert facets["languages"][0]["value"] == "en"
    assert sum(one["count"] for one in facets["durations"]) == counts["audio"] + counts["video"]


def test_facets_follow_filters_in_either_form(client):
    for address in ("types=image", "q=type:image", "text=type:image"):
        facets = client.get(f"/api/v1/facets?{address}").json
        assert sum(one["count"] for one in facets["sources"]) == 12
        assert len(facets["types"]) == 4  # without their own filter
    assert client.get("/api/v1/facets?after=never").status_code == 400


@pytest.mark.parametrize(("sort", "reverse"), [("longest", True), ("shortest", False)])
def test_results_are_sorted_by_duration(client, sort, reverse):
    hits = ask(client, text="type:audio,video", sort=sort).json["hits"]
    lengths = [hit["item"]["duration"] for hit in hits]
    assert lengths == sorted(lengths, reverse=reverse)


def test_results_are_sorted_by_date_and_stay_the_same(client):
    best = ask(client, text="a flower").json
    newest, oldest = (ask(client, text="a flower", sort=sort).json for sort in ("newest", "oldest"))
    assert sorted(names(best)) == sorted(names(newest))
    assert names(newest) == names(oldest)[::-1] or len(set(names(newest))) == len(names(newest))
    assert ask(client, text="a flower", sort="loudest").status_code == 400


def test_heat_is_where_the_thing_is(client, fresh, demo, tmp_path):
    from tests.support.indexing import index

    (tmp_path / "media").mkdir()
    ground = Image.new("RGB", (900, 600), (120, 150, 120))
    with Image.open(next(demo.rglob("chelsea.jpg"))) as cat:
        ground.paste(cat.convert("RGB").resize((300, 200)), (580, 380))
    ground.save(tmp_path / "media" / "corner.jpg")
    index(fresh, tmp_path / "media")
    heat = np.array(make_client(fresh).get("/api/v1/items/1/heatmap?q=a+cat").json["heatmap"])
    assert heat.shape == (6, 6)
    assert heat[4:, 4:].mean() > heat[:3, :3].mean() + 0.3
    assert client.get(f"/api/v1/items/{get_item(client, 'holiday.mp4')}/heatmap?q=a+cat").status_code == 404
    assert client.get("/api/v1/items/1/heatmap").status_code in {400, 404}


def test_every_moment_of_one_item_is_found(client):
    film = get_item(client, "holiday.mp4")
    moments = client.get(f"/api/v1/items/{film}/moments?text=a+flower").json["moments"]
    spoken = client.get(f"/api/v1/items/{film}/transcript").json["segments"]
    output = [one["start"] for one in spoken if "flower" in one["text"]]
    assert set(output) <= {one["start"] for one in moments if one["kind"] == "speech"}
    frames = [one["start"] for one in moments if one["kind"] == "frame"]
    assert frames == sorted(frames)
    assert min(frames) > 3  # the flower is shown in the last third
    nothing = client.get(f"/api/v1/items/{film}/moments?text=xqzzt+vrunk").json["moments"]
    assert nothing == []
    assert client.get(f"/api/v1/items/{film}/moments").status_code == 200
    assert client.get("/api/v1/items/999999/moments?text=x").status_code == 404


def test_loudness_follows_the_sound(client):
    item = get_item(client, "holiday.mp4")
    peaks = client.get(f"/api/v1/items/{item}/loudness?points=50").json["peaks"]
    assert len(peaks) == 50
    assert max(peaks) > 0.05
    assert min(peaks) < max(peaks) / 4
    assert client.get(f"/api/v1/items/{item}/loudness?points=50").json["peaks"] == peaks
    assert client.get(f"/api/v1/items/{item}/loudness?points=x").status_code == 400
    assert client.get(f"/api/v1/items/{get_item(client, 'chelsea.jpg')}/loudness").status_code == 404


def crash(_path, _points):
    assert sys.argv[0] == "-c"  # the process of a sandbox, and not that of the tests
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_recording_that_crashes_a_decoder_does_not_stop_the_server(client, monkeypatch):
    address = f"/api/v1/items/{get_item(client, 'holiday.mp4')}/loudness?points=41"
    media = SandboxedMedia(1, 1, 2048)
    with contextlib.closing(media), monkeypatch.context() as patch:
        patch.setattr(InlineMedia, "call", media.call)
        patch.setattr("web.api.visualizations.measure_loudness", crash)
        answer = client.get(address)
    assert (answer.status_code, "SIGKILL" in answer.json["detail"]) == (422, True)
    assert len(client.get(address).json["peaks"]) == 41


def test_speech_comes_as_subtitles_and_with_the_time_of_each_word(client):
    item = get_item(client, "holiday.mp4")
    address = f"/api/v1/items/{item}/transcript"
    segments = client.get(address).json["segments"]
    first = segments[0]
    assert " ".join(word[2] for word in first["words"]) == first["text"]
    assert all(first["start"] - 0.01 <= start <= end <= first["end"] + 0.01 for start, end, _ in first["words"])
    vtt = client.get(address, headers={"Accept": "text/vtt"})
    assert vtt.content_type.startswith("text/vtt")
    assert vtt.text.startswith("WEBVTT\n\n1\n00:00:0")
    srt = client.get(address, headers={"Accept": "application/x-subrip"}).text
    assert srt.count("-->") == len(segments)
    assert srt.split("\n")[1].count(",") == 2


def test_a_preview_is_a_jpeg_for_any_image_format(client):
    answer = client.get(f"/api/v1/items/{get_item(client, 'chelsea.jpg')}/preview")
    with Image.open(io.BytesIO(answer.data)) as image:
        assert (image.format, max(image.size) <= 2048) == ("JPEG", True)
    assert client.get(f"/api/v1/items/{get_item(client, 'holiday.mp4')}/preview").status_code == 404


def test_several_files_come_as_one_archive(client):
    ids = [get_item(client, name) for name in ("chelsea.jpg", "holiday.mp4")]
    answer = client.get(f"/api/v1/archive?items={ids[0]},{ids[1]},999999")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["chelsea.jpg", "holiday.mp4"]
    assert client.get("/api/v1/archive?items=999999").status_code == 404
    assert client.get("/api/v1/archive?items=a").status_code == 400


def test_files_with_one_name_get_numbers_in_an_archive():
    taken = {}
    names = [_make_unique_name(name, taken) for name in ("a.jpg", "A.jpg", "a (2).jpg", "a.jpg", "b.jpg")]
    assert names == ["a.jpg", "A (2).jpg", "a (2) (2).jpg", "a (3).jpg", "b.jpg"]
    began = time.monotonic()
    assert len({_make_unique_name("cover.jpg", taken) for _ in range(100_000)}) == 100_000
    assert time.monotonic() - began < 60


def test_an_archive_of_many_files_is_requested_by_post(client):
    ids = [get_item(client, name) for name in ("chelsea.jpg", "holiday.mp4")]
    many = [*ids, *range(10**6, 10**6 + 9_998)]
    form = {"items": ",".join(map(str, many))}
    for answer in (client.post("/api/v1/archive", json={"items": many}), client.post("/api/v1/archive", data=form)):
        assert answer.mimetype == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            assert sorted(archive.namelist()) == ["chelsea.jpg", "holiday.mp4"]
    refused = client.get("/api/v1/archive", query_string={"items": ",".join(map(str, many[:501]))})
    assert refused.status_code == 400
    assert refused.json["detail"] == "items: at most 500 are allowed, not 501; send up to 10000 by POST"
    assert client.post("/api/v1/archive", json={"items": [*many, 7]}).status_code == 400
    assert client.post("/api/v1/archive", json={"items": []}).status_code == 400
    assert client.post("/api/v1/archive", data={"items": "1;2"}).status_code == 400


@pytest.mark.parametrize("size", [128, 256])
def test_smaller_thumbnails_are_webp_and_go_with_the_item(fresh, demo, tmp_path, size):
    from tests.support.indexing import index

    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.jpg").write_bytes(next(demo.rglob("chelsea.jpg")).read_bytes())
    index(fresh, tmp_path / "media")
    client = make_client(fresh)
    for _ in range(2):
        answer = client.get(f"/api/v1/items/1/thumbnail?size={size}")
        with Image.open(io.BytesIO(answer.data)) as image:
            assert (image.format, max(image.size)) == ("WEBP", size)
    assert client.get("/api/v1/items/1/thumbnail?size=77").status_code == 400
    blur = client.get("/api/v1/items/1").json["placeholder"]
    assert len(bytes.fromhex(blur)) == 4 * 3 * 3
    client.delete("/api/v1/items/1")
    assert [path for path in fresh.home.thumbnails.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("damage", [b"", b"no image", b"\xff\xd8\xff\xe1\0\5abcXX"])
def test_a_damaged_thumbnail_is_made_again(fresh, demo, tmp_path, caplog, monkeypatch, damage):
    from tests.support.indexing import index

    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.jpg").write_bytes(next(demo.rglob("chelsea.jpg")).read_bytes())
    (tmp_path / "media" / "b.txt").write_text("A letter about a lighthouse.")
    index(fresh, tmp_path / "media")
    client = make_client(fresh)
    image, text = (get_item(client, name) for name in ("a.jpg", "b.txt"))
    for item in (image, text):
        fresh.home.thumbnail(item).parent.mkdir(parents=True, exist_ok=True)
        fresh.home.thumbnail(item).write_bytes(damage)
    monkeypatch.setattr("web.api.content.get_location_precision", lambda: LocationPrecision.HIDDEN)
    for address in ("thumbnail", "thumbnail?size=128"):
        caplog.clear()
        answer = client.get(f"/api/v1/items/{image}/{address}")
        with Image.open(io.BytesIO(answer.data)) as sent:
            assert (answer.status_code, sent.format) == (200, "JPEG")
        assert f"The stored thumbnail of item {image} is damaged" in caplog.text
        assert client.get(f"/api/v1/items/{text}/{address}").status_code == 404


def test_many_may_ask_for_the_same_small_thumbnail_first(fresh, demo, tmp_path):
    from tests.support.indexing import index

    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.jpg").write_bytes(next(demo.rglob("chelsea.jpg")).read_bytes())
    index(fresh, tmp_path / "media")
    app = make_client(fresh).application
    small = fresh.home.small_thumbnail(1, 128)

    def ask_first(_):
        return app.test_client().get("/api/v1/items/1/thumbnail?size=128").status_code

    for _ in range(20):
        small.unlink(missing_ok=True)
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(ask_first, range(8))) == {200}
    assert [path.name for path in small.parent.iterdir() if path.suffix == ".tmp"] == []
