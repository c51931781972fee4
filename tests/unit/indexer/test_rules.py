"""Which files and folders of a source are read: leftovers, folders that are not the user's, patterns."""

import os
import random
from pathlib import Path

import pytest

from indexer.rules import make_rules
from indexer.scan import scan_source
from search.engine import Engine
from search.open_home import open_home
from search.records import FileFacts, Query, Source, State
from search.settings import Settings
from search.status import verify_library
from tests.support.indexing import index, list_reasons


def scan(root, exclude=(), source=None, settings=(), reads_hidden=False):
    rules = make_rules(Source(1, str(source or root), "", False, tuple(exclude), reads_hidden), settings)
    return list(scan_source(Path(root), 1, Path("/nowhere"), {}, rules=rules))


def files(found, root):
    return sorted(os.path.relpath(one.path, root) for one in found if isinstance(one, FileFacts))


def reasons(found, root):
    return {os.path.relpath(one.file.path, root): one.reason for one in found if not isinstance(one, FileFacts)}


def write(root, *names):
    for name in names:
        path = Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"This is {name!r}.")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("film.mp4.part", "unfinished download or transfer"),
        ("a.jpg.crdownload", "unfinished download or transfer"),
        ("a.jpg.download", "unfinished download or transfer"),
        ("a.mp4.!qB", "unfinished download or transfer"),
        ("A.MP4.PART", "unfinished download or transfer"),
        ("a.jpg.partial", "unfinished download or transfer"),
        ("~syncthing~a.jpg", "unfinished download or transfer"),
        (".syncthing.a.jpg", "unfinished download or transfer"),
        (".a.jpg.Xy12Ab", "unfinished download or transfer"),
        (".pending-1700000000-a.jpg", "unfinished download or transfer"),
        (".trashed-1700000000-a.jpg", "in the trash"),
        ("a.jpg_original", "backup copy of an editor"),
        ("a.jpg~", "backup copy of an editor"),
        ("#a.txt#", "backup copy of an editor"),
        ("a.txt.bak", "backup copy of an editor"),
        ("a.jpg_exiftool_tmp", "temporary file of a program"),
        ("a.tmp", "temporary file of a program"),
        ("~$letter.docx", "lock file of an office program"),
        (".~lock.letter.odt#", "lock file of an office program"),
        ("._a.jpg", "metadata of macOS about another file"),
        ("desktop.ini", "settings of a file manager"),
        (".hidden.jpg", "hidden file"),
    ],
)
def test_leftovers_are_skipped_with_a_reason(tmp_path, name, reason):
    write(tmp_path, name)
    assert reasons(scan(tmp_path), tmp_path) == {name: reason}


@pytest.mark.parametrize(
    "name", ["my.part.txt", "x_original.txt", "~a.txt", "a.old.txt", "1.5.txt", "#1.txt", "original"]
)
def test_names_that_only_resemble_leftovers_are_read(tmp_path, name):
    write(tmp_path, name)
    assert files(scan(tmp_path), tmp_path) == [name]


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("@eaDir", "folder that a network storage writes"),
        ("#recycle", "recycle bin"),
        ("$RECYCLE.BIN", "recycle bin"),
        (".Trash-1000", "recycle bin"),
        ("lost+found", "folder of the operating system"),
        ("System Volume Information", "folder of the operating system"),
        ("__MACOSX", "folder of the operating system"),
        (".thumbnails", "thumbnails that a program wrote"),
        (".git", "version control"),
        (".svn", "version control"),
        ("film.mp4.download", "unfinished download or transfer"),
        (".private", "hidden folder"),
    ],
)
def test_folders_of_programs_are_one_entry(tmp_path, folder, reason):
    write(tmp_path, f"trip/{folder}/a.txt", f"trip/{folder}/deep/b.txt", "trip/c.txt")
    found = scan(tmp_path)
    assert files(found, tmp_path) == ["trip/c.txt"]
    assert reasons(found, tmp_path) == {f"trip/{folder}": reason}


def test_folders_with_a_marker_are_one_entry(tmp_path):
    write(tmp_path, "music/.nomedia", "music/a.txt", "tv/a.txt", "pics/a.txt")
    (tmp_path / "tv/.ignore").touch()
    found = scan(tmp_path)
    assert files(found, tmp_path) == ["pics/a.txt"]
    assert reasons(found, tmp_path) == {
        "music": "the folder contains a file .nomedia",
        "tv": "the folder contains an empty file .ignore",
    }


def test_the_root_itself_is_always_read(tmp_path):
    root = tmp_path / ".hidden"
    write(root, ".nomedia", "a.txt")
    assert files(scan(root), root) == ["a.txt"]


def test_ignore_files_apply_to_their_folder_and_below_and_the_innermost_decides(tmp_path):
    write(tmp_path, "a.txt", "a.log", "sub/b.log", "sub/keep.log", "raw/c.txt", "sub/raw/d.txt")
    (tmp_path / ".ignore").write_text("# comment\n*.log\n/raw/\n\n!\n")
    (tmp_path / "sub/.crossmodalignore").write_bytes("\ufeff!keep.log\r\nd.txt\r\n".encode())
    found = scan(tmp_path)
    assert files(found, tmp_path) == ["a.txt", "sub/keep.log"]
    assert reasons(found, tmp_path) == {
        ".ignore": "hidden file",
        "a.log": "excluded by the pattern *.log in .ignore",
        "raw": "excluded by the pattern /raw/ in .ignore",
        "sub/.crossmodalignore": "hidden file",
        "sub/b.log": "excluded by the pattern *.log in .ignore",
        "sub/raw/d.txt": "excluded by the pattern d.txt in .crossmodalignore",
    }


def test_patterns_of_the_source_take_precedence_over_the_setting(tmp_path):
    write(tmp_path, "a.txt", "b.log", "old/c.txt")
    found = scan(tmp_path, exclude=["!b.log", "/old"], settings=["*.log", "a.*"])
    assert files(found, tmp_path) == ["b.log"]
    assert reasons(found, tmp_path) == {
        "a.txt": "excluded by the pattern a.* of the setting `exclude`",
        "old": "excluded by the pattern /old of the source",
    }


def test_hidden_files_and_system_folders_can_be_included(tmp_path):
    write(tmp_path, ".private/a.txt", ".b.txt", ".git/c.txt", "@eaDir/d.txt", "~$e.txt", "n/.nomedia", "n/f.txt")
    assert files(scan(tmp_path, reads_hidden=True), tmp_path) == [".b.txt", ".private/a.txt"]
    included = scan(tmp_path, exclude=["!@eaDir/", "!~$*", "!/n/", "!.private/"])
    assert files(included, tmp_path) == [".private/a.txt", "@eaDir/d.txt", "n/f.txt", "~$e.txt"]


def test_the_rules_of_a_source_apply_when_a_part_of_it_is_scanned(tmp_path):
    write(tmp_path, "a/.git/b/c.txt", "a/old/d.txt", "a/e.txt")
    (tmp_path / "a/.ignore").write_text("old\n")
    for path, reason in (
        ("a/.git/b", {"a/.git": "version control"}),
        ("a/old/d.txt", {"a/old": "excluded by the pattern old in .ignore"}),
    ):
        found = scan(tmp_path / path, source=tmp_path)
        assert (files(found, tmp_path), reasons(found, tmp_path)) == ([], reason)
    assert files(scan(tmp_path / "a/e.txt", source=tmp_path), tmp_path) == ["a/e.txt"]


def test_an_ignore_file_of_any_content_stops_nothing(tmp_path):
    write(tmp_path, "a.txt")
    (tmp_path / ".ignore").write_bytes(random.Random(1).randbytes(5000) + b"\n[\n\\\n**/**/**a\n" + b"x" * 5000)
    assert files(scan(tmp_path), tmp_path) == ["a.txt"]


def find(library, words):
    return [Path(hit.item.path).name for hit in Engine(library).search(Query(text=words)).hits]


def test_what_becomes_excluded_is_not_found_and_costs_nothing_when_it_is_included_again(fresh, media, monkeypatch):
    assert index(fresh, media).counts["added"] == 3
    ids = {item.path: item.id for item in fresh.catalog.list_items()}
    segments = {item_id: fresh.catalog.list_segments(item_id) for item_id in ids.values()}
    assert find(fresh, "lighthouse keeper") == ["a.txt"]
    monkeypatch.setattr("indexer.decode.preprocess.decode_file", lambda *_: pytest.fail("decoded again"))
    counts = index(fresh, media, exclude=("a.txt", "/sub/")).counts
    assert (counts["skipped"], counts["removed"], counts["unchanged"]) == (2, 0, 1)
    assert list_reasons(fresh) == {
        "a.txt": (State.SKIPPED, "excluded by the pattern a.txt of the source"),
        "b.md": (State.SKIPPED, f"in {media}/sub: excluded by the pattern /sub/ of the source"),
        "sub": (State.SKIPPED, "excluded by the pattern /sub/ of the source"),
        "green.png": (State.INDEXED, None),
    }
    assert find(fresh, "lighthouse keeper") == find(fresh, "potatoes") == []
    assert verify_library(fresh) == []
    counts = index(fresh, media).counts  # the patterns are kept with the source
    assert (counts["skipped"], counts["removed"], counts["updated"]) == (2, 0, 0)
    counts = index(fresh, media, exclude=()).counts
    assert (counts["added"], counts["updated"], counts["unchanged"], counts["removed"]) == (0, 0, 3, 0)
    assert {item.path: item.id for item in fresh.catalog.list_items()} == ids
    assert {item_id: fresh.catalog.list_segments(item_id) for item_id in ids.values()} == segments
    assert find(fresh, "lighthouse keeper") == ["a.txt"]
    assert verify_library(fresh) == []


def test_a_file_that_changes_while_it_is_excluded_is_read_again(fresh, media):
    index(fresh, media)
    index(fresh, media, exclude=("a.txt",))
    (media / "a.txt").write_text("The gardener planted roses.")
    index(fresh, media)
    assert verify_library(fresh) == []
    assert index(fresh, media, exclude=()).counts["updated"] == 1
    assert find(fresh, "roses") == ["a.txt"]


def test_an_excluded_item_whose_file_is_deleted_is_missing(fresh, media):
    index(fresh, media)
    index(fresh, media, exclude=("/sub/",))
    (media / "sub/b.md").unlink()
    index(fresh, media)
    assert list_reasons(fresh)["b.md"] == (State.MISSING, None)
    assert index(fresh, media, forget_after=0).counts["forgotten"] == 1


def test_what_was_never_indexed_is_added_when_it_is_included(fresh, media):
    index(fresh, media, exclude=("*.txt", "/sub/"))
    assert set(list_reasons(fresh)) == {"a.txt", "green.png", "sub"}
    assert index(fresh, media, exclude=()).counts["added"] == 2
    assert set(list_reasons(fresh).values()) == {(State.INDEXED, None)}


def test_the_patterns_of_a_source_inside_another_are_kept(fresh, media):
    (media / "c.md").write_text("# Another recipe")
    index(fresh, media / "sub", exclude=("*.md",))
    assert index(fresh, media).counts["added"] == 3
    assert list_reasons(fresh)["b.md"][0] is State.SKIPPED
    assert [source.exclude for source in fresh.sources.list_all()] == [("/sub/**/*.md",)]


def test_the_setting_applies_to_all_sources(tmp_path, media):
    with open_home(Settings(home=tmp_path / "home", exclude=("*.txt",)), create=True) as library:
        index(library, media)
        assert list_reasons(library)["a.txt"] == (
            State.SKIPPED,
            "excluded by the pattern *.txt of the setting `exclude`",
        )
