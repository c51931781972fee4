"""A catalog as an earlier version of the schema stored it, to test that migrations keep what is in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine

from search.storage import migrations


@contextmanager
def write_old_catalog(path: Path, revision: str, list_words: Callable[[str], str] = str) -> Iterator[Connection]:
    """Create a catalog with the schema of a revision, and yield a connection to fill it. Commits at the end.

    Args:
        path: The database file.
        revision: The revision of the schema.
        list_words: Stands in for the functions that the triggers of the full-text index call.
    """
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        for function in ("list_pieces", "list_wholes"):
            connection.connection.driver_connection.create_function(function, 1, list_words)
        command.upgrade(config, revision)
        yield connection
        connection.commit()
    engine.dispose()
