"""What `crossmodal index` reports, and with which exit status."""

import json

import pytest
from click.testing import CliRunner

from crossmodal.cli.index import report_changes, show_progress
from crossmodal.cli.main import cli
from indexer.pipeline import Summary
from search.errors import UsageError


def test_a_failure_that_still_stands_is_reported_once():
    shown = []
    report = report_changes(shown.append)
    bad, worse = Summary(failures={"a": "empty"}), Summary(failures={"a": "empty", "b": "damaged"})
    moved = Summary(failures=worse.failures)
    moved.counts["renamed"] = 1
    for summary in (bad, bad, worse, worse, moved, Summary(), Summary()):
        report(summary)
    assert [one.failures for one in shown] == [bad.failures, worse.failures, worse.failures, {}]


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "letter.txt").write_text("The lighthouse keeper wrote a letter.")
    return folder


def run(fresh, *arguments):
    return CliRunner().invoke(cli, ["--home", str(fresh.home.root), *map(str, arguments)])


def test_a_disk_that_is_not_mounted_is_named_in_one_line(fresh, disk, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    assert run(fresh, "index", disk, other).exit_code == 0
    disk.rename(tmp_path / "elsewhere")
    result = run(fresh, "index", disk, "--json")
    assert result.exit_code == 3
    line = (
        f"Unavailable; everything on it is kept: {disk} (the folder does not exist). Mount the disk, then index again."
    )
    assert result.stderr.strip() == f"crossmodal: {line}"
    assert json.loads(result.stdout)["unavailable"] == [{"path": str(disk), "reason": "the folder does not exist"}]
    assert run(fresh, "index", disk, other).exit_code == 1
    status = run(fresh, "status")
    assert f"source    {disk} (unavailable: the folder does not exist)" in status.stdout
    assert f"source    {other}\n" in status.stdout
    (tmp_path / "elsewhere").rename(disk)
    assert run(fresh, "index", disk).exit_code == 0


def test_a_path_that_never_was_a_source_is_wrong_usage(fresh, tmp_path):
    result = run(fresh, "index", tmp_path / "nowhere")
    assert isinstance(result.exception, UsageError)
    assert "nowhere does not exist. Check the path" in str(result.exception)


def test_each_file_has_one_line(fresh, disk):
    (disk / "two\nlines\x1b[31m.txt").write_text("The lighthouse keeper wrote two letters.")
    run(fresh, "index", disk)
    lines = run(fresh, "files").stdout.splitlines()
    assert lines == [f"indexed  {disk}/letter.txt", rf"indexed  {disk}/two\nlines\x1b[31m.txt"]


def test_a_run_whose_output_is_not_a_terminal_leaves_no_empty_line_for_its_progress(capsys):
    with show_progress() as show:
        show(1, 2, "a.txt")
    assert capsys.readouterr().err == ""
