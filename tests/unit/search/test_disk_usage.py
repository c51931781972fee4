"""The disk usage of a home is measured once in a while, even if files are deleted meanwhile."""

import os

from search import disk_usage
from search.disk_usage import measure_disk_usage, read_disk_usage


def test_sizes_are_summed_and_measured_once(tmp_path, monkeypatch):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/one").write_bytes(b"12345")
    (tmp_path / "two").write_bytes(b"123")
    (tmp_path / "link").symlink_to(tmp_path / "two")
    size = 8 + (tmp_path / "link").lstat().st_size
    assert read_disk_usage(tmp_path) == measure_disk_usage(tmp_path) == size
    (tmp_path / "two").unlink()
    assert read_disk_usage(tmp_path) == size
    monkeypatch.setattr(disk_usage, "_measured", {})
    assert read_disk_usage(tmp_path) == size - 3


def test_folders_that_vanish_meanwhile_are_left_out(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    (tmp_path / "file").write_bytes(b"123")
    original = os.scandir

    def scandir(path):
        if path.endswith("gone"):
            raise FileNotFoundError(2, "No such file or directory")
        return original(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert measure_disk_usage(tmp_path) == 3
