"""The migration that adds parts and excluded patterns keeps what an earlier version stored."""

from sqlalchemy import text

from search.storage.catalog import Catalog
from search.storage.database import Database
from search.storage.sources import Sources
from tests.support.old_catalog import write_old_catalog

ROWS = """
INSERT INTO source (id, path, added_at, is_watched) VALUES (1, '/m', '2024', 1);
INSERT INTO item (id, source_id, path, state, reason, size, mtime_ns) VALUES
    (1, 1, '/m/a.jpg', 'indexed', NULL, 5, 7), (2, 1, '/m/a.xmp', 'skipped', 'indexed together with a.jpg', 5, 7)
"""


def test_sources_and_items_of_an_earlier_version_are_kept(tmp_path):
    with write_old_catalog(tmp_path / "c.db", "0007") as connection:
        for statement in ROWS.split(";\n"):
            connection.execute(text(statement))
    database = Database(tmp_path / "c.db")
    source = Sources(database).get(1)
    assert (source.path, source.is_watched, source.exclude, source.reads_hidden) == ("/m", True, (), False)
    items = Catalog(database).list_items()
    assert [(item.path, item.belongs_to) for item in items] == [("/m/a.jpg", None), ("/m/a.xmp", None)]
    Sources(database).set_rules(1, ["*.tmp"], True)
    source = Sources(database).get(1)
    assert (source.exclude, source.reads_hidden) == (("*.tmp",), True)
    database.close()
