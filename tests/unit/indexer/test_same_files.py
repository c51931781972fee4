"""One file with several names is one item."""

import os
import shutil
from pathlib import Path

import pytest

from indexer.scan import scan_source
from search.engine import Engine
from search.records import Query, State
from search.status import verify_library
from tests.support.formats import RED
from tests.support.indexing import change_settings, index
from tests.support.web_client import make_client


@pytest.fixture
def photos(tmp_path):
    """A folder that is also reached by a link, with one picture that has a link and a hard link."""
    folder = tmp_path / "s"
    (folder / "2024").mkdir(parents=True)
    RED.save(folder / "2024/a.jpg")
    (folder / "latest").symlink_to("2024")
    (folder / "2024/b.jpg").symlink_to("a.jpg")
    os.link(folder / "2024/a.jpg", folder / "2024/c.jpg")
    return folder


def ledger(library, root):
    return {os.path.relpath(item.path, root): (item.state, item.reason) for item in library.catalog.list_items()}


def test_a_file_with_several_names_is_one_item(fresh, photos):
    assert index(fresh, photos).counts["added"] == 1
    first = photos / "2024/a.jpg"
    expected = {
        "2024/a.jpg": (State.INDEXED, None),
        "2024/b.jpg": (State.SKIPPED, f"the same file as {first}"),
        "2024/c.jpg": (State.SKIPPED, f"the same file as {first}"),
        "latest": (State.SKIPPED, f"the same folder as {photos}/2024"),
    }
    assert ledger(fresh, photos) == expected
    again = index(fresh, photos).counts
    assert (again["unchanged"], again["added"], again["updated"], again["removed"]) == (1, 0, 0, 0)
    assert index(fresh, photos, reindex=True).counts["updated"] == 1
    assert ledger(fresh, photos) == expected
    assert Engine(fresh).search(Query(text="red", include_all=True)).hits[0].item.path == str(first)
    item = next(one for one in fresh.catalog.list_items() if one.state is State.INDEXED)
    parts = make_client(fresh).get(f"/api/v1/items/{item.id}").json["attachments"]
    assert [part["path"] for part in parts] == [str(photos / "2024/b.jpg"), str(photos / "2024/c.jpg")]


def test_the_name_that_is_indexed_stays_the_item(fresh, photos):
    index(fresh, photos)
    os.link(photos / "2024/a.jpg", photos / "2024/Earlier.jpg")
    index(fresh, photos)
    assert ledger(fresh, photos)["2024/a.jpg"] == (State.INDEXED, None)
    assert ledger(fresh, photos)["2024/Earlier.jpg"][0] is State.SKIPPED


def test_another_name_takes_over_when_the_first_is_deleted(fresh, photos):
    index(fresh, photos)
    item = next(one.id for one in fresh.catalog.list_items() if one.state is State.INDEXED)
    (photos / "2024/b.jpg").unlink()
    (photos / "2024/a.jpg").unlink()
    counts = index(fresh, photos).counts
    assert (counts["renamed"], counts["added"]) == (1, 0)
    assert fresh.catalog.get_item(item).path == str(photos / "2024/c.jpg")
    assert verify_library(fresh) == []


def test_links_out_of_the_source_and_into_folders_that_are_not_read_are_followed_once(fresh, tmp_path):
    root, outside = tmp_path / "s", tmp_path / "outside"
    (root / ".annex/objects").mkdir(parents=True)
    outside.mkdir()
    RED.save(root / ".annex/objects/1.jpg")
    RED.rotate(90).save(outside / "2.jpg")
    (root / "a.jpg").symlink_to(root / ".annex/objects/1.jpg")
    (root / "b.jpg").symlink_to(root / ".annex/objects/1.jpg")
    (root / "one").symlink_to(outside)
    (root / "two").symlink_to(outside)
    (root / "c.jpg").symlink_to(outside / "2.jpg")
    index(change_settings(fresh, follow_outside_links=True), root)
    assert ledger(fresh, root) == {
        ".annex": (State.SKIPPED, "hidden folder"),
        "a.jpg": (State.INDEXED, None),
        "b.jpg": (State.SKIPPED, f"the same file as {root}/a.jpg"),
        "one/2.jpg": (State.INDEXED, None),
        "two": (State.SKIPPED, f"the same folder as {root}/one"),
        "c.jpg": (State.SKIPPED, f"the same file as {root}/one/2.jpg"),
    }


def test_copies_are_separate_items(fresh, photos):
    shutil.copy(photos / "2024/a.jpg", photos / "copy.jpg")
    assert index(fresh, photos).counts["added"] == 2


def test_without_inode_numbers_links_are_recognized_by_their_target(fresh, photos, monkeypatch):
    real = os.stat

    def stat(path, **options):
        facts = real(path, **options)
        return os.stat_result((facts[0], 0, *facts[2:10]), {"st_mtime_ns": facts.st_mtime_ns})

    monkeypatch.setattr("indexer.scan.os.stat", stat)
    found = list(scan_source(photos, 1, Path("/nowhere"), {}))
    names = {getattr(one, "reason", "file"): Path(getattr(one, "file", one).path).name for one in found}
    assert names[f"the same folder as {photos}/2024"] == "latest"
    assert names[f"the same file as {photos}/2024/a.jpg"] == "b.jpg"


def test_a_source_that_is_a_link_is_read(fresh, photos, tmp_path):
    (tmp_path / "link").symlink_to(photos)
    assert index(fresh, tmp_path / "link").counts["added"] == 1


def test_a_link_to_a_file_whose_name_is_not_utf8_is_the_item(fresh, tmp_path):
    root = tmp_path / "s"
    root.mkdir()
    target = os.fsencode(root) + b"/caf\xe9.jpg"
    try:
        with open(target, "wb") as stream:
            RED.save(stream, "JPEG")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (root / "one.jpg").symlink_to(os.fsdecode(target))
    (root / "two.jpg").symlink_to(os.fsdecode(target))
    index(fresh, root)
    index(fresh, root)
    assert ledger(fresh, root) == {
        "caf\\xe9.jpg": (State.FAILED, "the file name is not valid UTF-8: rename the file to index it"),
        "one.jpg": (State.INDEXED, None),
        "two.jpg": (State.SKIPPED, f"the same file as {root}/one.jpg"),
    }


def test_a_link_to_a_file_that_is_skipped_is_the_item(fresh, tmp_path):
    root = tmp_path / "s"
    root.mkdir()
    RED.save(root / "a-edited.jpg")
    RED.rotate(20).save(root / "a.jpg")
    RED.rotate(40).save(root / "b.jpg~", "JPEG")
    (root / "unknown.bin").write_bytes(b"\1\0")
    for link, target in (("x.jpg", "a.jpg"), ("y.jpg", "b.jpg~"), ("z.txt", "unknown.bin"), ("e.jpg", "a-edited.jpg")):
        (root / link).symlink_to(target)
    for _ in range(2):
        index(fresh, root)
        found = ledger(fresh, root)
        assert found["x.jpg"] == found["y.jpg"] == (State.INDEXED, None)
        assert found["z.txt"][0] is not State.SKIPPED
        assert found["e.jpg"] == (State.SKIPPED, f"the same file as {root}/a-edited.jpg")


def test_an_attachment_whose_name_is_not_utf8_names_no_owner(tmp_path):
    for suffix in (b".jpg", b".CR2"):
        try:
            with open(os.fsencode(tmp_path) + b"/caf\xe9" + suffix, "wb"):
                pass
        except OSError:
            pytest.skip("this file system takes only UTF-8 names")
    found = list(scan_source(tmp_path, 1, Path("/nowhere"), {}))
    assert [Path(one.file.path).name for one in found] == ["caf\\xe9.CR2", "caf\\xe9.jpg"]
    assert [one.file.belongs_to for one in found] == [None, None]
