"""The number of items by country, region and city."""

from collections import Counter

import numpy as np

from search.places.data import COUNTRY_LENGTH
from search.places.names import PlaceCounts
from search.records import LocationPrecision, Matches
from search.storage.database import Database
from search.storage.embedding_rows import mark_ids
from search.storage.filters import select_items
from search.storage.location_table import NO_PLACE, read_locations


def count_places(database: Database, matches: Matches) -> PlaceCounts:
    """Count what a query matches by place, as precisely as the caller may see places.

    Raises:
        UsageError: A filter is invalid.
    """
    precision = matches.filters.rights.locations
    if precision is LocationPrecision.HIDDEN:
        return {}
    table = read_locations(database)
    found = (
        select_items(database, matches.filters) if matches.item_ids is None else np.array(matches.item_ids, np.int64)
    )
    size = int(table.ids[-1]) + 1 if len(table.ids) else 0
    numbers = table.place_numbers[mark_ids(found, size)[table.ids]]
    totals = np.bincount(numbers[numbers != NO_PLACE], minlength=len(table.places)).tolist()
    sums: Counter[tuple[str | None, int | None]] = Counter()
    for place, total in zip(table.places, totals, strict=True):
        is_exact = precision is LocationPrecision.EXACT
        sums[(place.area, place.city) if is_exact else (place.rounded_area, None)] += total
    counts: PlaceCounts = {}
    for (area, city), total in sums.items():
        if total and area is not None:
            counts.setdefault(area[:COUNTRY_LENGTH], {}).setdefault(area, Counter())[city] = matches.scale(total)
    return counts
