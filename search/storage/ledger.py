"""The ledger: every file that was ever met, and what became of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from search.records import FileFacts, FileStamp, LedgerRow, State
from search.storage import tables as t
from search.storage.database import Database, match_values, now, pack_values
from search.storage.filters import match_folder
from search.storage.saving import save_rows

# Reading rows one by one takes a quarter longer.
ROWS_PER_FETCH = 1000


class Ledger:
    """What scans compare files with, and write. Every public write is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read_stamps(self, source_id: int, root: str) -> dict[str, FileStamp]:
        """Return by what every file of a source at or below a path can be told to be as it was, by path."""
        c = t.item.c
        query = select(c.path, c.state, c.size, c.mtime_ns, c.sidecar).where(
            c.source_id == source_id, match_folder(root)
        )
        with self._database.read() as db:
            return {
                path: FileStamp(*stamp)
                for rows in db.execute(query).partitions(ROWS_PER_FETCH)
                for path, *stamp in rows
            }

    def read_rows(self, paths: Iterable[str]) -> dict[str, LedgerRow]:
        """Return what is known of files, by path."""
        c = t.item.c
        query = select(*(c[name] for name in LedgerRow._fields)).where(match_values(c.path))
        with self._database.read() as db:
            return {row[0]: LedgerRow._make(row) for row in db.execute(query, pack_values(paths))}

    def list_shared_sizes(self) -> set[int]:
        """Return the sizes, in bytes, that more than one file has; looks through all of them."""
        query = select(t.item.c.size).group_by(t.item.c.size).having(func.count() > 1)
        with self._database.read() as db:
            return set(db.execute(query).scalars())

    def mark(self, files: Sequence[FileFacts], state: State, reason: str | None = None) -> None:
        """Put files into a state, in one transaction; what was embedded of them is dropped."""
        with self._database.write() as db:
            save_rows(db, files, state, reason)

    def touch(self, files: Sequence[FileFacts]) -> None:
        """Note the new modification times of files whose content is as it was."""
        with self._database.write() as db:
            for file in files:
                db.execute(
                    update(t.item)
                    .where(t.item.c.path == file.path)
                    .values(mtime_ns=file.mtime_ns, sidecar=file.sidecar)
                )

    def mark_missing(self, item_ids: Iterable[int]) -> None:
        """Put items whose file was not found into the state `missing`; embeddings stay."""
        self._set_state(item_ids, State.MISSING, now())

    def restore(self, item_ids: Iterable[int]) -> None:
        """Put missing items whose unchanged file is back into the state `indexed`."""
        self._set_state(item_ids, State.INDEXED, None)

    def list_missing(self, root: str, days: float) -> list[int]:
        """Return the items at a path or below it that have been missing for at least so many days."""
        c = t.item.c
        since = now(past=timedelta(days=days))
        query = select(c.id).where(match_folder(root), c.state == State.MISSING, c.missing_since <= since)
        with self._database.read() as db:
            return [row[0] for row in db.execute(query)]

    def rename(self, item_id: int, file: FileFacts) -> None:
        """Return an item its file's new path; segments and embeddings stay."""
        with self._database.write() as db:
            # A row that the scan made for the new path holds nothing yet.
            db.execute(delete(t.item).where(t.item.c.path == file.path, t.item.c.id != item_id))
            values = asdict(file) | {"state": State.INDEXED, "missing_since": None}
            db.execute(update(t.item).where(t.item.c.id == item_id).values(values))

    def forget(self, item_ids: Iterable[int]) -> int:
        """Remove items and all that was derived from them; give how many there were."""
        with self._database.write() as db:
            return db.execute(delete(t.item).where(match_values(t.item.c.id)), pack_values(item_ids)).rowcount

    def _set_state(self, item_ids: Iterable[int], state: State, missing_since: str | None) -> None:
        values = {"state": state, "missing_since": missing_since}
        with self._database.write() as db:
            db.execute(update(t.item).where(match_values(t.item.c.id)).values(values), pack_values(item_ids))
