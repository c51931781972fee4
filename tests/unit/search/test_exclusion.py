"""Patterns in the syntax of .gitignore."""

import pytest

from search.errors import UsageError
from search.exclusion import MAX_PATTERNS, Match, Patterns, check_patterns, move_patterns


def find(lines, path, is_folder=False):
    return Patterns("/s", tuple(lines), "of the source").find(path, is_folder)


@pytest.mark.parametrize(
    ("lines", "path", "is_folder", "excluded"),
    [
        (["*.tmp"], "/s/deep/a.tmp", False, True),
        (["/a.jpg"], "/s/a.jpg", False, True),
        (["/a.jpg"], "/s/sub/a.jpg", False, None),
        (["raw/"], "/s/2024/raw", True, True),
        (["raw/"], "/s/2024/raw", False, None),
        (["**/cache/*.jpg"], "/s/a/cache/b.jpg", False, True),
        (["*.jpg", "!keep.jpg"], "/s/keep.jpg", False, False),
        (["!keep.jpg", "*.jpg"], "/s/keep.jpg", False, True),
        (["# *.jpg", "", "  "], "/s/a.jpg", False, None),
        (["\\#a.jpg"], "/s/#a.jpg", False, True),
        (["!", "/", "[", "*.jpg"], "/s/a.jpg", False, True),  # what is not valid is left out
        (["café.jpg"], "/s/café.jpg", False, True),
    ],
)
def test_the_last_pattern_that_matches_decides(lines, path, is_folder, excluded):
    found = find(lines, path, is_folder)
    assert (found.is_excluded if found else None) is excluded


def test_the_pattern_that_decided_is_named():
    assert find(["*.png", "# note", "*.tmp"], "/s/a.tmp") == Match("*.tmp", True, "of the source")
    assert Patterns("/", ("*.tmp",), "of the source").find("/a.tmp", False) is not None


@pytest.mark.parametrize("line", ["!", "a\nb", "x" * 1001])
def test_a_pattern_that_is_not_valid_is_refused_by_name(line):
    with pytest.raises(UsageError, match=r"exclude: .* is not a valid pattern"):
        check_patterns(["*.tmp", line])


def test_empty_patterns_are_dropped_and_their_number_is_limited():
    assert check_patterns([" *.tmp ", "", " "]) == ("*.tmp",)
    with pytest.raises(UsageError, match="at most"):
        check_patterns(["*.tmp"] * (MAX_PATTERNS + 1))


def test_patterns_of_a_subfolder_apply_to_the_same_files_from_above():
    lines = move_patterns(["*.tmp", "/raw", "a/b.jpg", "!c.tmp"], "2024/[old]")
    inside = ["x.tmp", "raw", "a/b.jpg", "deep/x.tmp"]
    assert all(find(lines, f"/s/2024/[old]/{path}").is_excluded for path in inside)
    assert not find(lines, "/s/2024/[old]/deep/c.tmp").is_excluded
    assert [find(lines, f"/s/{path}") for path in ("x.tmp", "raw", "2024/o/x.tmp")] == [None] * 3
