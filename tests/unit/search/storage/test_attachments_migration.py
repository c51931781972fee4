"""The migration that adds parts and excluded patterns keeps what an earlier version stored."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from search.storage import migrations
from search.storage.catalog import Catalog
from search.storage.database import Database
from search.storage.sources import Sources

ROWS = """
INSERT INTO source (id, path, added_at, is_watched) VALUES (1, '/m', '2024', 1);
INSERT INTO item (id, source_id, path, state, reason, size, mtime_ns) VALUES
    (1, 1, '/m/a.jpg', 'indexed', NULL, 5, 7), (2, 1, '/m/a.xmp', 'skipped', 'indexed together with a.jpg', 5, 7)
"""


def test_sources_and_items_of_an_earlier_version_are_kept(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'c.db'}")
    with engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        for function in ("list_pieces", "list_wholes"):
            connection.connection.driver_connection.create_function(function, 1, str)
        command.upgrade(config, "0007")
        for statement in ROWS.split(";\n"):
            connection.execute(text(statement))
        connection.commit()
    engine.dispose()
    database = Database(tmp_path / "c.db")
    source = Sources(database).get(1)
    assert (source.path, source.is_watched, source.exclude, source.reads_hidden) == ("/m", True, (), False)
    items = Catalog(database).list_items()
    assert [(item.path, item.belongs_to) for item in items] == [("/m/a.jpg", None), ("/m/a.xmp", None)]
    Sources(database).set_rules(1, ["*.tmp"], True)
    source = Sources(database).get(1)
    assert (source.exclude, source.reads_hidden) == (("*.tmp",), True)
    database.close()
