"""The sources of a library."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from search.errors import NotFoundError, UsageError
from search.exclusion import move_patterns
from search.paths import is_below
from search.records import EVERYTHING, Rights, Source
from search.storage import account_tables as a
from search.storage import tables as t
from search.storage.database import Database, now


class Sources:
    """Reads and writes of the sources. Each method that writes is one transaction.

    Sources that the caller may not read are left out.
    """

    def __init__(self, database: Database, rights: Rights = EVERYTHING) -> None:
        self._database = database
        self._rights = rights

    def add(self, path: str) -> int:
        """Add a source, if there is none with this root folder, and return its id."""
        with self._database.write() as db:
            row = upsert(t.source).values(path=path, added_at=now()).on_conflict_do_nothing()
            db.execute(row)
            return int(db.execute(select(t.source.c.id).where(t.source.c.path == path)).scalar_one())

    def require_mergeable(self, root: str, uploads: str) -> None:
        """Raise UsageError if accounts or keys have rights for a source that `merge` would delete.

        Args:
            root: The folder that is to become a source, or is one. One inside another source takes none in.
            uploads: The folder of uploads, which stays a separate source.
        """
        above = self.find_above(root)
        if above is not None and above.path != root:
            return
        with self._database.read() as db:
            _require_no_rights(db, root, uploads)

    def merge(self, root: str, source_id: int, uploads: str) -> list[str]:
        """Move the items and patterns of all sources below a folder to one source, and delete those sources.

        Args:
            root: The folder.
            source_id: Its source.
            uploads: The folder of uploads, which stays a separate source: others may read it than what is around it.

        Returns:
            The paths of the deleted sources.

        Raises:
            UsageError: Accounts or keys have rights for one of them.
        """
        below = _is_nested(root, uploads)
        nested = select(t.source.c.id).where(below)
        with self._database.read() as db:
            if db.execute(nested.limit(1)).first() is None:
                return []
        with self._database.write() as db:
            _require_no_rights(db, root, uploads)
            for table in (t.item, t.volume):
                db.execute(update(table).where(table.c.source_id.in_(nested)).values(source_id=source_id))
            sources = [_make_source(row) for row in db.execute(select(t.source).where(below).order_by(t.source.c.path))]
            moved = [
                pattern
                for source in sources
                for pattern in move_patterns(source.exclude, source.path[len(root.rstrip("/")) :])
            ]
            if moved:
                exclude = db.execute(select(t.source.c.exclude).where(t.source.c.id == source_id)).scalar()
                patterns = json.dumps([*json.loads(exclude or "[]"), *moved])
                db.execute(update(t.source).where(t.source.c.id == source_id).values(exclude=patterns))
            db.execute(delete(t.source).where(below))
        return [source.path for source in sources]

    def find_above(self, path: str) -> Source | None:
        """Return the source that contains a path, the innermost if there are several; None if there is none."""
        sources = [source for source in self.list_all() if is_below(path, source.path)]
        return max(sources, key=lambda source: len(source.path), default=None)

    def list_all(self) -> list[Source]:
        """Return every source in order of path."""
        with self._database.read() as db:
            return [_make_source(row) for row in db.execute(self._select().order_by(t.source.c.path))]

    def get(self, source_id: int) -> Source:
        """Return one source. Raises NotFoundError."""
        with self._database.read() as db:
            row = db.execute(self._select().where(t.source.c.id == source_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no source {source_id}. GET /api/v1/sources lists the sources.")
        return _make_source(row)

    def watch(self, source_id: int, is_watched: bool) -> None:
        """Set whether the worker indexes changes in a source automatically."""
        with self._database.write() as db:
            db.execute(update(t.source).where(t.source.c.id == source_id).values(is_watched=is_watched))

    def set_rules(self, source_id: int, exclude: Sequence[str] | None = None, reads_hidden: bool | None = None) -> None:
        """Set which files of a source are indexed.

        Args:
            source_id: The source.
            exclude: Patterns of files and folders that are not indexed; None keeps the current ones.
            reads_hidden: Whether hidden files and folders are indexed; None keeps the current value.
        """
        values: dict[str, Any] = {} if exclude is None else {"exclude": json.dumps(list(exclude)) if exclude else None}
        if reads_hidden is not None:
            values["reads_hidden"] = reads_hidden
        if values:
            with self._database.write() as db:
                db.execute(update(t.source).where(t.source.c.id == source_id).values(values))

    def set_problem(self, source_id: int, problem: str | None) -> None:
        """Store why changes in a source cannot be watched; None if they can be."""
        c = t.source.c
        with self._database.write(bump_revision=False) as db:
            db.execute(update(t.source).where(c.id == source_id, c.problem.is_not(problem)).values(problem=problem))

    def forget(self, source_id: int) -> None:
        """Delete a source with all its items and everything derived from them; files are not changed."""
        with self._database.write() as db:
            db.execute(delete(t.source).where(t.source.c.id == source_id))

    def _select(self) -> Select[Any]:
        allowed = self._rights.sources
        return select(t.source) if allowed is None else select(t.source).where(t.source.c.id.in_(allowed))


def explain_removed(path: str) -> str:
    """Return why a job does not index a path that is not in a source."""
    return f"{path} is not in a source of the library. To index it, add its folder again."


def _is_nested(root: str, uploads: str) -> ColumnElement[bool]:
    path = t.source.c.path
    return and_(path.startswith(root.rstrip("/") + "/", autoescape=True), path != root, path != uploads)


def _require_no_rights(db: Connection, root: str, uploads: str) -> None:
    """Raise UsageError if accounts or keys have rights for a source below a folder."""
    account, key, path = a.account.c, a.api_key.c, t.source.c.path
    accounts = select(path, account.name).select_from(t.source).join(a.account_source).join(a.account)
    keys = select(path, key.prefix).select_from(t.source).join(a.api_key_source).join(a.api_key)
    below = _is_nested(root, uploads)
    holders = [
        (where, f"account {name}") for where, name in db.execute(accounts.where(below).order_by(path, account.id))
    ]
    holders += [(where, f"key {prefix}…") for where, prefix in db.execute(keys.where(below).order_by(path, key.id))]
    if not holders:
        return
    nested = min(where for where, _ in holders)
    names = ", ".join(name for where, name in holders if where == nested)
    raise UsageError(
        f"{root} would take in the source {nested}, for which these have rights: {names}. Change the folders of the "
        "accounts and delete the keys first, or index other folders."
    )


def _make_source(row: Row[Any]) -> Source:
    values = dict(row._mapping)
    return Source(**values | {"exclude": tuple(json.loads(values["exclude"] or "[]"))})
