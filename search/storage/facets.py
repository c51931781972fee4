"""What a library can be narrowed by: how many items there are of each kind, source, month, language, camera and tag."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from search.records import Filters
from search.storage import tables as t
from search.storage.database import Database
from search.storage.filters import make_conditions, read_moment

# So many values of a field are told, the commonest first; of months all.
MAX_VALUES = 40
# Bounds of the groups of duration, in seconds.
LENGTHS = (10.0, 60.0, 600.0, 3600.0)


def read_facets(database: Database, filters: Filters) -> dict[str, Any]:
    """Count the indexed items that satisfy the filters by their values. Raises UsageError for a filter that is none.

    Each field: a list of `{"value", "count"}`; `months` in order of time, `durations` by their upper bounds in seconds.
    """
    c = t.item.c
    with database.read() as db:

        def count(value: ColumnElement[Any], most: int | None = MAX_VALUES) -> list[dict[str, Any]]:
            query = _select(value, filters).limit(most)
            return [{"value": row[0], "count": row[1]} for row in db.execute(query)]

        months = count(func.substr(read_moment(), 1, 7), None)
        tags = _select(t.tag.c.name, filters).join_from(t.item, t.tag, t.tag.c.item_id == c.id).limit(MAX_VALUES)
        durations = [
            {"value": bound, "count": db.execute(_count_between(low, bound, filters)).scalar_one()}
            for low, bound in zip((0.0, *LENGTHS), (*LENGTHS, None), strict=True)
        ]
        return {
            "types": count(c.type),
            "sources": count(t.source.c.path),
            "languages": count(c.language),
            "cameras": count(c.camera),
            "artists": count(c.artist),
            "tags": [{"value": row[0], "count": row[1]} for row in db.execute(tags)],
            "months": sorted(months, key=lambda one: str(one["value"])),
            "durations": durations,
        }


def _select(value: ColumnElement[Any], filters: Filters) -> Select[Any]:
    number = func.count().label("number")
    query = select(value, number).select_from(t.item).join(t.source, t.source.c.id == t.item.c.source_id)
    return query.where(make_conditions(filters), value.is_not(None)).group_by(value).order_by(number.desc(), value)


def _count_between(low: float, bound: float | None, filters: Filters) -> Select[Any]:
    query = select(func.count()).select_from(t.item).join(t.source, t.source.c.id == t.item.c.source_id)
    query = query.where(make_conditions(filters), t.item.c.duration >= low)
    return query if bound is None else query.where(t.item.c.duration < bound)
