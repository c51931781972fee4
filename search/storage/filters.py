"""Filters as SQL conditions, the same for all retrievers."""

import hashlib
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Table,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    text,
)

from search.errors import UsageError
from search.records import FILTERS, Filters, Flags, Ids, LocationPrecision, State
from search.storage import tables as t
from search.storage.database import Database, join_ids, read_ids
from search.storage.dates import make_date_condition, match_date
from search.storage.embedding_rows import mark_ids
from search.storage.picture_kinds import match_picture_kind
from search.storage.places import match_places
from search.storage.rights import match_rights
from search.storage.shown import read_shown_id
from search.text.analysis import analyze
from search.text.names import compose_name, fold_name

# The number of filters whose items stay in memory, each with a byte per item.
MAX_MARKED = 8
# Items that searches must not return, although their segments are stored: missing ones, and those that were excluded
# after they had been indexed.
_HIDDEN_STATES = (State.MISSING, State.SKIPPED)
_HIDDEN = join_ids(select(t.item.c.id).where(t.item.c.state.in_(_HIDDEN_STATES), t.item.c.content_hash.is_not(None)))

# Formats whose files have several endings.
_SPELLINGS = dict.fromkeys(("jpg", "jpeg"), ("jpg", "jpeg")) | dict.fromkeys(("tif", "tiff"), ("tif", "tiff"))


@dataclass(frozen=True)
class FilterSql:
    """How a filter is applied in SQL.

    Attributes:
        condition: A function from a value of the filter to the condition on item and source rows.
        facet_column: The column whose values are counted in the facets; None if they are not counted.
        facet_table: The table of this column, if an item can have several values. It has a column `item_id`.
        is_conjunctive: Whether an item must have all values of the filter, so that a further value narrows the results.
    """

    condition: Callable[[Any], ColumnElement[bool]]
    facet_column: ColumnElement[Any] | None = None
    facet_table: Table | None = None
    is_conjunctive: bool = False


def make_conditions(filters: Filters) -> ColumnElement[bool]:
    """Return the condition on item and source rows that the filters and rights express; only for indexed items.

    Raises UsageError when a date or phrase is invalid.
    """
    values = {name: getattr(filters, name) for name in FILTERS if name != "places"}
    conditions = [SQL[name].condition(value) for name, value in values.items() if value not in (None, ())]
    if filters.places:
        conditions.append(match_places(filters.places, filters.rights.locations))
    return and_(is_indexed(), match_rights(filters), *conditions)


def is_indexed() -> ColumnElement[bool]:
    """Return the condition that an item is indexed.

    The plus sign keeps SQLite from using the index of states, which would be slow: nearly every item has this state.
    """
    return literal_column("+item.state") == State.INDEXED.value


def order_in_album(filters: Filters) -> tuple[ColumnElement[Any], ...]:
    """Return the order that was chosen for the album that some filters name; empty if they do not name just one."""
    if len(filters.albums) != 1:
        return ()
    c = t.album_item.c
    position = select(func.min(c.position)).where(
        c.album_id == filters.albums[0], c.position > 0, read_shown_id(c.item_id) == t.item.c.id
    )
    return (position.correlate(t.item).scalar_subquery().asc().nulls_last(),)


def match_phrase(phrase: str) -> str:
    """Return the FTS5 query for segments that contain the words of a phrase next to each other.

    Raises UsageError when the phrase contains no word.
    """
    pieces = analyze(phrase).pieces
    if not pieces:
        raise UsageError(f"the phrase {phrase!r} contains no word")
    column = "wholes" if pieces == (phrase.strip(),) and len(phrase.strip()) == 1 else "pieces"
    return f'{column} : "{" ".join(pieces)}"'


def match_folder(path: str) -> ColumnElement[bool]:
    """Return the condition that an item's file is at an absolute path or below it."""
    root = path.rstrip("/")
    # A range can use the index of paths; "0" is the character after "/".
    return or_(t.item.c.path == root, and_(t.item.c.path > root + "/", t.item.c.path < root + "0"))


def _match_path(path: str) -> ColumnElement[bool]:
    """Return the condition that an item is in a folder, given by its whole path or its name.

    Names are compared in any Unicode normalization, and those that are not a whole path in any case.
    """
    if not path.startswith("/"):
        return _contains(t.item.c.path, f"/{path.rstrip('/')}/")
    if path.isascii():
        return match_folder(path)
    root = compose_name(path.rstrip("/")) or ""
    composed = func.compose_name(t.item.c.path)
    return or_(composed == root, func.substr(composed, 1, len(root) + 1) == root + "/")


def _contains(tested: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    """Return the condition that a column contains a text in any Unicode normalization and case."""
    if part.isascii():  # SQLite can compare the case of these letters, which is faster
        return tested.icontains(part, autoescape=True)
    return func.instr(func.fold_name(tested), fold_name(part)) > 0


def _match_sources(paths: Sequence[str]) -> ColumnElement[bool]:
    composed = [compose_name(path) for path in paths]
    return t.source.c.id.in_(select(t.source.c.id).where(func.compose_name(t.source.c.path).in_(composed)))


def _match_any(tested: ColumnElement[Any]) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    """Return a function from values to the condition that a column is one of them."""
    return tested.in_


def _match_substring(tested: ColumnElement[Any]) -> Callable[[str], ColumnElement[bool]]:
    """Return a function from a text to the condition that a column contains it; case does not matter."""
    return lambda part: _contains(tested, part)


def _match_all(match: Callable[[Any], ColumnElement[bool]]) -> Callable[[Sequence[Any]], ColumnElement[bool]]:
    """Return a function from values to the condition that all of them match."""
    return lambda values: and_(*map(match, values))


def _match_tag(tag: str) -> ColumnElement[bool]:
    tagged = select(t.tag.c.item_id).where(func.fold_name(t.tag.c.name) == fold_name(tag))
    return t.item.c.id.in_(tagged)


def _match_formats(endings: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that the name of a file has one of some endings, with all spellings of the format."""
    spelled = {spelling for ending in endings for spelling in _SPELLINGS.get(ending.lstrip("."), (ending.lstrip("."),))}
    return or_(*(t.item.c.path.iendswith(f".{one}", autoescape=True) for one in sorted(spelled)))


def _match_machine_tag(name: str) -> ColumnElement[bool]:
    """Return the condition that the machine recognized something, named in any language of the vocabulary."""
    known, given = t.machine_tag_name.c, t.machine_tag.c
    names = select(known.name).where(func.fold_name(known.label) == fold_name(name))
    return t.item.c.id.in_(select(given.item_id).where(given.name.in_(names)))


def _match_album(album_id: int) -> ColumnElement[bool]:
    shown = select(read_shown_id(t.album_item.c.item_id)).where(t.album_item.c.album_id == album_id)
    return t.item.c.id.in_(shown)


def _match_phrase_text(phrase: str) -> ColumnElement[bool]:
    # A separate parameter name for each phrase, since a statement may contain several.
    name = f"phrase_{hashlib.sha256(phrase.encode()).hexdigest()[:12]}"
    match = f"SELECT item_id FROM segment WHERE id IN (SELECT rowid FROM words WHERE words MATCH :{name})"  # noqa: S608
    query = text(match).bindparams(bindparam(name, match_phrase(phrase)))
    return t.item.c.id.in_(query.columns(column("item_id", Integer)).scalar_subquery())


def select_items(database: Database, filters: Filters) -> Ids:
    """Return the ids of the indexed items that satisfy the filters, ascending, shape (n,)."""
    c = t.item.c
    query = select(c.id).join(t.source, t.source.c.id == c.source_id).where(make_conditions(filters))
    return read_ids(database, join_ids(query))


@lru_cache(maxsize=MAX_MARKED)
def mark_items(database: Database, revision: int, _today: date, filters: Filters) -> Flags:
    """Return whether each item satisfies the filters, by item id; the last flag, False, is for all higher ids.

    Searches share the flags, since many have the same filters: a kind of file, or what the caller may read.

    Args:
        database: The catalog.
        revision: Its revision.
        _today: The day, since filters can be about "last week".
        filters: The filters.
    """
    ids = select_items(database, filters)
    flags = mark_ids(ids, int(ids.max(initial=0)) + 2)
    flags.setflags(write=False)
    return flags


def select_embeddings(database: Database, space_id: int, filters: Filters) -> Ids:
    """Return the ids of a space's embeddings whose item satisfies the filters, ascending, shape (n,)."""
    query = (
        select(t.embedding.c.id)
        .join(t.segment, t.segment.c.id == t.embedding.c.segment_id)
        .join(t.item, t.item.c.id == t.segment.c.item_id)
        .join(t.source, t.source.c.id == t.item.c.source_id)
        .where(t.embedding.c.space_id == space_id, make_conditions(filters))
    )
    return read_ids(database, join_ids(query))


def select_missing(database: Database) -> Ids:
    """Return the ids of the missing and excluded items, which searches must not return, ascending, shape (n,)."""
    return read_ids(database, _HIDDEN)


def select_hidden(database: Database, space_id: int) -> Ids:
    """Return the ids of a space's embeddings whose item is missing or excluded, ascending, shape (n,)."""
    query = (
        select(t.embedding.c.id)
        .join(t.segment, t.segment.c.id == t.embedding.c.segment_id)
        .join(t.item, t.item.c.id == t.segment.c.item_id)
        # With `+ 0` SQLite begins with the few hidden items, not with all embeddings of the space.
        .where(t.embedding.c.space_id + 0 == space_id, t.item.c.state.in_(_HIDDEN_STATES))
    )
    return read_ids(database, join_ids(query))


# The SQL of every filter, by name. That of places depends on the rights of the caller.
SQL: Mapping[str, FilterSql] = {
    "types": FilterSql(_match_any(t.item.c.type), t.item.c.type),
    "formats": FilterSql(_match_formats),
    "picture_kinds": FilterSql(_match_all(match_picture_kind)),
    "sources": FilterSql(_match_sources, t.source.c.path),
    "path": FilterSql(_match_path),
    "date": FilterSql(match_date),
    "after": FilterSql(make_date_condition("after", operator.ge)),
    "before": FilterSql(make_date_condition("before", operator.lt)),
    "places": FilterSql(partial(match_places, precision=LocationPrecision.EXACT)),
    "longer": FilterSql(lambda seconds: t.item.c.duration >= seconds),
    "shorter": FilterSql(lambda seconds: t.item.c.duration < seconds),
    "languages": FilterSql(_match_any(t.item.c.language), t.item.c.language),
    "camera": FilterSql(_match_substring(t.item.c.camera), t.item.c.camera),
    "artist": FilterSql(_match_substring(t.item.c.artist), t.item.c.artist),
    "album": FilterSql(_match_substring(t.item.c.album)),
    "tags": FilterSql(_match_all(_match_tag), t.tag.c.name, t.tag, is_conjunctive=True),
    "machine_tags": FilterSql(_match_all(_match_machine_tag), t.machine_tag.c.name, t.machine_tag, is_conjunctive=True),
    "rating": FilterSql(lambda stars: t.item.c.rating >= stars, t.item.c.rating),
    "albums": FilterSql(_match_all(_match_album)),
    "phrases": FilterSql(_match_all(_match_phrase_text)),
}
