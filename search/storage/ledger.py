"""The ledger: every file of every source and its state."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from search.paths import name_file
from search.records import FileFacts, FileStamp, LedgerRow, SegmentKind, State
from search.storage import tables as t
from search.storage.database import Database, match_values, now, pack_values
from search.storage.filters import match_folder
from search.storage.hidden_items import hide_again, move_hidden
from search.storage.saving import save_rows
from search.storage.volumes import is_available

# Fetching rows one at a time takes a quarter longer.
ROWS_PER_FETCH = 1000
# Items have such a path, which no file can have, while they exchange their paths.
TEMPORARY_PATH = "renamed:"


class Ledger:
    """Reads and writes of the ledger. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def read_stamps(self, source_id: int, root: str) -> dict[str, FileStamp]:
        """Return the stamps of all files of a source at a path or below it, by path."""
        c = t.item.c
        # An item that could not be read is compared again, and so has no stamp.
        size = case((c.problem.is_(None), c.size), else_=-1)
        query = select(c.path, c.state, size, c.mtime_ns, c.sidecar, c.reason).where(
            c.source_id == source_id, match_folder(root)
        )
        with self.database.read() as db:
            return {
                path: FileStamp(*stamp)
                for rows in db.execute(query).partitions(ROWS_PER_FETCH)
                for path, *stamp in rows
            }

    def read_rows(self, paths: Iterable[str]) -> dict[str, LedgerRow]:
        """Return the rows of files by path; paths without a row are ignored."""
        c = t.item.c
        has_segments = exists().where(t.segment.c.item_id == c.id)
        columns = [has_segments if name == "has_segments" else c[name] for name in LedgerRow._fields]
        query = select(*columns).where(match_values(c.path))
        with self.database.read() as db:
            return {row[0]: LedgerRow._make(row) for row in db.execute(query, pack_values(paths))}

    def list_shared_sizes(self) -> set[int]:
        """Return the sizes, in bytes, that more than one file has; reads all rows."""
        query = select(t.item.c.size).group_by(t.item.c.size).having(func.count() > 1)
        with self.database.read() as db:
            return set(db.execute(query).scalars())

    def mark(self, files: Sequence[FileFacts], state: State, reason: str | None = None) -> None:
        """Set the state of files and delete their segments and embeddings."""
        with self.database.write() as db:
            save_rows(db, files, state, reason)

    def touch(self, files: Sequence[FileFacts]) -> None:
        """Store the new modification times of files whose content did not change."""
        with self.database.write() as db:
            for file in files:
                db.execute(
                    update(t.item)
                    .where(t.item.c.path == file.path)
                    .values(mtime_ns=file.mtime_ns, sidecar=file.sidecar, problem=None)
                )

    def mark_unread(self, reasons: Mapping[int, str]) -> None:
        """Store why the files of indexed items could not be read; their segments and embeddings are kept."""
        rows = [{"item": item_id, "problem": reason} for item_id, reason in reasons.items()]
        with self.database.write() as db:
            if rows:
                db.execute(update(t.item).where(t.item.c.id == bindparam("item")), rows)

    def mark_failed(self, file: FileFacts, reason: str, is_temporary: bool = False) -> None:
        """Set the state of a file that could not be decoded to `failed`.

        Args:
            file: The file.
            reason: Why it failed.
            is_temporary: The file could not be read, which may pass. The next run tries again, and an item that is
                indexed stays so.
        """
        c = t.item.c
        with self.database.write() as db:
            if is_temporary:
                kept = update(t.item).where(c.path == file.path, c.state == State.INDEXED).values(problem=reason)
                if db.execute(kept).rowcount:
                    return
            save_rows(db, [file.without_stamp() if is_temporary else file], State.FAILED, reason)

    def mark_missing(self, item_ids: Iterable[int]) -> None:
        """Set the state of items whose file no longer exists to `missing`; their embeddings are kept."""
        with self.database.write() as db:
            _set_state(db, item_ids, State.MISSING, now())

    def restore(self, item_ids: Iterable[int]) -> None:
        """Set the state of items to `indexed` whose unchanged files exist, can be read or are included again."""
        with self.database.write() as db:
            ids = list(item_ids)
            _set_state(db, ids, State.INDEXED, None)
            hide_again(db, ids)

    def hide(self, item_ids: Mapping[int, str | None], reason: str) -> None:
        """Set the state of items to `skipped`, so that searches do not return them; their embeddings are kept.

        Args:
            item_ids: For each item, the path of the item that it belongs to, if there is one.
            reason: Why they are skipped, for users.
        """
        c = t.item.c
        values = {"state": State.SKIPPED, "reason": reason, "missing_since": None}
        rows = [{"item": item_id, "belongs_to": owner} for item_id, owner in item_ids.items()]
        with self.database.write() as db:
            if rows:
                db.execute(update(t.item).where(c.id == bindparam("item")).values(values), rows)

    def has_postponed(self, roots: Iterable[str], reason: str) -> bool:
        """Return whether a file at one of some paths or below is pending for a reason."""
        c = t.item.c
        below = or_(false(), *map(match_folder, roots))
        query = select(c.id).where(c.state == State.PENDING, c.reason == reason, below).limit(1)
        with self.database.read() as db:
            return db.execute(query).first() is not None

    def list_missing(self, root: str, days: float) -> list[int]:
        """Return the ids of the items at a path or below it that have been missing for at least `days` days.

        Items on storage that is unavailable are left out.
        """
        c = t.item.c
        since = now(past=timedelta(days=days))
        query = select(c.id).where(
            match_folder(root), c.state == State.MISSING, c.missing_since <= since, is_available()
        )
        with self.database.read() as db:
            return [row[0] for row in db.execute(query)]

    def rename(self, files: Mapping[int, FileFacts]) -> None:
        """Store the new paths of items; their segments and embeddings are kept. Items may exchange their paths.

        Args:
            files: The file of each item at its new path.
        """
        c = t.item.c
        with self.database.write() as db:
            old_paths = {row.id: row.path for row in db.execute(_PATHS, pack_values(files))}
            # The rows that the scan added for the new paths have no segments yet.
            new_paths = pack_values(file.path for file in files.values())
            for row in db.execute(select(c.id).where(match_values(c.path)), new_paths).all():
                if row.id not in files:
                    db.execute(delete(t.item).where(c.id == row.id))
            for item_id in files:
                db.execute(update(t.item).where(c.id == item_id).values(path=f"{TEMPORARY_PATH}{item_id}"))
            for item_id, file in files.items():
                values = asdict(file) | {"state": State.INDEXED, "problem": None, "missing_since": None}
                values["reason"] = _keep_remark()
                db.execute(update(t.item).where(c.id == item_id).values(values))
                _rename_segment(db, item_id, old_paths.get(item_id, ""), file.path)
            move_hidden(db, old_paths, files)
            hide_again(db, files)

    def forget(self, item_ids: Iterable[int]) -> int:
        """Delete items with their segments and embeddings, and return the number of deleted items."""
        with self.database.write() as db:
            return db.execute(delete(t.item).where(match_values(t.item.c.id)), pack_values(item_ids)).rowcount


def _set_state(db: Connection, item_ids: Iterable[int], state: State, missing_since: str | None) -> None:
    values = {
        "state": state,
        "reason": _keep_remark(),
        "problem": None,
        "missing_since": missing_since,
        "belongs_to": None,
    }
    db.execute(update(t.item).where(match_values(t.item.c.id)).values(values), pack_values(item_ids))


def _keep_remark() -> ColumnElement[str | None]:
    """Return the reason without that of a skipped item. Of others it is a remark about their content, which stays."""
    return case((t.item.c.state == State.SKIPPED, null()), else_=t.item.c.reason)


def _rename_segment(db: Connection, item_id: int, old_path: str, new_path: str) -> None:
    """Replace the name of a file in the segment with its name. The segment gets no vector, so none becomes outdated."""
    c = t.segment.c
    old, new = name_file(old_path), name_file(new_path)
    query = select(t.segment).where(c.item_id == item_id, c.kind == SegmentKind.NAME)
    for row in db.execute(query).mappings().all():
        if old != new and (row["text"] or "").startswith(old):
            # The triggers of the full-text index follow rows that are added and deleted, not rows that are changed.
            db.execute(delete(t.segment).where(c.id == row["id"]))
            values = {name: value for name, value in row.items() if name != "id"}
            db.execute(insert(t.segment).values(values | {"text": new + row["text"][len(old) :]}))


_PATHS = select(t.item.c.id, t.item.c.path).where(match_values(t.item.c.id))
