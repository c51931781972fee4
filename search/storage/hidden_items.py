"""Items that users have hidden: they stay in the ledger as skipped, and no search, album or list of results has them.

What is hidden is stored by content and by path, apart from the items. So it stays hidden when it is indexed again,
renamed, edited or forgotten, and copies of it are hidden as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from search.errors import NotAllowedError, NotFoundError
from search.records import EVERYTHING, FileFacts, Rights, State
from search.storage import tables as t
from search.storage.database import Database, match_values, now, pack_values
from search.storage.filters import match_folder
from search.storage.rights import is_own, match_hidden

# The reason of hidden items in the ledger.
HIDDEN_REASON = "hidden from the library"
_ITEM, _HIDDEN = t.item.c, t.hidden_item.c


class HiddenItems:
    """Reads and writes of what is hidden. Each method that writes is one transaction.

    Callers who may read only some sources hide and show items only in these; items of other sources do not exist here.
    """

    def __init__(self, database: Database, rights: Rights = EVERYTHING) -> None:
        self._database = database
        self._rights = rights

    def hide(self, item_ids: Iterable[int]) -> list[int]:
        """Hide items and all other items with the same content; return the ids of those that could be found before."""
        with self._database.write() as db:
            items = db.execute(_select_items(self._rights), pack_values(item_ids)).all()
            sources: Iterable[int | None] = (None,) if self._rights.sources is None else self._rights.sources
            moment = now()
            rows = [
                {"content_hash": item.content_hash, "path": item.path, "source_id": source, "hidden_at": moment}
                for item in items
                for source in sources
            ]
            if not rows:
                return []
            db.execute(delete(t.hidden_item).where(match_values(_HIDDEN.path), self._is_own_row()), _pack_paths(items))
            db.execute(insert(t.hidden_item), rows)
            same = _list_same(db, items)
            found = select(_ITEM.id).where(match_values(_ITEM.id), _ITEM.state == State.INDEXED, match_hidden())
            hidden = list(db.execute(found.order_by(_ITEM.id), pack_values(same)).scalars())
            hide_again(db, hidden)
        return hidden

    def unhide(self, item_ids: Iterable[int]) -> list[int]:
        """Show hidden items again, and all other items with the same content; return the ids of these items.

        Raises:
            NotAllowedError: An item was hidden by someone who may read more sources; nothing is changed.
        """
        with self._database.write() as db:
            items = db.execute(_select_items(self._rights), pack_values(item_ids)).all()
            for column, values in ((_HIDDEN.path, _pack_paths(items)), (_HIDDEN.content_hash, _pack_hashes(items))):
                db.execute(delete(t.hidden_item).where(match_values(column), self._is_own_row()), values)
            kept = select(_ITEM.path).where(match_values(_ITEM.id), match_hidden())
            path = db.execute(kept, pack_values(item.id for item in items)).scalars().first()
            if path is not None:
                raise NotAllowedError(f"{path} was hidden by someone with more rights. Ask an admin to show it again.")
            is_shown = and_(_ITEM.state == State.SKIPPED, _ITEM.reason == HIDDEN_REASON, ~match_hidden())
            query = select(_ITEM.id).where(match_values(_ITEM.id), is_shown).order_by(_ITEM.id)
            shown = list(db.execute(query, pack_values(_list_same(db, items))).scalars())
            change = update(t.item).where(match_values(_ITEM.id)).values(state=State.INDEXED, reason=None)
            db.execute(change, pack_values(shown))
        return shown

    def find_below(self, paths: Iterable[str]) -> list[int]:
        """Return the ids of the items at some paths or below them.

        Raises:
            NotFoundError: There is no item at one of the paths or below it.
        """
        found: list[int] = []
        with self._database.read() as db:
            for path in paths:
                query = select(_ITEM.id).where(match_folder(path), is_own(self._rights))
                ids = list(db.execute(query).scalars())
                if not ids:
                    raise NotFoundError(f"No item at {path}. Run `crossmodal files` to list the known files.")
                found += ids
        return found

    def list_page(self, after_id: int, limit: int) -> list[int]:
        """Return the ids of hidden items in order, in any state.

        Args:
            after_id: Only items with higher ids.
            limit: The maximum number of items.
        """
        # SQLite finds these by its indexes; for each of them, `match_hidden` compares the sources.
        candidates = or_(_ITEM.path.in_(select(_HIDDEN.path)), _ITEM.content_hash.in_(select(_HIDDEN.content_hash)))
        query = select(_ITEM.id).where(_ITEM.id > after_id, is_own(self._rights), candidates, match_hidden())
        with self._database.read() as db:
            return list(db.execute(query.order_by(_ITEM.id).limit(limit)).scalars())

    def _is_own_row(self) -> ColumnElement[bool]:
        """Return the condition on what is hidden that the caller may show it again."""
        sources = self._rights.sources
        return _HIDDEN.id.is_not(None) if sources is None else _HIDDEN.source_id.in_(sources)


def hide_again(db: Connection, item_ids: Iterable[int]) -> None:
    """Set the state of those items to `skipped` that have become `indexed` and are hidden; their embeddings are kept.

    Args:
        db: A connection in the transaction that changed the items.
        item_ids: The items.
    """
    query = update(t.item).where(match_values(_ITEM.id), _ITEM.state == State.INDEXED, match_hidden())
    db.execute(query.values(state=State.SKIPPED, reason=HIDDEN_REASON), pack_values(item_ids))


def move_hidden(db: Connection, old_paths: Mapping[int, str], files: Mapping[int, FileFacts]) -> None:
    """Store the new paths of hidden items that were renamed.

    Args:
        db: A connection in the transaction that renames the items.
        old_paths: Their paths until now, by item id.
        files: Their files at the new paths, by item id.
    """
    moved = {path: files[item_id].path for item_id, path in old_paths.items()}
    query = select(_HIDDEN.id, _HIDDEN.path).where(match_values(_HIDDEN.path))
    rows = [{"row": row.id, "path": moved[row.path]} for row in db.execute(query, pack_values(moved)).all()]
    if rows:
        db.execute(update(t.hidden_item).where(_HIDDEN.id == bindparam("row")), rows)


def _select_items(rights: Rights) -> Select[tuple[int, str, str | None]]:
    columns = (_ITEM.id, _ITEM.path, _ITEM.content_hash)
    return select(*columns).where(match_values(_ITEM.id), is_own(rights))


def _list_same(db: Connection, items: Sequence[Row[Any]]) -> set[int]:
    """Return the ids of some items and of all items with the same content."""
    query = select(_ITEM.id).where(match_values(_ITEM.content_hash))
    return {*db.execute(query, _pack_hashes(items)).scalars(), *(item.id for item in items)}


def _pack_paths(items: Sequence[Row[Any]]) -> dict[str, str]:
    return pack_values(item.path for item in items)


def _pack_hashes(items: Sequence[Row[Any]]) -> dict[str, str]:
    return pack_values(item.content_hash for item in items if item.content_hash is not None)
