"""The migration that adds folders lets cameras be found by words, and keeps what else names an item."""

from sqlalchemy import text

from search.storage.database import Database
from search.storage.lexical.index import WordIndex
from search.text.analysis import split_query
from tests.support.old_catalog import write_old_catalog

ROWS = """
INSERT INTO source (id, path, added_at) VALUES (1, '/m', '2024-01-01T00:00:00+00:00');
INSERT INTO item (id, source_id, path, type, state, size, mtime_ns, camera) VALUES
    (1, 1, '/m/trip/a.jpg', 'image', 'indexed', 1, 1, 'Apple iPhone 12'),
    (2, 1, '/m/b.jpg', 'image', 'indexed', 1, 1, NULL);
INSERT INTO segment (id, item_id, kind, text) VALUES
    (1, 1, 'image', NULL), (2, 1, 'name', 'trip/a.jpg'), (3, 2, 'name', 'm/b.jpg');
"""


def test_names_get_the_camera_and_items_their_folder(tmp_path):
    with write_old_catalog(tmp_path / "c.db", "0015") as connection:
        for statement in ROWS.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    database = Database(tmp_path / "c.db")
    with database.read() as db:
        names = db.execute(text("SELECT item_id, text FROM segment WHERE kind = 'name' ORDER BY item_id")).all()
        assert [tuple(row) for row in names] == [(1, "trip/a.jpg\niPhone 12"), (2, "m/b.jpg")]
        folders = db.execute(text("SELECT folder, name FROM item ORDER BY id")).all()
        assert [tuple(row) for row in folders] == [("/m/trip/", "a.jpg"), ("/m/", "b.jpg")]
    index = WordIndex(database)
    for word, found in (("iphone", 1), ("apple", 0), ("trip", 1)):
        wanted, _ = index.expand(split_query(word))
        assert [len(one.segments) for one in index.find(wanted)] == [found], word
    database.close()
