"""Facets: the values that filters can take, with the number of items of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, case, func, select

from search.records import FILTERS, Matches
from search.storage import tables as t
from search.storage.database import Database, match_values, pack_values
from search.storage.dates import read_local_time
from search.storage.filters import SQL, is_indexed, make_conditions
from search.storage.folders import count_by_folder
from search.storage.rights import is_own

# Only the most frequent values of a facet are returned; months are not limited.
MAX_VALUES = 40
# Bounds of the groups of duration, in seconds.
DURATION_BOUNDS = (10.0, 60.0, 600.0, 3600.0)


@dataclass(frozen=True)
class Facet:
    """A facet.

    Attributes:
        value: The SQL expression for the value of an item.
        own: The filters that choose a value of the facet. They do not apply when its values are counted, so that the
            other values stay visible.
        table: The table of the value, if an item can have several.
        is_ordered: Whether values are in their own order, and all returned; else the most frequent come first.
        values: The values to return, also those of no item; None for those that items have.
    """

    value: ColumnElement[Any]
    own: tuple[str, ...]
    table: Table | None = None
    is_ordered: bool = False
    values: tuple[Any, ...] | None = None


def _group_duration() -> ColumnElement[Any]:
    """Return the SQL expression for the upper bound of an item's duration; -1 without one."""
    duration = t.item.c.duration
    groups = case(*((duration < bound, bound) for bound in DURATION_BOUNDS), else_=-1.0)
    return case((duration.is_not(None), groups))


# Every facet of values by its name; folders, which are a tree, are counted by `count_folders`.
FACETS: Mapping[str, Facet] = {
    **{
        declared.facet: Facet(sql.facet_column, () if sql.is_conjunctive else (name,), sql.facet_table)
        for name, declared in FILTERS.items()
        if declared.facet and (sql := SQL[name]).facet_column is not None
    },
    "months": Facet(func.substr(read_local_time(), 1, 7), ("date", "after", "before"), is_ordered=True),
    "durations": Facet(_group_duration(), ("longer", "shorter"), values=(*DURATION_BOUNDS, None)),
}
FOLDERS = "folders"
# The filters that choose a folder.
FOLDER_FILTERS = ("path",)


def read_facet(database: Database, facet: Facet, matches: Matches) -> list[dict[str, Any]]:
    """Count what a query matches by the values of a facet.

    Returns:
        Lists of `{"value", "count"}`. The values of durations are upper bounds in seconds, None for no bound.

    Raises:
        UsageError: A filter is invalid.
    """
    condition, parameters = _match_counted(matches)
    query = _select_counts(facet, condition)
    with database.read() as db:
        counts = {row[0]: matches.scale(row[1]) for row in db.execute(query, parameters)}
    if facet.values is not None:
        return [{"value": value, "count": counts.get(-1.0 if value is None else value, 0)} for value in facet.values]
    return [{"value": value, "count": count} for value, count in counts.items()]


def count_folders(database: Database, matches: Matches, below: str | None = None) -> dict[str, int]:
    """Count what a query matches by folder: the items directly in each, by its path.

    Items of which the caller may not see the folder are left out.

    Args:
        database: The catalog.
        matches: What the query matches.
        below: Only this folder and those below it; None for all.
    """
    condition, parameters = _match_counted(matches)
    counts = count_by_folder(database, and_(condition, is_own(matches.filters.rights)), below, parameters)
    return {path: matches.scale(count) for path, count in counts.items()}


def _match_counted(matches: Matches) -> tuple[ColumnElement[bool], dict[str, str]]:
    """Return the condition that a query matches an item, and the values that it binds."""
    if matches.item_ids is None:
        return make_conditions(matches.filters), {}
    return and_(is_indexed(), match_values(t.item.c.id)), pack_values(matches.item_ids)


def _select_counts(facet: Facet, condition: ColumnElement[bool]) -> Select[Any]:
    number, value = func.count().label("number"), facet.value
    query = select(value, number).select_from(t.item).join(t.source, t.source.c.id == t.item.c.source_id)
    if facet.table is not None:
        query = query.join(facet.table, facet.table.c.item_id == t.item.c.id)
    query = query.where(condition, value.is_not(None)).group_by(value)
    return query.order_by(value) if facet.is_ordered else query.order_by(number.desc(), value).limit(MAX_VALUES)
