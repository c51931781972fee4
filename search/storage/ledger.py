"""The ledger: every file of every source and its state."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import case, delete, func, select, update

from search.records import FileFacts, FileStamp, LedgerRow, State
from search.storage import tables as t
from search.storage.database import Database, match_values, now, pack_values
from search.storage.filters import match_folder
from search.storage.saving import save_rows
from search.storage.volumes import is_available

# Fetching rows one at a time takes a quarter longer.
ROWS_PER_FETCH = 1000


class Ledger:
    """Reads and writes of the ledger. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read_stamps(self, source_id: int, root: str) -> dict[str, FileStamp]:
        """Return the stamps of all files of a source at a path or below it, by path."""
        c = t.item.c
        # An item that could not be read is compared again, and so has no stamp.
        size = case((c.problem.is_(None), c.size), else_=-1)
        query = select(c.path, c.state, size, c.mtime_ns, c.sidecar).where(c.source_id == source_id, match_folder(root))
        with self._database.read() as db:
            return {
                path: FileStamp(*stamp)
                for rows in db.execute(query).partitions(ROWS_PER_FETCH)
                for path, *stamp in rows
            }

    def read_rows(self, paths: Iterable[str]) -> dict[str, LedgerRow]:
        """Return the rows of files by path; paths without a row are ignored."""
        c = t.item.c
        query = select(*(c[name] for name in LedgerRow._fields)).where(match_values(c.path))
        with self._database.read() as db:
            return {row[0]: LedgerRow._make(row) for row in db.execute(query, pack_values(paths))}

    def list_shared_sizes(self) -> set[int]:
        """Return the sizes, in bytes, that more than one file has; reads all rows."""
        query = select(t.item.c.size).group_by(t.item.c.size).having(func.count() > 1)
        with self._database.read() as db:
            return set(db.execute(query).scalars())

    def mark(self, files: Sequence[FileFacts], state: State, reason: str | None = None) -> None:
        """Set the state of files and delete their segments and embeddings."""
        with self._database.write() as db:
            save_rows(db, files, state, reason)

    def touch(self, files: Sequence[FileFacts]) -> None:
        """Store the new modification times of files whose content did not change."""
        with self._database.write() as db:
            for file in files:
                db.execute(
                    update(t.item)
                    .where(t.item.c.path == file.path)
                    .values(mtime_ns=file.mtime_ns, sidecar=file.sidecar, problem=None)
                )

    def mark_unread(self, reasons: Mapping[int, str]) -> None:
        """Store why the files of indexed items could not be read; their segments and embeddings are kept."""
        with self._database.write() as db:
            for item_id, reason in reasons.items():
                db.execute(update(t.item).where(t.item.c.id == item_id).values(problem=reason))

    def mark_failed(self, file: FileFacts, reason: str, is_temporary: bool = False) -> None:
        """Set the state of a file that could not be decoded to `failed`.

        Args:
            file: The file.
            reason: Why it failed.
            is_temporary: The file could not be read, which may pass. The next run tries again, and an item that is
                indexed stays so.
        """
        c = t.item.c
        with self._database.write() as db:
            if is_temporary:
                kept = update(t.item).where(c.path == file.path, c.state == State.INDEXED).values(problem=reason)
                if db.execute(kept).rowcount:
                    return
            save_rows(db, [file.without_stamp() if is_temporary else file], State.FAILED, reason)

    def mark_missing(self, item_ids: Iterable[int]) -> None:
        """Set the state of items whose file no longer exists to `missing`; their embeddings are kept."""
        self._set_state(item_ids, State.MISSING, now())

    def restore(self, item_ids: Iterable[int]) -> None:
        """Set the state of items to `indexed` whose files exist again, or can be read again, with the same content."""
        self._set_state(item_ids, State.INDEXED, None)

    def list_missing(self, root: str, days: float) -> list[int]:
        """Return the ids of the items at a path or below it that have been missing for at least `days` days.

        Items on storage that is unavailable are left out.
        """
        c = t.item.c
        since = now(past=timedelta(days=days))
        query = select(c.id).where(
            match_folder(root), c.state == State.MISSING, c.missing_since <= since, is_available()
        )
        with self._database.read() as db:
            return [row[0] for row in db.execute(query)]

    def rename(self, item_id: int, file: FileFacts) -> None:
        """Store the new path of an item's file; its segments and embeddings are kept."""
        with self._database.write() as db:
            # The row that the scan added for the new path has no segments yet.
            db.execute(delete(t.item).where(t.item.c.path == file.path, t.item.c.id != item_id))
            values = asdict(file) | {"state": State.INDEXED, "missing_since": None, "problem": None}
            db.execute(update(t.item).where(t.item.c.id == item_id).values(values))

    def forget(self, item_ids: Iterable[int]) -> int:
        """Delete items with their segments and embeddings, and return the number of deleted items."""
        with self._database.write() as db:
            return db.execute(delete(t.item).where(match_values(t.item.c.id)), pack_values(item_ids)).rowcount

    def _set_state(self, item_ids: Iterable[int], state: State, missing_since: str | None) -> None:
        values = {"state": state, "missing_since": missing_since, "problem": None}
        with self._database.write() as db:
            db.execute(update(t.item).where(match_values(t.item.c.id)).values(values), pack_values(item_ids))
