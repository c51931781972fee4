"""The migration that lets storage come and go keeps what an earlier version stored."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from search.records import State
from search.storage import migrations
from search.storage.catalog import Catalog
from search.storage.database import Database
from search.storage.jobs import Jobs
from search.storage.ledger import Ledger
from search.storage.sources import Sources
from search.storage.volumes import Volumes

ROWS = """
INSERT INTO source (id, path, added_at) VALUES (1, '/m', '');
INSERT INTO item (id, source_id, path, state, reason, size, mtime_ns) VALUES
    (1, 1, '/m/a', 'indexed', NULL, 5, 7), (2, 1, '/m/b', 'failed', 'cannot be read: Input/output error', 5, 7),
    (3, 1, '/m/c', 'failed', 'the file is truncated', 5, 7);
INSERT INTO job (id, task, state, created_at) VALUES (1, '{"paths": []}', 'running', '')
"""


def test_files_that_could_not_be_read_are_tried_again_and_the_rest_is_kept(tmp_path):
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
            connection.execute(text(statement.replace(":", r"\:")))
        connection.commit()
    engine.dispose()
    database = Database(tmp_path / "c.db")
    stamps = {path: stamp[:4] for path, stamp in Ledger(database).read_stamps(1, "/m").items()}
    assert stamps == {
        "/m/a": (State.INDEXED, 5, 7, None),
        "/m/b": (State.FAILED, 0, 0, None),
        "/m/c": (State.FAILED, 5, 7, None),
    }
    assert [item.is_available for item in Catalog(database).list_items()] == [True] * 3
    assert (Volumes(database).list_all(), Jobs(database).get(1).attempts) == ([], 0)
    assert Sources(database).get(1).problem is None
    database.close()
