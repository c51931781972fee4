"""Recordings that browsers cannot play, and clips of moments."""

import contextlib
import io
import os
from dataclasses import replace

import av
import pytest

from search.media.processes import SandboxedMedia
from search.settings import LocationPrecision
from tests.support.indexing import index
from tests.support.recordings import make_images, make_tone, write_frames, write_samples, write_sounds
from tests.support.web_client import get_item, make_client


def write_film(path, codec="libx264", sound="aac", seconds=8, **options):
    """Write a film of red, then blue images, with a tone and a place in its metadata."""
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as out:
        out.metadata["location"] = "+48.8577+002.2950/"
        video = out.add_stream(codec, rate=10, options={"g": "20", "bf": "2", **options})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = out.add_stream(sound, rate=48_000)
        audio.layout = "mono"
        for image in make_images(seconds * 5, (64, 48)):
            out.mux(video.encode(av.VideoFrame.from_image(image)))
        out.mux(video.encode(None))
        write_samples(out, audio, 0, make_tone(seconds))
        out.mux(audio.encode(None))


@pytest.fixture
def home(fresh, tmp_path):
    (tmp_path / "media").mkdir()
    write_film(tmp_path / "media" / "plain.mp4")
    write_film(tmp_path / "media" / "boxed.mkv", sound="ac3")
    write_film(tmp_path / "media" / "old.avi", "mpeg4", "libmp3lame")
    write_sounds(str(tmp_path / "media" / "talk.ac3"), [(0, make_tone(8), {})], codec="ac3", rate=48_000)
    index(fresh, tmp_path / "media")
    return fresh


@pytest.fixture
def client(home):
    return make_client(home)


def read_spans(body):
    """Return the first and the last time of each track, in seconds."""
    spans = {}
    with av.open(io.BytesIO(body)) as container:
        for packet in container.demux():
            if packet.pts is not None:
                low, high = spans.get(packet.stream.type, (10**6, 0))
                start = float(packet.pts * packet.time_base)
                end = start + float((packet.duration or 0) * packet.time_base)
                spans[packet.stream.type] = (min(low, start), max(high, end))
    return spans


@pytest.mark.parametrize(
    ("name", "common", "converts"),
    [
        ("plain.mp4", True, (False, False)),
        ("boxed.mkv", False, (False, True)),
        ("old.avi", False, (True, True)),
        ("talk.ac3", False, (False, True)),
    ],
)
def test_fragments_cover_a_recording_without_gaps(client, name, common, converts):
    address = f"/api/v1/items/{get_item(client, name)}/playback"
    playback = client.get(address).json
    assert (playback["common"], playback["converts_video"], playback["converts_audio"]) == (common, *converts)
    assert (playback["fragments"], playback["fragment_seconds"]) == (2, 6)
    answers = [client.get(f"{address}/{number}") for number in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    first, last = (read_spans(answer.data) for answer in answers)
    for kind, (_, end) in first.items():
        assert last[kind][0] == pytest.approx(end, abs=0.11)
        assert last[kind][1] == pytest.approx(8 + playback["lead"], abs=0.2)
    assert client.get(f"{address}/2").status_code == 404


def test_fragments_are_kept_up_to_a_size_and_go_with_the_item(home, monkeypatch):
    monkeypatch.setattr("web.app.MIB", 100)
    client = make_client(home, preview_space=64)
    item = get_item(client, "boxed.mkv")
    for number in (0, 1, 0):
        assert client.get(f"/api/v1/items/{item}/playback/{number}").status_code == 200
    files = [path for path in home.home.previews.rglob("*") if path.is_file()]
    assert [path.name for path in files] == ["0.mp4"]  # the one that was asked for last
    client.delete(f"/api/v1/items/{item}")
    assert list(home.home.previews.iterdir()) == []


def test_a_changed_file_gets_new_fragments(home, tmp_path):
    client = make_client(home)
    item = get_item(client, "boxed.mkv")
    client.get(f"/api/v1/items/{item}/playback/0")
    os.utime(tmp_path / "media" / "boxed.mkv", (10**9, 10**9))
    index(home, tmp_path / "media")
    client.get(f"/api/v1/items/{item}/playback/0")
    assert len(list(home.home.previews.iterdir())) == 2


@pytest.mark.parametrize("name", ["plain.mp4", "boxed.mkv", "old.avi", "talk.ac3"])
def test_a_clip_starts_where_it_should_and_has_no_place(client, name):
    answer = client.get(f"/api/v1/items/{get_item(client, name)}/clip?start=3&end=5.5")
    assert answer.status_code == 200
    assert "0.03-0.05.m" in answer.headers["Content-Disposition"]
    assert b"48.8577" not in answer.data
    with av.open(io.BytesIO(answer.data)) as container:
        assert container.duration / 1e6 == pytest.approx(2.5, abs=0.25)
        for kind in ("video", "audio"):
            if getattr(container.streams, kind):
                container.seek(0)
                times = [frame.time for frame in container.decode(**{kind: 0})]
                assert times[0] == pytest.approx(0, abs=0.11)
                assert times[-1] == pytest.approx(2.45, abs=0.15)


def test_images_of_a_clip_are_copied(client):
    answer = client.get(f"/api/v1/items/{get_item(client, 'plain.mp4')}/clip?start=3&end=5.5")
    whole = client.get(f"/api/v1/items/{get_item(client, 'plain.mp4')}/media").data
    with av.open(io.BytesIO(answer.data)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    assert len(packets) > 20
    assert all(packet in whole for packet in packets)


@pytest.mark.parametrize("span", ["start=5&end=5", "start=6&end=5", "start=900&end=901", "start=-1&end=2", "end=2"])
def test_spans_that_are_not_possible_are_refused(client, span):
    assert client.get(f"/api/v1/items/1/clip?{span}").status_code == 400


def test_clips_have_limits(home):
    client = make_client(home, clip_seconds=2)
    item = get_item(client, "plain.mp4")
    refused = client.get(f"/api/v1/items/{item}/clip?start=1&end=4")
    assert (refused.status_code, "`clip_seconds`" in refused.json["detail"]) == (400, True)
    assert client.get("/openapi.json").json["x-limits"]["clip_seconds"]["value"] == 2


def test_a_clip_that_is_too_large_is_refused(home, tmp_path):
    from search.errors import MediaLimitError
    from search.media.recording.cutting import Span, write_clip

    with pytest.raises(MediaLimitError, match="larger than"):
        write_clip(tmp_path / "media" / "plain.mp4", tmp_path / "clip.mp4", Span(0, 4), 100)


def test_a_fragment_in_which_nothing_begins_is_empty(tmp_path):
    from search.media.recording.cutting import write_fragment

    write_film(tmp_path / "boxed.mkv", sound="ac3")
    write_fragment(tmp_path / "boxed.mkv", tmp_path / "5.mp4", 5, True)
    assert read_spans((tmp_path / "5.mp4").read_bytes()) == {}


def test_only_recordings_have_clips_and_fragments(client, home, tmp_path):
    (tmp_path / "media" / "note.txt").write_text("A letter about a lighthouse.")
    index(home, tmp_path / "media")
    item = get_item(client, "note.txt")
    for path in ("clip?start=0&end=1", "playback", "playback/0"):
        assert client.get(f"/api/v1/items/{item}/{path}").status_code == 404


def test_a_silent_film_has_fragments_and_clips(fresh, tmp_path):
    (tmp_path / "media").mkdir()
    write_frames(str(tmp_path / "media" / "silent.mkv"), make_images(20))
    index(fresh, tmp_path / "media")
    client = make_client(fresh)
    assert client.get("/api/v1/items/1/playback").json["audio"] is None
    assert read_spans(client.get("/api/v1/items/1/playback/0").data).keys() == {"video"}
    assert read_spans(client.get("/api/v1/items/1/clip?start=1&end=2").data).keys() == {"video"}


def test_a_recording_whose_place_is_hidden_is_encoded_and_not_cut(home, monkeypatch):
    monkeypatch.setattr("web.api.playback.get_location_precision", lambda: LocationPrecision.HIDDEN)
    client = make_client(home)
    plain, boxed = (get_item(client, name) for name in ("plain.mp4", "boxed.mkv"))
    assert home.catalog.get_item(boxed).facts.latitude == pytest.approx(48.8577)
    assert client.get(f"/api/v1/items/{plain}/playback").json["converts_video"] is False
    assert client.get(f"/api/v1/items/{plain}/clip?start=1&end=2").status_code == 200
    assert client.get(f"/api/v1/items/{boxed}/playback").json["converts_video"] is True
    assert client.get(f"/api/v1/items/{boxed}/playback/0").status_code == 200
    assert client.get(f"/api/v1/items/{boxed}/clip?start=1&end=2").status_code == 403


def test_a_fragment_is_made_in_a_separate_process(home):
    with contextlib.closing(SandboxedMedia(1, 1, 2048, 10)) as converter:
        client = make_client(replace(home, converter=converter))
        answer = client.get(f"/api/v1/items/{get_item(client, 'old.avi')}/playback/0")
    assert read_spans(answer.data)["video"][1] == pytest.approx(8, abs=0.2)
