"""Recordings that an earlier version indexed are counted until they are indexed again."""

from search.records import FileFacts, ItemType, MediaFacts, Record, Segment, SegmentKind
from search.storage.catalog import Catalog
from search.storage.database import Database
from search.storage.earlier_recordings import count_earlier_recordings
from tests.support.old_catalog import write_old_catalog


def save(catalog, path, kind):
    record = Record(FileFacts(path, 1, kind, 1, 2), "", MediaFacts(), [Segment(SegmentKind.NAME, path)], [])
    return catalog.save_items([record])[0]


def test_recordings_of_an_older_catalog_are_counted_until_they_are_indexed_again(tmp_path):
    path = tmp_path / "catalogue.db"
    with write_old_catalog(path, "0023") as db:
        db.exec_driver_sql("INSERT INTO source (id, path, added_at) VALUES (1, '/a', '2024-01-01')")
        for number, kind in enumerate(("audio", "video", "video", "image"), 1):
            db.exec_driver_sql(
                "INSERT INTO item (id, source_id, path, type, state, size, mtime_ns) "
                "VALUES (?, 1, ?, ?, 'indexed', 1, 1)",
                (number, f"/a/{number}", kind),
            )
            db.exec_driver_sql("INSERT INTO segment (item_id, kind, text) VALUES (?, 'name', 'x')", (number,))
    database = Database(path)
    catalog = Catalog(database)
    assert count_earlier_recordings(database) == 3
    assert save(catalog, "/a/2", ItemType.VIDEO) == 2
    save(catalog, "/a/new", ItemType.AUDIO)
    assert count_earlier_recordings(database) == 2
    database.close()


def test_a_new_catalog_has_none(database):
    assert count_earlier_recordings(database) == 0
