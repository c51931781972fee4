"""Crossmodal's own index of a space: rows in SQLite, an index of FAISS derived from them.

The filter is a folder, found in SQLite as a search does: its items stay in memory until something is written.
"""

from pathlib import Path

import numpy as np
from sqlalchemy import insert

from search.open_home import open_home
from search.records import Filters, Retriever, SegmentKind, State
from search.settings import read_settings
from search.storage import tables as t
from search.storage.database import now
from search.storage.filters import mark_items
from search.storage.ledger import Ledger
from search.text.dates.reading import get_today

BATCH = 5_000
# Bucket 7 is the folder /library/0/7, and buckets below 10 are those in /library/0.
FOLDERS = {None: None, 1: "/library/0/0", 10: "/library/0"}


class Crossmodal:
    """The index of the bundled image model. Ids of items, segments and embeddings are positions + 1."""

    def build(self, vectors: np.ndarray, buckets: np.ndarray, folder: Path) -> None:
        """Write the rows and build the index."""
        self._library = open_home(read_settings(home=folder), create=True)
        self._space = self._library.indexes[Retriever.VISUAL]
        source = self._library.sources.add("/library")
        for start in range(0, len(vectors), BATCH):
            part = slice(start, start + BATCH)
            self._write(source, start + 1, vectors[part].astype("<f2"), buckets[part])
        self._space.build(self._library.catalog.read_revision())

    def _write(self, source: int, first: int, rows: np.ndarray, buckets: np.ndarray) -> None:
        ids = range(first, first + len(rows))
        items = [
            {
                "id": number,
                "source_id": source,
                "path": f"/library/{bucket // 10}/{bucket % 10}/{number}.jpg",
                "type": "image",
                "state": State.INDEXED,
                "size": 1,
                "mtime_ns": number,
                "indexed_at": now(),
            }
            for number, bucket in zip(ids, buckets.tolist(), strict=True)
        ]
        segments = [{"id": number, "item_id": number, "kind": SegmentKind.IMAGE} for number in ids]
        embeddings = [
            {"id": number, "segment_id": number, "space_id": self._space.space_id, "vector": row.tobytes()}
            for number, row in zip(ids, rows, strict=True)
        ]
        with self._library.catalog.database.write() as db:
            for table, values in ((t.item, items), (t.segment, segments), (t.embedding, embeddings)):
                db.execute(insert(table), values)

    def search(self, query: np.ndarray, below: int | None) -> np.ndarray:
        """Search, with the ids that a filter allows."""
        catalog, allowed = self._library.catalog, None
        revision = catalog.read_revision()
        snapshot = self._space.refresh(revision)
        if below is not None:
            items = mark_items(catalog.database, revision, get_today(), Filters(path=FOLDERS[below]))
            allowed = snapshot.select(items)
        ((ids, _),) = self._space.search(snapshot, query[None], 10, allowed)
        return ids - 1

    def delete(self, ids: np.ndarray) -> None:
        """Delete items."""
        Ledger(self._library.database).forget((ids + 1).tolist())

    def list_processes(self) -> list[int]:
        """Return no process, since the store is in this one."""
        return []


def make(_variant: str) -> Crossmodal:
    """Return the store."""
    return Crossmodal()
