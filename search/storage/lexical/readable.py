"""What a caller may read of the full-text index: nothing else influences what they find by words."""

import json
import threading
from collections.abc import Sequence

from sqlalchemy import bindparam, column, exists, func, select, table

from search.records import Filters, Flags, Rights
from search.storage import tables as t
from search.storage.database import Database
from search.storage.embedding_rows import mark_ids
from search.storage.filters import is_indexed, select_items
from search.storage.rights import is_readable

# Callers with different rights whose readable items are kept.
MAX_KEPT = 16
_INSTANCES = table("words_instance", column("term"), column("doc"), schema="temp")


def select_readable(database: Database, words: Sequence[str], rights: Rights) -> list[str]:
    """Return the words that an indexed item which a caller may read contains, in the same order.

    Args:
        database: The database.
        words: Words as they are indexed, folded.
        rights: What the caller may read.
    """
    wanted = func.json_each(bindparam("words")).table_valued("value", "key")
    # Of a common word, the first match ends the search.
    holders = select(t.item.c.id).select_from(_INSTANCES)
    holders = holders.join(t.segment, t.segment.c.id == _INSTANCES.c.doc).join(t.item)
    holders = holders.where(_INSTANCES.c.term == wanted.c.value, is_indexed(), is_readable(rights))
    query = select(wanted.c.value).where(exists(holders)).order_by(wanted.c.key)
    with database.read() as db:
        return list(db.execute(query, {"words": json.dumps(list(words), ensure_ascii=False)}).scalars())


class ReadableItems:
    """Which items callers may read, kept for their next queries. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: dict[tuple[int, Rights], Flags] = {}

    def mark(self, rights: Rights, revision: int) -> Flags:
        """Return whether a caller may read each item, by item id. The last flag, False, is for all higher ids.

        Args:
            rights: What the caller may read.
            revision: The revision of the catalog.
        """
        key = revision, rights
        flags = self._kept.get(key)
        if flags is None:
            ids = select_items(self._database, Filters(rights=rights))
            flags = mark_ids(ids, int(ids.max(initial=0)) + 2)
            with self._lock:
                self._kept[key] = flags
                while len(self._kept) > MAX_KEPT:
                    self._kept.pop(next(iter(self._kept)))
        return flags
