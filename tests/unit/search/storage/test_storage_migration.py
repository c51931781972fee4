"""The migration that lets storage come and go keeps what an earlier version stored."""

from sqlalchemy import text

from search.records import State
from search.storage.catalog import Catalog
from search.storage.database import Database
from search.storage.jobs import Jobs
from search.storage.ledger import Ledger
from search.storage.sources import Sources
from search.storage.volumes import Volumes
from tests.support.old_catalog import write_old_catalog

ROWS = """
INSERT INTO source (id, path, added_at) VALUES (1, '/m', '');
INSERT INTO item (id, source_id, path, state, reason, size, mtime_ns) VALUES
    (1, 1, '/m/a', 'indexed', NULL, 5, 7), (2, 1, '/m/b', 'failed', 'cannot be read: Input/output error', 5, 7),
    (3, 1, '/m/c', 'failed', 'the file is truncated', 5, 7);
INSERT INTO job (id, task, state, created_at) VALUES (1, '{"paths": []}', 'running', '')
"""


def test_files_that_could_not_be_read_are_tried_again_and_the_rest_is_kept(tmp_path):
    with write_old_catalog(tmp_path / "c.db", "0007") as connection:
        for statement in ROWS.split(";\n"):
            connection.execute(text(statement.replace(":", r"\:")))
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
