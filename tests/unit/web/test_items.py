"""Items over REST: their media, thumbnails, segments and passages."""

from tests.support.formats import write_film
from tests.support.indexing import index
from tests.support.web_client import ask, get_item, make_client


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


def test_a_passage_comes_with_its_neighbours(client):
    item = get_item(client, "bread.md")
    whole = client.get(f"/api/v1/items/{item}/passages").json["segments"]
    assert [one["kind"] for one in whole].count("passage") >= 1
    around = client.get(f"/api/v1/items/{item}/passages?around={whole[0]['id']}&limit=0").json["segments"]
    assert [one["id"] for one in around] == [whole[0]["id"]]
    missing = client.get(f"/api/v1/items/{item}/passages?around=999999")
    assert missing.status_code == 404


def test_forgetting_an_item_leaves_the_file(fresh, tmp_path):
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
    (tmp_path / "m").mkdir()
    (tmp_path / "m/a.txt").write_text("a lonely lighthouse")
    index(fresh, tmp_path / "m")
    client = make_client(fresh)
    (tmp_path / "m/a.txt").unlink()
    response = client.get(f"/api/v1/items/{get_item(client, 'a.txt')}/media")
    assert response.status_code == 404
    assert "is missing" in response.json["detail"]


def test_the_lines_of_several_subtitle_files_are_in_order_of_time(fresh, tmp_path):
    (tmp_path / "m").mkdir()
    write_film(tmp_path / "m/film.mp4")
    for language, start in (("en", 1), ("fr", 0)):
        line = f"1\n00:00:0{start},500 --> 00:00:03,000\nFrom {language}.\n"
        (tmp_path / f"m/film.{language}.srt").write_text(line)
    index(fresh, tmp_path / "m")
    client = make_client(fresh)
    item = get_item(client, "film.mp4")
    spoken = client.get(f"/api/v1/items/{item}").json["segments"]
    lines = sorted((one for one in spoken if one["kind"] == "speech"), key=lambda one: one["start"])
    assert [(one["start"], one["text"], one["language"]) for one in lines] == [
        (0.5, "From fr.", "fr"),
        (1.5, "From en.", "en"),
    ]
    chosen = client.get(f"/api/v1/items/{item}/transcript?language=fr").json["segments"]
    assert [one["text"] for one in chosen] == ["From fr."]


def test_a_skipped_folder_has_no_date(fresh, tmp_path):
    (tmp_path / "m/.hidden").mkdir(parents=True)
    index(fresh, tmp_path / "m")
    (skipped,) = make_client(fresh).get("/api/v1/items?state=skipped").json["items"]
    assert (skipped["path"], skipped["modified_at"]) == (str(tmp_path / "m/.hidden"), None)
