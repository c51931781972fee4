"""`crossmodal clip`."""

import json

import pytest
from click.testing import CliRunner

from crossmodal.cli.main import cli
from search.errors import NotFoundError


def run(library, *arguments):
    return CliRunner().invoke(cli, ["--home", str(library.home.root), "clip", *map(str, arguments)])


def test_a_part_of_a_recording_is_written_next_to_the_caller_under_its_name_and_times(
    library, demo, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    film = next(demo.rglob("holiday.mp4"))
    done = run(library, film, "0:01", "2.5")
    assert (done.exit_code, done.output.strip()) == (0, str(tmp_path / "holiday 0.01-0.02.mp4"))
    assert (tmp_path / "holiday 0.01-0.02.mp4").read_bytes()[4:8] == b"ftyp"


def test_a_recording_is_named_by_its_id_and_the_file_by_an_option(library, demo, tmp_path):
    item = next(item for item in library.catalog.list_items() if item.path.endswith("holiday.mp4"))
    done = run(library, item.id, "1", "0:00:02", "-o", tmp_path / "a.mp4", "--json")
    assert json.loads(done.output) == {"path": str(tmp_path / "a.mp4"), "item": item.id, "start": 1, "end": 2}


@pytest.mark.parametrize("time", ["x", "-1", "1:2:3:4", "", "1e3"])
def test_what_is_no_time_is_refused(library, time):
    done = run(library, "--", "7", "0", time)
    assert (done.exit_code, "is not a time. Write seconds" in done.output) == (2, True)


def test_a_file_that_is_not_in_the_library_is_refused(library, tmp_path):
    assert isinstance(run(library, tmp_path / "other.mp4", "1", "2").exception, NotFoundError)
