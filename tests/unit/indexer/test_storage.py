"""Storage that comes and goes: nothing on a disk that is not mounted is missing, failed or forgotten."""

import errno
import os
import shutil
import tempfile
import threading
from pathlib import Path

import pytest

from indexer.pipeline import Options
from indexer.worker.loop import run_worker
from search.engine import Engine
from search.forget import forget_paths
from search.query.request import parse_request
from search.records import JobState, State, Task
from search.status import read_status
from tests.support.formats import RED
from tests.support.indexing import change_settings, index, list_states
from tests.support.web_client import make_client

INDEXED = State.INDEXED


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "letter.txt").write_text("The lighthouse keeper wrote a letter.")
    RED.save(folder / "red.png")
    return folder


def unmount(folder):
    """Leave what a disk leaves that is unmounted: an empty folder, which is not the folder of the disk."""
    shutil.move(folder, folder.with_name("elsewhere"))
    folder.mkdir()


def mount(folder):
    shutil.rmtree(folder)
    shutil.move(folder.with_name("elsewhere"), folder)


def count_embeddings(library):
    with library.database.read() as db:
        return db.exec_driver_sql("SELECT count(*), max(id) FROM embedding").one()


def test_a_root_that_became_an_empty_mount_point_is_unavailable(fresh, disk):
    index(fresh, disk)
    before = count_embeddings(fresh)
    unmount(disk)
    summary = index(fresh, disk, forget_after=0)
    assert list(summary.unavailable) == [str(disk)]
    expected = "the disk is not mounted, or was replaced: mount it, or run `crossmodal forget FOLDER`"
    assert summary.unavailable[str(disk)] == expected
    assert (summary.is_refused, summary.counts["removed"], summary.failures) == (True, 0, {})
    assert list_states(fresh) == {"letter.txt": INDEXED, "red.png": INDEXED}
    mount(disk)
    summary = index(fresh, disk)
    assert (summary.unavailable, summary.counts["unchanged"], summary.has_changes) == ({}, 2, False)
    assert count_embeddings(fresh) == before


def test_results_of_a_lost_disk_stay_and_say_so(fresh, disk):
    index(fresh, disk)
    unmount(disk)
    index(fresh, disk)
    (hit,) = Engine(fresh).search(parse_request({"text": "lighthouse keeper"}).make_query()).hits
    assert (Path(hit.item.path).name, hit.item.is_available) == ("letter.txt", False)
    client = make_client(fresh)
    (source,) = client.get("/api/v1/sources").json["sources"]
    assert (source["available"], source["unavailable"][0]["path"]) == (False, str(disk))
    answer = client.get("/api/v1/search?q=lighthouse+keeper").json
    assert [one["item"]["available"] for one in answer["hits"]] == [False]
    assert list(read_status(fresh)["unavailable"]) == [str(disk)]
    mount(disk)
    index(fresh, disk)
    assert client.get("/api/v1/sources").json["sources"][0]["available"] is True
    assert client.get("/api/v1/search?q=lighthouse+keeper").json["hits"][0]["item"]["available"] is True
    assert read_status(fresh)["unavailable"] == {}


def test_a_root_that_is_gone_is_unavailable(fresh, disk):
    index(fresh, disk)
    shutil.move(disk, disk.with_name("elsewhere"))
    summary = index(fresh, disk)
    assert summary.unavailable == {str(disk): "the folder does not exist"}
    assert summary.is_refused
    assert list_states(fresh) == {"letter.txt": INDEXED, "red.png": INDEXED}
    # A folder in it is on the same lost disk.
    assert index(fresh, disk / "folder").unavailable == {str(disk): "the folder does not exist"}


def test_a_source_that_users_emptied_is_not_taken_for_a_lost_disk(fresh, disk):
    index(fresh, disk)
    for path in disk.iterdir():
        path.unlink()
    summary = index(fresh, disk)
    assert (summary.unavailable, summary.counts["removed"]) == ({}, 2)
    assert set(list_states(fresh).values()) == {State.MISSING}


def test_a_file_that_a_program_wrote_into_the_mount_point_does_not_bring_the_disk_back(fresh, disk):
    index(fresh, disk)
    unmount(disk)
    index(fresh, disk)
    (disk / "stray.txt").write_text("A program wrote this.")
    for _ in range(2):
        summary = index(fresh, disk)
        assert list(summary.unavailable) == [str(disk)]
        assert list_states(fresh) == {"letter.txt": INDEXED, "red.png": INDEXED, "stray.txt": INDEXED}
    mount(disk)
    assert index(fresh, disk).unavailable == {}
    assert list_states(fresh) == {"letter.txt": INDEXED, "red.png": INDEXED, "stray.txt": State.MISSING}


def test_a_disk_that_returns_with_another_identity_is_recognized_by_its_files(fresh, disk):
    index(fresh, disk)
    unmount(disk)
    index(fresh, disk)
    shutil.copytree(disk.with_name("elsewhere"), disk, dirs_exist_ok=True)  # copies keep their times
    summary = index(fresh, disk)
    assert (summary.unavailable, summary.has_changes) == ({}, False)
    (disk / "red.png").unlink()
    assert index(fresh, disk).counts["removed"] == 1


@pytest.fixture
def other_device(monkeypatch):
    """A folder on another device than the temporary folder of the tests."""
    monkeypatch.setattr("search.protected._SYSTEM_FOLDERS", frozenset())
    memory, temporary = Path("/dev/shm"), Path(tempfile.gettempdir())
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == temporary.stat().st_dev:
        pytest.skip("there is no second device")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def test_a_folder_on_another_device_can_be_lost_alone(fresh, disk, other_device):
    fresh = change_settings(fresh, follow_outside_links=True)
    (other_device / "note.txt").write_text("Buy potatoes.")
    (disk / "usb").symlink_to(other_device)
    index(fresh, disk)
    assert {volume.path for volume in fresh.volumes.list_all()} == {str(disk), str(disk / "usb")}
    (disk / "usb").unlink()
    for leave in (lambda: None, (disk / "usb").mkdir):  # its folder is gone; its folder is empty
        leave()
        (disk / "red.png").touch()
        summary = index(fresh, disk)
        assert list(summary.unavailable) == [str(disk / "usb")]
        assert (summary.is_refused, summary.counts["removed"]) == (False, 0)
        assert list_states(fresh) == {"letter.txt": INDEXED, "red.png": INDEXED, "note.txt": INDEXED}
    available = {Path(item.path).name: item.is_available for item in fresh.catalog.list_items()}
    assert available == {"letter.txt": True, "red.png": True, "note.txt": False}
    (disk / "usb").rmdir()
    (disk / "usb").symlink_to(other_device)
    summary = index(fresh, disk)
    assert (summary.unavailable, summary.has_changes) == ({}, False)


def test_a_lost_disk_that_is_forgotten_is_gone_for_good(fresh, disk):
    index(fresh, disk)
    unmount(disk)
    index(fresh, disk)
    assert forget_paths(fresh, [str(disk)]) == 2
    assert (fresh.volumes.list_all(), fresh.catalog.list_items()) == ([], [])


def test_a_job_for_a_lost_disk_fails_and_a_job_for_all_sources_warns(fresh, disk, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.txt").write_text("a letter")
    index(fresh, disk, other)
    shutil.move(disk, disk.with_name("elsewhere"))
    one, every = fresh.jobs.add(Task((str(disk),))), fresh.jobs.add(Task())
    run_worker(fresh, Options(sandbox=False), threading.Event(), until_idle=True)
    one, every = fresh.jobs.get(one.id), fresh.jobs.get(every.id)
    assert (one.state, every.state) == (JobState.FAILED, JobState.DONE)
    assert f"{disk} (the folder does not exist)" in one.reason
    assert f"{disk} (the folder does not exist)" in every.summary["warning"]


def fail_to_open(monkeypatch, name, number):
    """Let a file fail with an error of the operating system when it is opened."""
    original = Path.open

    def open_path(self, *args, **kwargs):
        if self.name == name:
            raise OSError(number, os.strerror(number))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", open_path)


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ETIMEDOUT, errno.ESTALE])
def test_a_file_that_cannot_be_read_is_tried_again_by_the_next_run(fresh, disk, monkeypatch, number):
    with monkeypatch.context() as patch:
        fail_to_open(patch, "red.png", number)
        summary = index(fresh, disk)
        assert summary.failures == {str(disk / "red.png"): f"cannot be read: {os.strerror(number)}"}
        assert list_states(fresh) == {"letter.txt": INDEXED, "red.png": State.FAILED}
        assert index(fresh, disk).failures == summary.failures
    summary = index(fresh, disk)
    assert (summary.failures, summary.counts["updated"] + summary.counts["added"]) == ({}, 1)
    assert list_states(fresh) == {"letter.txt": INDEXED, "red.png": INDEXED}


def test_a_damaged_file_is_settled(fresh, disk):
    (disk / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    assert index(fresh, disk).counts["failed"] == 1
    summary = index(fresh, disk)
    assert (summary.counts["unchanged"], summary.counts["failed"], summary.counts["updated"]) == (2, 1, 0)


def test_an_indexed_file_that_cannot_be_read_keeps_its_rows_and_has_the_reason(fresh, disk, monkeypatch):
    index(fresh, disk)
    before = count_embeddings(fresh)
    os.utime(disk / "red.png", (1, 1))  # so that its content is compared
    with monkeypatch.context() as patch:
        fail_to_open(patch, "red.png", errno.EIO)
        summary = index(fresh, disk)
        assert summary.failures == {str(disk / "red.png"): "cannot be read: Input/output error"}
    item = next(item for item in fresh.catalog.list_items() if item.path.endswith("red.png"))
    assert (item.state, item.reason) == (INDEXED, "cannot be read: Input/output error")
    index(fresh, disk)
    item = next(item for item in fresh.catalog.list_items() if item.path.endswith("red.png"))
    assert (item.state, item.reason, count_embeddings(fresh)) == (INDEXED, None, before)


def test_a_folder_whose_entries_cannot_be_examined_keeps_its_items(fresh, disk, monkeypatch):
    (disk / "sub").mkdir()
    (disk / "sub/note.txt").write_text("Buy potatoes.")
    index(fresh, disk)
    original = os.stat

    def stat(path, *args, **kwargs):
        if "sub" in Path(str(path)).parts:
            raise OSError(errno.EIO, "Input/output error")
        return original(path, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr("indexer.scan.os.stat", stat)
        summary = index(fresh, disk)
    assert summary.counts["removed"] == 0
    assert list(summary.failures) == [str(disk / "sub")]
    assert list_states(fresh)["note.txt"] == INDEXED
    assert index(fresh, disk).failures == {}


def test_a_reindex_that_cannot_read_a_file_keeps_its_rows(fresh, disk, monkeypatch):
    index(fresh, disk)
    fail_to_open(monkeypatch, "red.png", errno.EIO)
    assert list(index(fresh, disk, reindex=True).failures) == [str(disk / "red.png")]
    assert list_states(fresh)["red.png"] == INDEXED
