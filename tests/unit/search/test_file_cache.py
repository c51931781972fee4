"""A cache on disk stays below its limit, and forgets what was not used for the longest time."""

import os

import pytest

from search.file_cache import FileCache, PreviewCache


def test_a_file_is_read_again(tmp_path):
    cache = FileCache(tmp_path / "cache", 100)
    assert cache.read("1-a") is None
    cache.add("1-a", b"abc")
    assert cache.read("1-a") == b"abc"


def test_the_file_that_was_unused_for_the_longest_time_is_removed(tmp_path):
    cache = FileCache(tmp_path, 100)
    for number, name in enumerate(("1-a", "1-b", "1-c")):
        cache.add(name, bytes(30))
        os.utime(tmp_path / name, (number, number))
    cache.read("1-a")
    cache.add("1-d", bytes(30))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-a", "1-d"]


def test_nothing_is_stored_without_space(tmp_path, monkeypatch):
    FileCache(tmp_path, 0).add("1-a", b"a")
    FileCache(tmp_path, 2).add("1-b", b"abc")

    def fail(_path, _body):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("search.file_cache.write_atomically", fail)
    FileCache(tmp_path, 100).add("1-c", b"c")
    assert list(tmp_path.iterdir()) == []


def write(body):
    return lambda path: path.write_bytes(body)


def test_a_preview_is_written_once(tmp_path):
    cache = PreviewCache(tmp_path, 1000)
    path = cache.get(tmp_path / "7-1/0.mp4", write(b"first"))
    assert cache.get(path, write(b"second")).read_bytes() == b"first"


def test_the_preview_that_was_unused_for_the_longest_time_makes_room(tmp_path):
    cache = PreviewCache(tmp_path, 100)
    for number, name in enumerate(("1-1/0.mp4", "2-1/0.mp4")):
        os.utime(cache.get(tmp_path / name, write(bytes(40))), (number + 1, number + 1))
    cache.get(tmp_path / "1-1/0.mp4", write(b""))  # used again
    cache.get(tmp_path / "3-1/0.mp4", write(bytes(40)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-1", "3-1"]


def test_a_preview_that_cannot_be_written_leaves_nothing(tmp_path):
    def fail(path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="space"):
        PreviewCache(tmp_path, 100).get(tmp_path / "1-1/0.mp4", fail)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
