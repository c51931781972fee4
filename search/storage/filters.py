"""Filters as SQL conditions, the same for all retrievers."""

import contextlib
import hashlib
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    case,
    column,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    text,
)

from search.errors import UsageError
from search.records import DATE_PATTERN, FILTERS, Filters, Ids, LocationPrecision, State
from search.storage import tables as t
from search.storage.database import Database, join_ids, read_ids
from search.storage.places import match_places
from search.storage.rights import match_rights
from search.storage.shown import read_shown_id
from search.text.analysis import analyze
from search.text.names import compose_name, fold_name

# How SQLite formats times, and a time in this format.
TIME_FORMAT, LOCAL_TIME = "%Y-%m-%dT%H:%M:%S", "2024-05-01T12:11:12"
# Items that searches must not return, although their segments are stored: missing ones, and those that were excluded
# after they had been indexed.
_HIDDEN_STATES = (State.MISSING, State.SKIPPED)
_HIDDEN = join_ids(select(t.item.c.id).where(t.item.c.state.in_(_HIDDEN_STATES), t.item.c.content_hash.is_not(None)))


@dataclass(frozen=True)
class FilterSql:
    """How a filter is applied in SQL.

    Attributes:
        condition: A function from a value of the filter to the condition on item and source rows.
        facet_column: The column whose values are counted in the facets; None if they are not counted.
    """

    condition: Callable[[Any], ColumnElement[bool]]
    facet_column: ColumnElement[Any] | None = None


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


def read_instant() -> ColumnElement[str]:
    """Return the SQL expression for the time in UTC when an item was captured, to sort by.

    A time without an offset counts as in the time zone of this system. An item without a date counts as captured when
    its file was modified.
    """
    captured = t.item.c.captured_at
    instant = case(
        (func.length(captured) == len(LOCAL_TIME), func.strftime(TIME_FORMAT, captured, "utc")),
        else_=func.strftime(TIME_FORMAT, captured),
    )
    return func.coalesce(instant, _read_modified())


def read_local_time() -> ColumnElement[str]:
    """Return the SQL expression for the local time when an item was captured, to filter by the date that people see."""
    captured = t.item.c.captured_at
    local = case(
        (captured.endswith("Z"), func.strftime(TIME_FORMAT, captured, "localtime")),
        else_=func.substr(captured, 1, len(LOCAL_TIME)),
    )
    return func.coalesce(local, func.strftime(TIME_FORMAT, _read_modified(), "localtime"))


def order_by_date(newest_first: bool) -> tuple[ColumnElement[Any], ...]:
    """Return the order of items by date. Items whose date is guessed follow the other items of their day."""
    c = t.item.c
    guessed = or_(c.captured_at.is_(None), c.is_date_guessed)
    day = func.substr(read_local_time(), 1, len("2024-05-01"))
    end = func.strftime(TIME_FORMAT, day + ("T00:00:00" if newest_first else "T23:59:59"), "utc")
    instant = read_instant()
    keys = (case((guessed, end), else_=instant), case((guessed, instant)))
    first, second = (key.desc() if newest_first else key.asc() for key in keys)
    return first, guessed.asc(), second


def read_modified() -> ColumnElement[str]:
    """Return the SQL expression for `Item.modified_at`."""
    # A folder, or a file that could not be read, is stored with the time 0.
    is_unknown = and_(t.item.c.mtime_ns == 0, t.item.c.indexed_at.is_(None))
    return case((is_unknown, null()), else_=_read_modified() + "Z")


def _read_modified() -> ColumnElement[str]:
    """Return the SQL expression for the time in UTC when a file was modified; at the latest when it was indexed."""
    item = t.item.c
    modified = func.strftime(TIME_FORMAT, item.mtime_ns / literal(1_000_000_000), "unixepoch")
    indexed = func.substr(item.indexed_at, 1, len(LOCAL_TIME))
    # A file from a computer whose clock is wrong can have a time in the future.
    return func.min(func.coalesce(modified, indexed), func.coalesce(indexed, modified))


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
        .where(t.embedding.c.space_id == space_id, t.item.c.state.in_(_HIDDEN_STATES))
    )
    return read_ids(database, join_ids(query))


def _make_date_condition(name: str, is_met: Callable[[Any, Any], Any]) -> Callable[[str], ColumnElement[bool]]:
    """Return the function from a date to the condition that an item was captured after or before it.

    Args:
        name: The name of the filter.
        is_met: Compares the time of an item with the date.
    """

    def make_condition(value: str) -> ColumnElement[bool]:
        try:
            if not re.fullmatch(DATE_PATTERN, value):  # Python accepts more forms, such as 2024-W01-1
                raise ValueError("not a date")
            moment = datetime.fromisoformat((value + "-01-01")[:10] if len(value) in (4, 7) else value)
        except ValueError as error:
            raise UsageError(f"{name} must be a date such as 2024, 2024-05 or 2024-05-31, not {value!r}") from error
        if moment.tzinfo is None:
            condition: ColumnElement[bool] = is_met(read_local_time(), value)
            return condition
        instant: ColumnElement[bool] = is_met(read_instant(), _format_utc(moment))
        return instant

    return make_condition


def _format_utc(moment: datetime) -> str:
    """Return a time with a zone as text in UTC. Near the years 1 and 9999, the zone is ignored."""
    with contextlib.suppress(OverflowError):
        moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


# The SQL of every filter, by name. That of places depends on the rights of the caller.
SQL: Mapping[str, FilterSql] = {
    "types": FilterSql(_match_any(t.item.c.type), t.item.c.type),
    "sources": FilterSql(_match_sources, t.source.c.path),
    "path": FilterSql(_match_path),
    "after": FilterSql(_make_date_condition("after", operator.ge)),
    "before": FilterSql(_make_date_condition("before", operator.lt)),
    "places": FilterSql(partial(match_places, precision=LocationPrecision.EXACT)),
    "longer": FilterSql(lambda seconds: t.item.c.duration >= seconds),
    "shorter": FilterSql(lambda seconds: t.item.c.duration < seconds),
    "languages": FilterSql(_match_any(t.item.c.language), t.item.c.language),
    "camera": FilterSql(_match_substring(t.item.c.camera), t.item.c.camera),
    "artist": FilterSql(_match_substring(t.item.c.artist), t.item.c.artist),
    "album": FilterSql(_match_substring(t.item.c.album)),
    "tags": FilterSql(_match_all(_match_tag), t.tag.c.name),
    "rating": FilterSql(lambda stars: t.item.c.rating >= stars, t.item.c.rating),
    "albums": FilterSql(_match_all(_match_album)),
    "phrases": FilterSql(_match_all(_match_phrase_text)),
}
