"""A cache on disk stays below its limit, and forgets what was not used for the longest time."""

import os

from search.file_cache import FileCache


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
