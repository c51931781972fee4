"""Which changes a watcher reports."""

import threading

from indexer.worker.watch import follow_changes, list_home_names
from search.paths import is_below
from tests.support.clock import wait_for


def follow(home, root):
    """Return the changed paths, a list that grows, and the event that ends the watching."""
    changed, stop = [], threading.Event()

    def watch():
        for paths in follow_changes(home, [root], stop):
            changed.extend(paths)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return changed, stop, thread


def test_a_source_whose_path_begins_like_the_home_is_watched(tmp_path):
    home, photos = tmp_path / "cm", tmp_path / "cm-photos"
    home.mkdir()
    photos.mkdir()
    (photos / "first.jpg").touch()
    changed, stop, thread = follow(home, photos)

    def is_seen():
        (photos / "new.jpg").write_bytes(b"1")
        return str(photos / "new.jpg") in changed

    wait_for(is_seen, 10)
    stop.set()
    thread.join(10)


def test_changes_in_the_home_are_ignored_by_whatever_way_it_is_reached(tmp_path):
    root = tmp_path / "real"
    (root / "home").mkdir(parents=True)
    (tmp_path / "link").symlink_to(root)
    names = list_home_names(tmp_path / "link/home", [root, tmp_path / "link"])
    for path in (root / "home/catalogue.db", tmp_path / "link/home/catalogue.db"):
        assert any(is_below(str(path), name) for name in names)
    assert not any(is_below(str(root / "home-photos/a.jpg"), name) for name in names)
