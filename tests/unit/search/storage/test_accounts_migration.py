"""The migration that adds accounts keeps albums, saved searches and their ids."""

from sqlalchemy import text

from search.storage.albums import Albums
from search.storage.database import Database
from search.storage.saved_searches import SavedSearches
from tests.support.old_catalog import write_old_catalog

ROWS = """
INSERT INTO source (id, path, added_at, is_watched) VALUES (1, '/m', '2024', 1);
INSERT INTO item (id, source_id, path, state, size, mtime_ns) VALUES (1, 1, '/m/a.jpg', 'indexed', 5, 7);
INSERT INTO album (id, name, created_at) VALUES (3, 'Summer', '2024'), (7, 'Deleted', '2024');
DELETE FROM album WHERE id = 7;
INSERT INTO album_item (album_id, item_id) VALUES (3, 1);
INSERT INTO saved_search (id, name, request, address, created_at, checked_at)
    VALUES (2, 'cats', '{}', '/', '2024', '2024')
"""


def test_albums_and_searches_of_an_earlier_version_are_kept(tmp_path):
    with write_old_catalog(tmp_path / "c.db", "0011") as connection:
        for statement in ROWS.split(";\n"):
            connection.execute(text(statement))
    database = Database(tmp_path / "c.db")
    albums = Albums(database)
    assert [(album.id, album.name, album.count, album.cover, album.owner_id) for album in albums.list_all()] == [
        (3, "Summer", 1, 1, None)
    ]
    # The id of a deleted album is not used again.
    assert albums.add("New").id == 8
    assert [search.name for search in SavedSearches(database).list_all()] == ["cats"]
    with database.read() as db:
        assert db.execute(text("PRAGMA foreign_key_check")).all() == []
    database.close()
