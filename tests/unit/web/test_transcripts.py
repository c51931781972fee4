"""What was said in a recording, by language and as subtitles; its chapters."""

import pytest

from tests.support.indexing import index
from tests.support.recordings import make_images, write_frames, write_subtitled
from tests.support.web_client import make_client

ENGLISH = [(0.5, 1.7, "The harvest was good."), (2.0, 3.0, "Winter came early.")]
GERMAN = [(0.5, 1.7, "Die Ernte war gut.")]


@pytest.fixture
def client(fresh, tmp_path):
    (tmp_path / "media").mkdir()
    tracks = [(ENGLISH, {"language": "eng"}), (GERMAN, {"language": "ger"})]
    write_subtitled(str(tmp_path / "media" / "film.mkv"), tracks, language="eng")
    index(fresh, tmp_path / "media")
    return make_client(fresh)


def test_a_transcript_can_be_chosen_by_language(client):
    main, german = (client.get(f"/api/v1/items/1/transcript{field}").json for field in ("", "?language=de"))
    assert (main["language"], main["languages"]) == ("en", ["en", "de"])
    assert [one["text"] for one in main["segments"]] == ["The harvest was good.", "Winter came early."]
    assert [one["text"] for one in german["segments"]] == ["Die Ernte war gut."]
    missing = client.get("/api/v1/items/1/transcript?language=fr")
    assert (missing.status_code, "en, de" in missing.json["detail"]) == (404, True)


@pytest.mark.parametrize(("form", "start"), [("vtt", "WEBVTT\n\n1\n00:00:00.500 -->"), ("srt", "1\n00:00:00,500 -->")])
def test_a_link_can_ask_for_subtitles(client, form, start):
    answer = client.get(f"/api/v1/items/1/transcript?format={form}&language=de", headers={"Accept": "text/html,*/*"})
    assert answer.text.startswith(start)
    assert answer.headers["Content-Disposition"] == f"attachment; filename=film.de.{form}"
    assert client.get("/api/v1/items/1/transcript?format=doc").status_code == 400


def test_a_film_without_sound_has_an_empty_loudness(fresh, tmp_path):
    (tmp_path / "media").mkdir()
    write_frames(str(tmp_path / "media" / "silent.mp4"), make_images(3))
    index(fresh, tmp_path / "media")
    answer = make_client(fresh).get("/api/v1/items/1/loudness")
    assert (answer.status_code, answer.json) == (200, {"peaks": []})
