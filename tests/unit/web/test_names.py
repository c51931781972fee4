"""Files whose names contain line breaks and other control characters."""

import io
import json
import zipfile

import pytest
from click.testing import CliRunner

from crossmodal.cli.main import cli
from search.records import JobProgress, JobState, Task
from tests.support.formats import RED
from tests.support.indexing import index
from tests.support.web_client import make_client

NAMES = ("two\nlines.jpg", "carriage\rreturn.jpg", "both\r\n.jpg", "escape\x1b[31m.jpg", "para\u2029graph.jpg")


@pytest.fixture
def odd(fresh, tmp_path):
    """An indexed folder with a picture under each name."""
    folder = tmp_path / "media"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        RED.rotate(number * 20).save(folder / name, "JPEG")
    assert index(fresh, folder).counts["added"] == len(NAMES)
    return folder


def test_the_file_is_sent_under_a_clean_name(fresh, odd):
    client = make_client(fresh)
    for item in fresh.catalog.list_items():
        answer = client.get(f"/api/v1/items/{item.id}/media")
        assert (answer.status_code, answer.data[:2]) == (200, b"\xff\xd8")
        if "two\n" in item.path:
            assert answer.headers["Content-Disposition"] == "inline; filename=two_lines.jpg"


def test_names_in_an_archive_have_no_line_breaks(fresh, odd):
    ids = ",".join(str(item.id) for item in fresh.catalog.list_items())
    body = make_client(fresh).get(f"/api/v1/archive?items={ids}").data
    names = zipfile.ZipFile(io.BytesIO(body)).namelist()
    assert sorted(names) == ["both__.jpg", "carriage_return.jpg", "escape_[31m.jpg", "para_graph.jpg", "two_lines.jpg"]


def test_files_prints_one_line_for_each_file(fresh, odd):
    run = CliRunner().invoke(cli, ["--home", str(fresh.home.root), "files"])
    lines = run.stdout.split("\n")[:-1]
    assert len(lines) == len(NAMES)
    assert f"indexed  {odd}/two\\nlines.jpg" in lines
    assert f"indexed  {odd}/escape\\x1b[31m.jpg" in lines
    assert not any(character in run.stdout for character in "\r\x1b\u2029")


def test_progress_is_not_cut_by_a_name(fresh, odd):
    job = fresh.jobs.add(Task((str(odd),)))
    fresh.jobs.report(job.id, JobProgress(1, 1, 1.0, str(odd / "both\r\n.jpg")))
    fresh.jobs.end(job.id, JobState.DONE, {"added": 1})
    body = make_client(fresh).get(f"/api/v1/jobs/{job.id}/events").get_data(as_text=True)
    event, data = body.strip().splitlines()
    assert event == "event: end"
    assert json.loads(data.removeprefix("data: "))["detail"] == str(odd / "both\r\n.jpg")
