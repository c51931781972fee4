"""What a scan of a folder finds, and what it reports about the rest."""

import os
from pathlib import Path

import pytest

from indexer.scan import scan_source
from indexer.scan_results import Problem, Skip
from search.protected import KEYS
from search.records import FileFacts, FileStamp, ItemType, State


def scan(root):
    return list(scan_source(Path(root), 1, Path("/nowhere"), {}))


def reasons(found):
    return {Path(one.file.path).name: one.reason for one in found if not isinstance(one, FileFacts)}


def test_files_come_in_order_with_their_type(tmp_path):
    for name in ("b.JPG", "a/x.wav", "c.mkv", "d.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"1")
    found = scan(tmp_path)
    assert [Path(one.path).name for one in found] == ["x.wav", "b.JPG", "c.mkv", "d.pdf"]
    assert [one.type for one in found] == [ItemType.AUDIO, ItemType.IMAGE, ItemType.VIDEO, ItemType.DOCUMENT]


def test_a_protected_root_is_called_a_link_only_if_it_is_one(tmp_path):
    (tmp_path / ".ssh").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / ".ssh")
    assert reasons(scan(tmp_path / ".ssh")) == {".ssh": KEYS}
    assert reasons(scan(tmp_path / "link")) == {"link": f"symbolic link to a {KEYS}"}


def test_links_that_lead_back_or_nowhere_are_named_and_the_walk_ends(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.txt").write_text("a")
    (tmp_path / "real/up").symlink_to(tmp_path)
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nothing")
    (tmp_path / "again.txt").symlink_to(tmp_path / "real/a.txt")
    found = scan(tmp_path)
    assert "loop" in reasons(found)["up"]
    assert "symbolic link" in reasons(found)["self.txt"]
    assert "does not exist" in reasons(found)["gone.txt"]
    assert {Path(one.path).name for one in found if isinstance(one, FileFacts)} == {"a.txt"}
    assert reasons(found)["again.txt"] == f"the same file as {tmp_path}/real/a.txt"


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to give up root's rights for a moment")
def test_a_folder_without_permission_is_named(tmp_path):
    (tmp_path / "open.txt").write_text("a")
    (tmp_path / "shut").mkdir(mode=0)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    os.seteuid(65534)
    try:
        found = scan(tmp_path)
    finally:
        os.seteuid(0)
    assert "cannot be read: Permission denied" in reasons(found)["shut"]
    assert next(one for one in found if isinstance(one, Problem)).is_folder
    assert [Path(one.path).name for one in found if isinstance(one, FileFacts)] == ["open.txt"]


def test_a_name_that_is_not_utf8_is_shown_and_explained(tmp_path):
    name = os.fsencode(str(tmp_path)) + b"/caf\xe9.txt"
    try:
        with open(name, "wb") as stream:
            stream.write(b"a")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (problem,) = scan(tmp_path)
    assert problem.file.path.endswith("caf\\xe9.txt")
    assert "not valid UTF-8" in problem.reason


def test_files_of_no_use_are_skipped_with_a_reason(tmp_path):
    for name in (".hidden.jpg", "x.exe", "plain"):
        (tmp_path / name).write_bytes(b"\1\0")
    os.mkfifo(tmp_path / "pipe.txt")
    found = scan(tmp_path)
    assert all(isinstance(one, Skip) for one in found)
    assert reasons(found) == {
        ".hidden.jpg": "hidden file",
        "x.exe": "files of type .exe are not supported, and the content is not of a supported type",
        "plain": "the file name has no suffix, and the content is not of a supported type",
        "pipe.txt": "not a regular file",
    }


def test_the_home_inside_a_source_is_left_out(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home/a.txt").write_text("a")
    assert list(scan_source(tmp_path, 1, tmp_path / "home", {})) == []


def test_the_names_of_folders_own_no_files(tmp_path):
    for name in ("IMG_1.jpg", "film.mp4", "IMG_2-edited.jpg"):
        (tmp_path / name).mkdir()
    for name in ("IMG_1.CR2", "film.srt", "IMG_2.jpg"):
        (tmp_path / name).write_bytes(b"1")
    found = scan(tmp_path)
    assert reasons(found) == {}
    assert [Path(one.path).name for one in found] == ["IMG_1.CR2", "IMG_2.jpg", "film.srt"]
    for name in ("IMG_1.CR2", "film.srt", "IMG_2.jpg"):
        (one,) = scan(tmp_path / name)
        assert isinstance(one, FileFacts)


def test_a_link_that_is_not_followed_shows_nothing_of_its_target(tmp_path):
    (tmp_path / "source").mkdir()
    target, link = tmp_path / "secret.txt", tmp_path / "source/link.txt"
    target.write_text("12345" * 100)
    os.utime(target, (1, 1))
    link.symlink_to(target)
    (skipped,) = scan(tmp_path / "source")
    facts = link.lstat()
    assert (skipped.file.size, skipped.file.mtime_ns) == (facts.st_size, facts.st_mtime_ns)
    stamp = FileStamp(State.SKIPPED, facts.st_size, facts.st_mtime_ns, None, skipped.reason)
    assert list(scan_source(tmp_path / "source", 1, Path("/nowhere"), {str(link): stamp})) == [str(link)]
