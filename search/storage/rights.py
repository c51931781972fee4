"""The rights of a caller as SQL conditions, which every read of items, albums and jobs applies."""

from sqlalchemy import ColumnElement, FromClause, Select, and_, false, or_, select, true

from search.records import Filters, Rights, Role
from search.storage import account_tables as a
from search.storage import tables as t
from search.storage.shown import read_shown_id


def is_readable(rights: Rights) -> ColumnElement[bool]:
    """Return the condition on item rows that a caller may read the item."""
    if rights.sources is None:
        return true()
    own = is_own(rights)
    return or_(own, is_shared(rights)) if rights.shared else own


def is_own(rights: Rights) -> ColumnElement[bool]:
    """Return the condition on item rows that a caller may read the source of the item, and so see its folders."""
    return true() if rights.sources is None else t.item.c.source_id.in_(rights.sources)


def is_shared(rights: Rights) -> ColumnElement[bool]:
    """Return the condition on item rows that others share the item with the caller in an album."""
    return t.item.c.id.in_(_select_shared(rights.shared))


def is_visible(rights: Rights) -> ColumnElement[bool]:
    """Return the condition on album rows that a caller can see the album."""
    return true() if rights.albums is None else t.album.c.id.in_(rights.albums)


def match_rights(filters: Filters) -> ColumnElement[bool]:
    """Return the condition on item rows that the rights in some filters express."""
    rights = filters.rights
    asks_for_a_folder = filters.path is not None or bool(filters.sources)
    names_a_hidden_album = rights.albums is not None and not set(filters.albums) <= set(rights.albums)
    if names_a_hidden_album:
        return false()
    return is_own(rights) if asks_for_a_folder else is_readable(rights)


def may_share(owner: FromClause) -> ColumnElement[bool]:
    """Return the condition on album rows, joined with their owners, that what their owner shared can be seen.

    Args:
        owner: The table of accounts, as it is outer joined.
    """
    is_active = and_(owner.c.role.in_((Role.EDIT, Role.ADMIN)), owner.c.is_disabled.is_(False))
    return or_(t.album.c.owner_id.is_(None), is_active)


def _select_shared(albums: tuple[int, ...]) -> Select[tuple[int]]:
    """Return the query for the items of shared albums, as far as the owner of each album may read them."""
    item, owner = t.item.alias("shared_item"), a.account.alias("owner")
    allowed = select(a.account_source.c.source_id).where(a.account_source.c.account_id == t.album.c.owner_id)
    reads_it = or_(owner.c.role == Role.ADMIN, owner.c.has_all_sources, item.c.source_id.in_(allowed))
    reads_it = or_(t.album.c.owner_id.is_(None), reads_it)
    return (
        select(item.c.id)
        .select_from(t.album_item)
        .join(t.album, t.album.c.id == t.album_item.c.album_id)
        .join(item, item.c.id == read_shown_id(t.album_item.c.item_id))
        .outerjoin(owner, owner.c.id == t.album.c.owner_id)
        .where(t.album_item.c.album_id.in_(albums), may_share(owner), reads_it)
    )
