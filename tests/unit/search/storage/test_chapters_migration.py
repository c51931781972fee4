"""Chapters of recordings that were indexed before become chapters; other passages stay what they are."""

from search.storage.catalog import Catalog
from search.storage.database import Database
from tests.support.old_catalog import write_old_catalog


def test_titles_of_chapters_become_chapters(tmp_path):
    path = tmp_path / "catalogue.db"
    with write_old_catalog(path, "0015") as db:
        db.exec_driver_sql("INSERT INTO source (id, path, added_at) VALUES (1, '/a', '2024-01-01')")
        for number, kind in enumerate(("audio", "video", "document"), 1):
            db.exec_driver_sql(
                "INSERT INTO item (id, source_id, path, type, state, size, mtime_ns) "
                "VALUES (?, 1, ?, ?, 'indexed', 1, 1)",
                (number, f"/a/{number}", kind),
            )
            db.exec_driver_sql(
                "INSERT INTO segment (item_id, kind, text, start) VALUES (?, 'passage', 'The Whale', 2.0)", (number,)
            )
            db.exec_driver_sql("INSERT INTO segment (item_id, kind, text) VALUES (?, 'passage', 'About it')", (number,))
    database = Database(path)
    catalog = Catalog(database)
    kinds = [[found.segment.kind for found in catalog.list_segments(number)] for number in (1, 2, 3)]
    assert kinds == [["chapter", "passage"], ["chapter", "passage"], ["passage", "passage"]]
    assert catalog.list_segments(1)[0].segment.language is None
    database.close()
