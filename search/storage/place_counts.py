"""The number of items by country, region and city."""

from collections import Counter
from typing import Any

from sqlalchemy import func, null, select

from search.places.data import COUNTRY_LENGTH
from search.places.names import PlaceCounts
from search.records import LocationPrecision, Matches
from search.storage import tables as t
from search.storage.database import Database
from search.storage.facets import match_counted


def count_places(database: Database, matches: Matches) -> PlaceCounts:
    """Count what a query matches by place, as precisely as the caller may see places.

    Raises:
        UsageError: A filter is invalid.
    """
    precision = matches.filters.rights.locations
    if precision is LocationPrecision.HIDDEN:
        return {}
    c = t.item_place.c
    condition, parameters = match_counted(matches)
    area, city = (c.area, c.city) if precision is LocationPrecision.EXACT else (c.rounded_area, null())
    query: Any = select(area, city, func.count()).select_from(t.item_place).join(t.item, t.item.c.id == c.item_id)
    query = query.join(t.source, t.source.c.id == t.item.c.source_id).where(condition)
    counts: PlaceCounts = {}
    with database.read() as db:
        for code, number, count in db.execute(query.where(area.is_not(None)).group_by(area, city), parameters):
            regions = counts.setdefault(code[:COUNTRY_LENGTH], {})
            regions.setdefault(code, Counter())[number] += matches.scale(count)
    return counts
