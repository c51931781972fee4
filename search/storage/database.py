"""The SQL database of a home: connections and schema migrations."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Select,
    bindparam,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from search.errors import HomeError
from search.records import Ids
from search.text.analysis import analyze
from search.text.names import compose_name, fold_name

# The revision of the newest migration.
SCHEMA = "0024"
BUSY_TIMEOUT_MS = 30_000
# Wait until the disk has every commit; the unit tests, which end no process, turn it off.
SYNCHRONOUS = "FULL"
CACHE_KIB = 16_384

ERROR_MESSAGES = {
    sqlite3.SQLITE_BUSY: "another process has locked it; try again when that process has ended",
    sqlite3.SQLITE_FULL: "the disk is full; data that was written before is safe. Free some space and try again",
    sqlite3.SQLITE_IOERR: "the disk reported an error; data that was written before is safe. Check the disk",
    sqlite3.SQLITE_READONLY: "permission denied; check the permissions of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the permissions and free space of its folder",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore it from a backup",
    sqlite3.SQLITE_NOTADB: "it is not a database; choose another home with --home",
}


def now(past: timedelta = timedelta()) -> str:
    """Return the current time in UTC as ISO 8601, in whole seconds.

    Args:
        past: Return the time this long ago instead.
    """
    return (datetime.now(UTC) - past).isoformat(timespec="seconds")


_BUMP_REVISION = text(
    "INSERT INTO setting (key, value) VALUES ('revision', '1') "
    "ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
)


class Database:
    """Connections to one SQLite file, all with foreign keys, WAL and full synchronization.

    Attributes:
        path: The file.
        engine: The connection pool.
    """

    def __init__(self, path: Path) -> None:
        """Open the file at `path`; create or migrate its schema. Raises HomeError when that fails."""
        self.path = path
        self.engine = _make_engine(path)
        try:
            self._migrate()
        except DBAPIError as error:
            self.close()
            raise HomeError(f"cannot open the catalog {path}: {error.orig}") from error
        except HomeError:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection that sees one consistent state. Raises HomeError as `write` does."""
        with self._translate_errors("read"), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, bump_revision: bool = True) -> Iterator[Connection]:
        """Open a connection in a transaction that is the only writer, and commit at the end.

        Args:
            bump_revision: Whether readers must reload; False when the change does not affect search results.

        Raises:
            HomeError: The file is locked for too long, the disk is full or fails, or permission is denied. Nothing is
                written then.
        """
        with (
            self._translate_errors("written"),
            self.engine.connect().execution_options(write=True) as connection,
            connection.begin(),
        ):
            yield connection
            if bump_revision:
                connection.execute(_BUMP_REVISION)

    def store_use(self, statement: Executable) -> None:
        """Store that something was used, unless the catalog cannot be written: a full disk must not refuse a reader."""
        with suppress(HomeError), self.write(bump_revision=False) as db:
            db.execute(statement)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    @contextmanager
    def _translate_errors(self, action: str) -> Iterator[None]:
        """Translate SQLite errors that users can fix (disk, permissions, locks) to HomeError; re-raise the others."""
        try:
            yield
        except DBAPIError as error:
            # The low byte is the primary error code.
            code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
            if code not in ERROR_MESSAGES:
                raise
            raise HomeError(f"the catalog {self.path} cannot be {action}: {ERROR_MESSAGES[code]}") from error

    def _migrate(self) -> None:
        with self.engine.connect() as connection:
            schema = _read_schema(connection)
        if schema == SCHEMA:
            return
        if schema is not None and schema > SCHEMA:
            raise HomeError(
                f"{self.path} was created by a newer version of crossmodal (schema {schema}): upgrade crossmodal"
            )
        from alembic import command
        from alembic.config import Config

        with self.engine.connect().execution_options(write=True) as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            # With foreign keys enabled, recreating a table would delete the rows that refer to it. The pragma is set
            # here, since it has no effect inside a transaction.
            driver.execute("PRAGMA foreign_keys = OFF")
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            config.set_main_option("path_separator", "os")
            config.attributes["connection"] = connection
            command.upgrade(config, SCHEMA)
            connection.commit()
            driver.execute("PRAGMA foreign_keys = ON")


def match_values(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a column is one of the values that `pack_values` binds.

    All such conditions in a statement share the same values.
    """
    rows = func.json_each(bindparam("values")).table_valued("value")
    return column.in_(select(rows.c.value))


def pack_values(values: Iterable[int | str]) -> dict[str, str]:
    """Return the parameter of `match_values`: all values as one JSON array, since SQLite limits parameters."""
    return {"values": json.dumps(list(values))}


def join_ids(query: Select[Any]) -> Select[Any]:
    """Return a query that joins all ids of another query into one comma-separated text, for `read_ids`.

    For 100,000 ids this is ten times as fast as reading one row per id.

    Args:
        query: A query with one column, the ids.
    """
    return select(func.group_concat(query.subquery().c[0]))


def read_ids(database: Database, joined: Select[Any]) -> Ids:
    """Return the ids that a query from `join_ids` selects, ascending, shape (n,)."""
    with database.read() as db:
        return parse_ids(db.execute(joined).scalar())


def parse_ids(joined: str | int | None) -> Ids:
    """Return the ids in the result of SQLite's `group_concat`, ascending, shape (n,)."""
    return np.sort(np.fromstring(str(joined), np.int64, sep=",")) if joined else np.zeros(0, np.int64)


def _read_schema(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _make_engine(path: Path) -> Engine:
    # Errors are logged, and parameters can be what a user has searched for.
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # Turn off the driver's own transactions, which begin only at the first write; `_begin` starts them earlier.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {SYNCHRONOUS}",
            "foreign_keys = ON",
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            f"cache_size = -{CACHE_KIB}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        # This table lists every occurrence of every word. It is a view of the index, so it can be temporary.
        connection.execute("CREATE VIRTUAL TABLE temp.words_instance USING fts5vocab (main, words, instance)")
        connection.create_function("fold_name", 1, fold_name, deterministic=True)
        connection.create_function("compose_name", 1, compose_name, deterministic=True)
        # Called by the triggers that update the full-text index.
        analyze_once = lru_cache(maxsize=1)(analyze)  # a trigger calls both functions with the same text
        connection.create_function(
            "list_pieces", 1, lambda value: " ".join(analyze_once(value).pieces), deterministic=True
        )
        connection.create_function(
            "list_wholes", 1, lambda value: " ".join(analyze_once(value).wholes), deterministic=True
        )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine
