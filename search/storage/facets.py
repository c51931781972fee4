"""Facets: the number of items by type, source, month, language, camera, artist, tag, rating and duration."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from search.records import FILTERS, Filters
from search.storage import tables as t
from search.storage.database import Database
from search.storage.filters import SQL, make_conditions, read_local_time

# Only the most frequent values of a facet are returned; months are not limited.
MAX_VALUES = 40
# Bounds of the groups of duration, in seconds.
DURATION_BOUNDS = (10.0, 60.0, 600.0, 3600.0)


def read_facets(database: Database, filters: Filters) -> dict[str, Any]:
    """Count the indexed items that satisfy the filters, by facet and value.

    Returns:
        Lists of `{"value", "count"}` by facet. The facets of filters are sorted by count, most frequent first, and
        `months` by time. The values of `durations` are upper bounds in seconds, None for no bound.

    Raises:
        UsageError: A filter is invalid.
    """
    facets = {declared.facet: SQL[name].facet_column for name, declared in FILTERS.items() if declared.facet}
    with database.read() as db:

        def count(value: ColumnElement[Any], max_values: int | None = MAX_VALUES) -> list[dict[str, Any]]:
            query = _select_counts(value, filters).limit(max_values)
            return [{"value": row[0], "count": row[1]} for row in db.execute(query)]

        months = count(func.substr(read_local_time(), 1, 7), None)
        durations = [
            {"value": bound, "count": db.execute(_count_between(low, bound, filters)).scalar_one()}
            for low, bound in zip((0.0, *DURATION_BOUNDS), (*DURATION_BOUNDS, None), strict=True)
        ]
        return {
            **{facet: count(column) for facet, column in facets.items() if column is not None},
            "months": sorted(months, key=lambda month: str(month["value"])),
            "durations": durations,
        }


def _select_counts(value: ColumnElement[Any], filters: Filters) -> Select[Any]:
    number = func.count().label("number")
    query = select(value, number).select_from(t.item).join(t.source, t.source.c.id == t.item.c.source_id)
    for table in (t.tag, t.machine_tag):
        if value is table.c.name:
            query = query.join(table, table.c.item_id == t.item.c.id)
    return query.where(make_conditions(filters), value.is_not(None)).group_by(value).order_by(number.desc(), value)


def _count_between(low: float, bound: float | None, filters: Filters) -> Select[Any]:
    query = select(func.count()).select_from(t.item).join(t.source, t.source.c.id == t.item.c.source_id)
    query = query.where(make_conditions(filters), t.item.c.duration >= low)
    return query if bound is None else query.where(t.item.c.duration < bound)
