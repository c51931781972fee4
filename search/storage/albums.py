"""Albums: named sets of items, and whom they are shared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from search.errors import NotAllowedError, NotFoundError, UsageError
from search.records import OWNER, Album, Principal, Role
from search.storage import account_tables as a
from search.storage import tables as t
from search.storage.accounts import read_list
from search.storage.database import Database, match_values, now, pack_values
from search.storage.rights import is_readable, is_visible, match_hidden, may_share
from search.storage.shown import read_shown_id

# So that rights, which list the shared ones, stay small.
MAX_ALBUMS = 1_000


class Albums:
    """Reads and writes of albums. Each method that writes is one transaction.

    Albums that the caller cannot see do not exist here. Only its owner and admins can change an album.
    """

    def __init__(self, database: Database, principal: Principal = OWNER) -> None:
        self._database = database
        self._principal = principal

    def add(self, name: str) -> Album:
        """Create an album. Raises UsageError when the caller has an album of this name."""
        owner_id = self._principal.account_id
        with self._database.write() as db:
            is_own = t.album.c.owner_id.is_not_distinct_from(owner_id)
            _require_unused(db, name, owner_id)
            if db.execute(select(func.count()).where(is_own)).scalar_one() >= MAX_ALBUMS:
                raise UsageError(f"name: an account can have {MAX_ALBUMS} albums; delete one first")
            row = {"name": name, "created_at": now(), "owner_id": owner_id}
            album_id = db.execute(insert(t.album).values(row).returning(t.album.c.id)).scalar_one()
        return self._read(_select_albums(self._principal).where(t.album.c.id == album_id))[0]

    def list_all(self) -> list[Album]:
        """Return the albums in order of name."""
        visible = is_visible(self._principal.rights)
        return self._read(_select_albums(self._principal).where(visible).order_by(t.album.c.name, t.album.c.id))

    def get(self, album_id: int) -> Album:
        """Return one album. Raises NotFoundError."""
        query = _select_albums(self._principal).where(t.album.c.id == album_id, is_visible(self._principal.rights))
        found = self._read(query)
        if not found:
            raise NotFoundError(f"There is no album {album_id}. GET /api/v1/albums lists the albums.")
        return found[0]

    def get_own(self, album_id: int) -> Album:
        """Return one album that the caller can change.

        Raises:
            NotFoundError: There is no such album.
            NotAllowedError: The album belongs to someone else.
        """
        album = self.get(album_id)
        if self._principal.role is not Role.ADMIN and album.owner_id != self._principal.account_id:
            raise NotAllowedError(
                f"The album {album.name!r} belongs to {album.owner or 'an admin'}, who can change it."
            )
        return album

    def drop(self, album_id: int) -> None:
        """Delete an album; its items stay."""
        with self._database.write() as db:
            db.execute(delete(t.album).where(t.album.c.id == album_id))

    def change(self, album_id: int, add: Sequence[int], remove: Sequence[int]) -> None:
        """Add items to an album and remove others; ids of items that the caller cannot read are ignored."""
        c = t.album_item.c
        readable = select(t.item.c.id).where(match_values(t.item.c.id), is_readable(self._principal.rights))
        with self._database.write() as db:
            existing = db.execute(readable, pack_values(add)).scalars().all()
            if existing:
                last = select(func.coalesce(func.max(c.position), 0)).where(c.album_id == album_id)
                first = db.execute(last).scalar_one() + 1
                # Without a chosen order, all positions are 0.
                rows = [
                    {"album_id": album_id, "item_id": item_id, "position": first + index if first > 1 else 0}
                    for index, item_id in enumerate(existing)
                ]
                db.execute(upsert(t.album_item).on_conflict_do_nothing(), rows)
            removal = delete(t.album_item).where(c.album_id == album_id, match_values(read_shown_id(c.item_id)))
            db.execute(removal, pack_values(remove))

    def rename(self, album_id: int, name: str) -> None:
        """Change the name of an album. Raises UsageError when its owner has another album of this name."""
        with self._database.write() as db:
            owner_id = db.execute(select(t.album.c.owner_id).where(t.album.c.id == album_id)).scalar()
            _require_unused(db, name, owner_id, album_id)
            db.execute(update(t.album).where(t.album.c.id == album_id).values(name=name))

    def set_cover(self, album_id: int, item_id: int | None) -> None:
        """Choose the item that represents an album; None for its first item.

        Raises:
            NotFoundError: The item is not in the album, or the caller cannot read it.
        """
        c = t.album_item.c
        query = select(c.item_id).select_from(t.album_item).join(t.item, t.item.c.id == read_shown_id(c.item_id))
        query = query.where(c.album_id == album_id, t.item.c.id == item_id, is_readable(self._principal.rights))
        with self._database.write() as db:
            stored_id = db.execute(query).scalar()
            if item_id is not None and stored_id is None:
                raise NotFoundError(f"There is no item {item_id} in the album. Add it first.")
            db.execute(update(t.album).where(t.album.c.id == album_id).values(cover_id=stored_id))

    def order(self, album_id: int, item_ids: Sequence[int]) -> None:
        """Set the order in which an album shows its items.

        Args:
            album_id: The album.
            item_ids: The items in order; the others follow as they were. Without any, the order is that of the dates.
        """
        c = t.album_item.c
        query = select(c.item_id, read_shown_id(c.item_id).label("shown")).where(c.album_id == album_id)
        with self._database.write() as db:
            rows = db.execute(query.order_by(c.position == 0, c.position, c.item_id)).all()
            wanted = {item_id: place for place, item_id in enumerate(item_ids)}
            rows = sorted(rows, key=lambda row: wanted.get(row.shown, len(wanted)))
            places = [
                {"item": row.item_id, "place": place if item_ids else 0} for place, row in enumerate(rows, start=1)
            ]
            change = update(t.album_item).where(c.album_id == album_id, c.item_id == bindparam("item"))
            if places:
                db.execute(change.values(position=bindparam("place")), places)

    def share(self, album_id: int, with_all: bool, accounts: Sequence[int]) -> None:
        """Set who else can see an album and its items.

        Args:
            album_id: The album.
            with_all: Whether all accounts can see it.
            accounts: The ids of accounts that can see it; ids without an account are ignored.
        """
        c = t.album_account.c
        with self._database.write() as db:
            db.execute(update(t.album).where(t.album.c.id == album_id).values(is_shared=with_all))
            db.execute(delete(t.album_account).where(c.album_id == album_id))
            existing = select(a.account.c.id).where(match_values(a.account.c.id))
            rows = [
                {"album_id": album_id, "account_id": account_id}
                for account_id in db.execute(existing, pack_values(accounts)).scalars()
            ]
            if rows:
                db.execute(insert(t.album_account), rows)

    def _read(self, query: Select[Any]) -> list[Album]:
        with self._database.read() as db:
            return [_make_album(row) for row in db.execute(query)]


@dataclass(frozen=True)
class VisibleAlbums:
    """The albums that an account can see.

    Attributes:
        own: The ids of the albums that it owns, ascending.
        shared: The ids of those that others share with it, ascending.
    """

    own: tuple[int, ...]
    shared: tuple[int, ...]


def list_visible(database: Database, account_id: int) -> VisibleAlbums:
    """Return the albums that an account can see."""
    album, named = t.album.c, t.album_account.c
    is_named = exists().where(named.album_id == album.id, named.account_id == account_id)
    query = select(album.id, album.owner_id).select_from(t.album).outerjoin(a.account, a.account.c.id == album.owner_id)
    is_shared = and_(or_(album.is_shared, is_named), may_share(a.account))
    query = query.where(or_(album.owner_id == account_id, is_shared))
    with database.read() as db:
        rows = db.execute(query.order_by(album.id)).all()
    own = tuple(row.id for row in rows if row.owner_id == account_id)
    return VisibleAlbums(own, tuple(row.id for row in rows if row.owner_id != account_id))


def _require_unused(db: Connection, name: str, owner_id: int | None, album_id: int = 0) -> None:
    """Raise UsageError if an owner has an album of a name that is not the one with an id."""
    c = t.album.c
    same = select(c.id).where(c.name == name, c.owner_id.is_not_distinct_from(owner_id), c.id != album_id)
    if db.execute(same).first() is not None:
        raise UsageError(f"name: the album {name!r} already exists; choose another name")


def _select_albums(principal: Principal) -> Select[Any]:
    """Return the query for albums, with the number of items that a caller can read."""
    album, c, shown_id = t.album.c, t.album_item.c, t.item.c.id
    items = select(shown_id).select_from(t.album_item).join(t.item, shown_id == read_shown_id(c.item_id))
    items = items.where(c.album_id == album.id, is_readable(principal.rights), ~match_hidden())
    count = items.with_only_columns(func.count(shown_id.distinct()))
    # The chosen cover, as long as it is in the album; else the first item in the order of the album.
    chosen = items.where(c.item_id == album.cover_id).limit(1)
    first = items.order_by(c.position == 0, c.position, shown_id).limit(1)
    cover = func.coalesce(chosen.scalar_subquery(), first.scalar_subquery())
    shared = select(func.group_concat(t.album_account.c.account_id))
    shared = shared.where(t.album_account.c.album_id == album.id)
    owner = select(a.account.c.name).where(a.account.c.id == album.owner_id)
    return select(
        *(album[name] for name in ("id", "name", "created_at", "owner_id", "is_shared")),
        count.scalar_subquery().label("count"),
        cover.label("cover"),
        shared.scalar_subquery().label("shared_with"),
        owner.scalar_subquery().label("owner"),
    )


def _make_album(row: Row[Any]) -> Album:
    return Album(**dict(row._mapping) | {"shared_with": read_list(row.shared_with)})
