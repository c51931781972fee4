"""Sources, uploads and jobs over REST: the server writes rows, a worker does the work."""

import io
import threading

import pytest

from indexer.pipeline import Options
from indexer.worker.loop import run_worker
from search.errors import UsageError
from search.records import JobState, Principal, Rights, Role, Task
from search.storage.activities import Activities
from search.storage.sources import Sources
from tests.support.clock import wait_for
from tests.support.formats import RED
from tests.support.web_client import make_client
from web.api.uploads import clean_name


@pytest.fixture
def client(fresh):
    return make_client(fresh)


@pytest.fixture
def media(tmp_path):
    (tmp_path / "media").mkdir()
    RED.save(tmp_path / "media" / "red.png")
    (tmp_path / "media" / "bad.jpg").write_text("no picture")
    return tmp_path / "media"


def work(library):
    run_worker(library, Options(sandbox=False), threading.Event(), until_idle=True)


def make_png(degrees=0):
    stream = io.BytesIO()
    RED.rotate(degrees).save(stream, "PNG")
    return stream.getvalue()


def upload(client, *files):
    parts = [(io.BytesIO(body), name) for name, body in files]
    return client.post("/api/v1/uploads", data={"file": parts}, content_type="multipart/form-data")


def test_a_source_is_added_indexed_watched_and_forgotten(client, fresh, media):
    answer = client.post("/api/v1/sources", json={"path": str(media), "watched": True})
    assert answer.status_code == 202
    source, job = answer.json, answer.json["job"]
    assert (source["path"], source["watched"], source["available"]) == (str(media), True, True)
    work(fresh)
    assert client.get(f"/api/v1/jobs/{job['id']}").json["summary"]["added"] == 1
    again = client.post("/api/v1/sources", json={"path": str(media / "red.png"), "watched": False}).json
    assert (again["id"], again["path"], again["watched"]) == (source["id"], str(media), False)
    assert [one["id"] for one in client.get("/api/v1/sources").json["sources"]] == [source["id"]]
    assert client.delete(f"/api/v1/sources/{source['id']}").status_code == 204
    assert client.get("/api/v1/items").json["items"] == []
    assert not list(fresh.home.thumbnails.rglob("*.jpg"))
    assert (media / "red.png").exists()
    assert client.delete(f"/api/v1/sources/{source['id']}").status_code == 404


def test_what_a_source_leaves_out_is_set_and_changed(client, fresh, media):
    (media / ".hidden").mkdir()
    RED.rotate(20).save(media / ".hidden/h.png")
    body = {"path": str(media), "exclude": ["*.jpg", " "], "hidden": True}
    source = client.post("/api/v1/sources", json=body).json
    assert (source["exclude"], source["hidden"]) == (["*.jpg"], True)
    work(fresh)

    def states():
        items = client.get("/api/v1/items").json["items"]
        return {one["path"][len(str(media)) + 1 :]: one["state"] for one in items}

    assert states() == {".hidden/h.png": "indexed", "bad.jpg": "skipped", "red.png": "indexed"}
    address = f"/api/v1/sources/{source['id']}"
    answer = client.patch(address, json={"exclude": [], "hidden": False})
    assert (answer.status_code, answer.json["exclude"], answer.json["hidden"]) == (202, [], False)
    work(fresh)
    assert states() == {".hidden/h.png": "skipped", ".hidden": "skipped", "bad.jpg": "failed", "red.png": "indexed"}
    answer = client.patch(address, json={"watched": True})
    assert (answer.status_code, answer.json["watched"], answer.json["job"]) == (200, True, None)
    refused = client.patch(address, json={"exclude": ["a\nb"]})
    assert (refused.status_code, refused.json["detail"].startswith("exclude:")) == (400, True)
    assert client.patch("/api/v1/sources/99", json={}).status_code == 404


@pytest.mark.parametrize("path", ["relative", "/no/such/folder", "", "/a\0b", "/" + "x" * 300])
def test_a_source_that_cannot_be_is_refused_by_name(client, path):
    answer = client.post("/api/v1/sources", json={"path": path})
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert answer.json["detail"].startswith("path")


def test_the_home_is_no_source(client, fresh):
    assert client.post("/api/v1/sources", json={"path": str(fresh.home.root)}).status_code == 400


def test_an_upload_is_stored_indexed_and_found(client, fresh):
    answer = upload(client, ("red.png", make_png()), ("trip/day 1/red.png", make_png(90)))
    assert answer.status_code == 202
    assert answer.headers.get("Location") is None
    paths = [one["path"] for one in answer.json["files"]]
    assert paths == [str(fresh.home.uploads / "red.png"), str(fresh.home.uploads / "trip/day 1/red.png")]
    work(fresh)
    assert client.get(f"/api/v1/jobs/{answer.json['job']['id']}").json["state"] == "done"
    items = client.get("/api/v1/items").json["items"]
    assert {item["path"]: item["state"] for item in items} == dict.fromkeys(paths, "indexed")
    assert client.get("/api/v1/sources").json["sources"][0]["path"] == str(fresh.home.uploads)


def test_an_upload_never_takes_the_place_of_another_file(client, fresh):
    first, same, other = (upload(client, ("a.png", make_png(turn))).json["files"][0]["path"] for turn in (0, 0, 30))
    assert (first == same, other) == (True, str(fresh.home.uploads / "a (2).png"))
    assert sorted(path.name for path in fresh.home.uploads.iterdir()) == ["a (2).png", "a.png"]


def test_a_film_and_its_subtitles_belong_together_when_uploaded(client, fresh, tmp_path):
    from tests.support.formats import write_film

    write_film(tmp_path / "film.mp4")
    lines = b"1\n00:00:01,500 --> 00:00:03,000\nThe harvest was good.\n"
    upload(client, ("film.srt", lines), ("film.mp4", (tmp_path / "film.mp4").read_bytes()))
    work(fresh)
    states = {item["path"].rsplit("/", 1)[-1]: item["state"] for item in client.get("/api/v1/items").json["items"]}
    assert states == {"film.mp4": "indexed", "film.srt": "skipped"}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("C:\\photos\\a.jpg", "C_/photos/a.jpg"),
        ("/abs/a.jpg", "abs/a.jpg"),
        (".hidden", "hidden"),
        ("a\0b\n.jpg", "a_b_.jpg"),
        ("   .jpg", "_.jpg"),
        (".jpg", "_.jpg"),
        ("day. /a.jpg ", "day/a.jpg"),
        ("图" * 83 + ".jpg", "图" * 83 + ".jpg"),
        ("a" * 255, "a" * 255),
    ],
)
def test_names_of_uploads_stay_inside(name, kept):
    assert str(clean_name(name)) == kept


@pytest.mark.parametrize("name", ["图" * 85 + ".jpg", "a" * 256, "/".join(["a" * 200] * 16)])
def test_names_that_no_file_system_takes_are_refused(name):
    with pytest.raises(UsageError, match="is too long"):
        clean_name(name)


def test_two_uploads_of_the_same_long_name_are_both_stored(client, fresh):
    name = "图" * 83 + ".jpg"
    first, other = (upload(client, (name, make_png(turn))).json["files"][0]["path"] for turn in (0, 30))
    assert first == str(fresh.home.uploads / name)
    assert other == str(fresh.home.uploads / ("图" * 82 + " (2).jpg"))


def test_an_upload_without_files_is_explained(client):
    answer = client.post("/api/v1/uploads", data={"x": "y"}, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert "`file`" in answer.json["detail"]
    assert upload(client, ("..", b"x")).status_code == 400


def test_failed_files_are_listed_with_advice_and_retried(client, fresh, media):
    client.post("/api/v1/sources", json={"path": str(media)})
    work(fresh)
    (bad,) = client.get("/api/v1/items?state=failed").json["items"]
    assert bad["reason"].startswith("unrecognized image format")
    assert "retry" in bad["advice"]
    assert client.get("/api/v1/items?types=image&path=red").json["items"][0]["path"].endswith("red.png")
    assert client.get("/api/v1/items?types=song").status_code == 400
    job = client.post("/api/v1/jobs", json={"paths": [bad["path"]], "retry_failed": True})
    assert (job.status_code, job.headers["Location"]) == (202, f"/api/v1/jobs/{job.json['id']}")
    work(fresh)
    done = client.get(f"/api/v1/jobs/{job.json['id']}").json
    assert (done["done"], done["summary"]["failed"]) == (1, 1)
    assert client.post(f"/api/v1/jobs/{done['id']}/retry").json["id"] > done["id"]
    assert [one["state"] for one in client.get("/api/v1/jobs").json["jobs"]] == ["queued", "done", "done"]


def test_a_job_outside_the_sources_is_refused(client, tmp_path):
    answer = client.post("/api/v1/jobs", json={"paths": [str(tmp_path)]})
    assert (answer.status_code, "sources" in answer.json["detail"]) == (400, True)
    assert client.post("/api/v1/jobs", json={"folder": "/x"}).status_code == 400
    assert client.post("/api/v1/jobs", data="x").status_code == 400
    assert client.get("/api/v1/jobs/7").status_code == 404


def test_no_path_leads_out_of_a_source(client, media, tmp_path):
    (tmp_path / "other").mkdir()
    client.post("/api/v1/sources", json={"path": f"{media}/../media/"})
    assert [one["path"] for one in client.get("/api/v1/sources").json["sources"]] == [str(media)]
    answer = client.post("/api/v1/jobs", json={"paths": [f"{media}/../other"]})
    assert (answer.status_code, "is not in a source" in answer.json["detail"]) == (400, True)


def test_a_source_that_is_being_indexed_can_be_forgotten(client, fresh, media):
    for number in range(30):
        RED.rotate(number).save(media / f"{number}.png")
    source = client.post("/api/v1/sources", json={"path": str(media)}).json
    worker = threading.Thread(target=work, args=(fresh,))
    worker.start()
    wait_for(lambda: fresh.jobs.get(source["job"]["id"]).done >= 1 or not worker.is_alive())
    assert client.delete(f"/api/v1/sources/{source['id']}").status_code == 204
    worker.join(60)
    assert not worker.is_alive()
    assert fresh.jobs.get(source["job"]["id"]).state in {JobState.CANCELLED, JobState.DONE}
    assert client.get("/api/v1/items").json["items"] == []


def test_only_a_new_source_is_recorded_as_added(client, fresh, media):
    for path in (media, media, media / "red.png"):
        assert client.post("/api/v1/sources", json={"path": str(path)}).status_code == 202
    activities = Activities(fresh.database).list_page(None, 9)
    assert [(one.action, one.subject) for one in activities] == [("source-added", str(media))]


def test_the_sources_of_a_caller_are_read_once_for_a_list_of_jobs(client, fresh, media, monkeypatch):
    source_id = fresh.sources.add(str(media))
    for number in range(5):
        fresh.jobs.add(Task((str(media / f"{number}"),)))
    fresh.jobs.add(Task(("/elsewhere",)))
    caller = Principal(Role.SEARCH, Rights(sources=(source_id,)))
    monkeypatch.setattr("web.api.jobs.get_principal", lambda: caller)
    calls, list_all = [], Sources.list_all
    monkeypatch.setattr(Sources, "list_all", lambda sources: calls.append(sources) or list_all(sources))
    assert len(client.get("/api/v1/jobs").json["jobs"]) == 5
    assert len(calls) == 1


def test_a_queued_job_is_cancelled(client, fresh, media):
    job = client.post("/api/v1/sources", json={"path": str(media)}).json["job"]
    assert client.delete(f"/api/v1/jobs/{job['id']}").json["state"] == "cancelled"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_can_change_nothing(client, fresh, media, site):
    headers = {"Sec-Fetch-Site": site}
    assert client.post("/api/v1/sources", json={"path": str(media)}, headers=headers).status_code == 403
    assert upload(client, ("a.png", make_png())).status_code == 202
    assert client.post("/api/v1/uploads", headers=headers).status_code == 403
    assert client.get("/api/v1/sources", headers=headers).status_code == 403
    link = headers | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/api/v1/sources", headers=link).status_code == 200
