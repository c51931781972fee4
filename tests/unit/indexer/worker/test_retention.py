"""What is kept for a limited time is deleted by the worker."""

import os
import time

from PIL import Image

from indexer.worker.retention import Retention
from search.storage.query_images import QueryImages
from search.storage.saved_searches import SavedSearches
from tests.support.formats import RED
from tests.support.indexing import index
from tests.support.webhooks import with_settings

DAY = 24 * 3600


def sweep(library, **settings):
    Retention(with_settings(library, **settings)).poll()


def make_uploads(library):
    """Store an old and a new file in the upload area, and index both."""
    folder = library.home.uploads / "trip"
    folder.mkdir(parents=True)
    RED.save(folder / "old.png")
    Image.new("RGB", (64, 64), (30, 225, 30)).save(library.home.uploads / "new.png")
    (folder / ".old.part").write_bytes(b"cut off")
    for name in ("old.png", ".old.part"):
        os.utime(folder / name, (time.time() - 3 * DAY,) * 2)
    library.sources.add(str(library.home.uploads))
    index(library, library.home.uploads)
    return folder


def test_old_uploads_are_deleted_and_new_ones_are_not(fresh):
    folder = make_uploads(fresh)
    sweep(fresh, upload_days=2)
    assert not folder.exists()
    assert [item.path for item in fresh.catalog.list_items()] == [str(fresh.home.uploads / "new.png")]


def test_without_the_setting_nothing_is_deleted(fresh):
    folder = make_uploads(fresh)
    sweep(fresh)
    sweep(fresh, upload_days=4)
    assert sorted(path.name for path in folder.iterdir()) == [".old.part", "old.png"]


def test_what_a_killed_server_was_receiving_is_deleted_after_a_day(fresh):
    fresh.home.uploads.mkdir()
    for name in (".upload-old.part", ".upload-new.part"):
        (fresh.home.uploads / name).write_bytes(b"x")
    os.utime(fresh.home.uploads / ".upload-old.part", (time.time() - 2 * DAY,) * 2)
    sweep(fresh)
    assert [path.name for path in fresh.home.uploads.iterdir()] == [".upload-new.part"]


def count_images(library):
    with library.database.read() as db:
        return db.exec_driver_sql("SELECT count(*) FROM query_image").scalar()


def test_unused_query_images_are_deleted(fresh):
    images = QueryImages(fresh.database)
    images.keep(b"old")
    with fresh.database.write() as db:
        db.exec_driver_sql("UPDATE query_image SET used_at = '2020-01-01T00:00:00+00:00'")
    images_id = QueryImages(fresh.database, 100_000).keep(b"new")
    sweep(fresh, query_image_days=100_000)
    assert count_images(fresh) == 2
    sweep(fresh)
    assert count_images(fresh) == 1
    assert images.read(images_id) == b"new"


def test_a_server_that_keeps_no_queries_deletes_the_images_of_before(fresh):
    QueryImages(fresh.database).keep(b"new")
    sweep(fresh, keep_queries=False)
    assert count_images(fresh) == 0


def test_old_results_of_watched_searches_are_deleted(fresh):
    make_uploads(fresh)
    saved = SavedSearches(fresh.database)
    search = saved.add("red", {"text": "red"}, "/", True, None)
    ids = [item.id for item in fresh.catalog.list_items()]
    saved.note(search.id, {ids[0]: 0.9}, "2020-01-01T00:00:00+00:00")
    saved.note(search.id, {ids[1]: 0.9}, "2999-01-01T00:00:00+00:00")
    sweep(fresh)
    assert len(saved.list_found(search.id)) == 2
    sweep(fresh, result_days=30)
    assert list(saved.list_found(search.id)) == [ids[1]]
