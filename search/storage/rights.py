"""The rights of a caller as SQL conditions, which every read of items, albums and jobs applies."""

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, false, or_, select, true

from search.records import Filters, Rights, Role, State
from search.storage import account_tables as a
from search.storage import tables as t
from search.storage.shown import read_shown_id


def is_readable(rights: Rights) -> ColumnElement[bool]:
    """Return the condition on item rows that a caller may read the item.

    A hidden item is read only by those who may show it again, so not where others share it.
    """
    if rights.are_unlimited:
        return true()
    own = is_own(rights)
    readable = or_(own, is_shared(rights)) if rights.shared and not rights.are_complete else own
    if rights.includes_hidden:
        return and_(readable, or_(own, _is_shown())) if rights.shared else own
    return and_(readable, _is_shown())


def match_hidden() -> ColumnElement[bool]:
    """Return the condition on item rows that the item is hidden."""
    hidden = t.hidden_item.c
    is_same_content = and_(
        hidden.content_hash == t.item.c.content_hash,
        or_(hidden.source_id.is_(None), hidden.source_id == t.item.c.source_id),
    )
    return exists().where(or_(hidden.path == t.item.c.path, is_same_content)).correlate(t.item)


def _is_shown() -> ColumnElement[bool]:
    """Return the condition on item rows that neither the item nor what it belongs to is hidden; no indexed item is."""
    belongs_to_hidden = exists().where(t.hidden_item.c.path == t.item.c.belongs_to).correlate(t.item)
    return or_(t.item.c.state == State.INDEXED, and_(~match_hidden(), ~belongs_to_hidden))


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
