"""Opening the SQL database of a home: connection rules and schema migrations."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
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

SCHEMA = "0007"
BUSY_TIMEOUT_MS = 30_000
CACHE_KIB = 16_384

REASONS = {
    sqlite3.SQLITE_BUSY: "another process has locked it; try again when that is done",
    sqlite3.SQLITE_FULL: "the disk is full; what was written before is safe",
    sqlite3.SQLITE_IOERR: "the disk reports an error; what was written before is safe",
    sqlite3.SQLITE_READONLY: "there is no right to write it",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; look at its folder's rights and room",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore it from a backup",
    sqlite3.SQLITE_NOTADB: "it is not a database",
}


def now(past: timedelta = timedelta()) -> str:
    """Return the present moment, or one so long past, in UTC as ISO 8601, to the second."""
    return (datetime.now(UTC) - past).isoformat(timespec="seconds")


_MOVE_REVISION = text(
    "INSERT INTO setting (key, value) VALUES ('revision', '1') "
    "ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
)


class Database:
    """Connections to one SQLite file, every one with foreign keys, WAL and full synchronization on."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path`, creating or migrating the schema. Raises HomeError when it cannot."""
        self.path = path
        self.engine = _make_engine(path)
        try:
            self._migrate()
        except DBAPIError as error:
            raise HomeError(f"cannot open the catalog {path}: {error.orig}") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Return a connection that sees one consistent state. Raises HomeError as `write` does."""
        with self._explain("read"), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, bump_revision: bool = True) -> Iterator[Connection]:
        """Return a connection inside one transaction that is the only writer; commit at the end.

        Args:
            bump_revision: Whether readers should notice; False when nothing that is searched changes.

        Raises:
            HomeError: If the file is locked for too long, the disk is full or fails, or permission is denied. Nothing
                is written then.
        """
        with (
            self._explain("written"),
            self.engine.connect().execution_options(write=True) as connection,
            connection.begin(),
        ):
            yield connection
            if bump_revision:
                connection.execute(_MOVE_REVISION)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    @contextmanager
    def _explain(self, what: str) -> Iterator[None]:
        """Turn what SQLite says of the disk and of other processes into one clear line."""
        try:
            yield
        except DBAPIError as error:
            # The low byte is the code, what is above it its finer kind.
            code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
            if code not in REASONS:
                raise
            raise HomeError(f"the catalog {self.path} cannot be {what}: {REASONS[code]}") from error

    def _migrate(self) -> None:
        with self.engine.connect() as connection:
            found = _read_schema(connection)
        if found == SCHEMA:
            return
        if found is not None and found > SCHEMA:
            raise HomeError(f"{self.path} was made by a newer version of crossmodal (schema {found})")
        from alembic import command
        from alembic.config import Config

        with self.engine.connect().execution_options(write=True) as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            # With foreign keys, making a table again would delete the rows that refer to it. It takes effect only
            # outside a transaction.
            driver.execute("PRAGMA foreign_keys = OFF")
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            config.set_main_option("path_separator", "os")
            config.attributes["connection"] = connection
            command.upgrade(config, SCHEMA)
            connection.commit()
            driver.execute("PRAGMA foreign_keys = ON")


def match_values(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of the values bound as `values` by `pack_values`."""
    rows = func.json_each(bindparam("values")).table_valued("value")
    return column.in_(select(rows.c.value))


def pack_values(values: Iterable[int | str]) -> dict[str, str]:
    """Return any number of values as one parameter: how many parameters a statement takes is limited."""
    return {"values": json.dumps(list(values))}


def join_ids(query: Select[Any]) -> Select[Any]:
    """Make a query of one column give its numbers as one text, for `read_ids`.

    For a hundred thousand that is ten times faster than a row for each.
    """
    return select(func.group_concat(query.subquery().c[0]))


def read_ids(database: Database, joined: Select[Any]) -> Ids:
    """Return the numbers that a query of `join_ids` finds, ascending."""
    with database.read() as db:
        return parse_ids(db.execute(joined).scalar())


def parse_ids(joined: str | int | None) -> Ids:
    """Return the numbers of what SQLite's group_concat gave, ascending."""
    return np.sort(np.fromstring(str(joined), np.int64, sep=",")) if joined else np.zeros(0, np.int64)


def _read_schema(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _make_engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # The driver's own transaction handling starts too late (at the first write); we begin ourselves.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            f"cache_size = -{CACHE_KIB}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        # Every occurrence of a word, of which frequencies are counted; in memory, since it holds nothing itself.
        connection.execute("CREATE VIRTUAL TABLE temp.words_instance USING fts5vocab (main, words, instance)")
        connection.create_function("fold", 1, str.casefold, deterministic=True)
        # The triggers that keep the full-text index call these.
        connection.create_function("list_pieces", 1, lambda value: " ".join(analyze(value).pieces), deterministic=True)
        connection.create_function("list_wholes", 1, lambda value: " ".join(analyze(value).wholes), deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine
