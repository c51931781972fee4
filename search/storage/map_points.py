"""Where items were captured, as points of a map that are joined to clusters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.places.rounding import Degrees
from search.records import Filters, Ids, LocationPrecision
from search.storage.database import Database
from search.storage.embedding_rows import mark_ids
from search.storage.filters import select_items
from search.storage.location_table import read_locations

# A part of the map in degrees: west, south, east, north.
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Cluster:
    """Items that are near each other on a map.

    Attributes:
        item_ids: The ids of the items, the newest file last, shape (n,).
        latitude: The mean latitude, in degrees.
        longitude: The mean longitude, in degrees.
        bounds: The part of the map with all of them.
    """

    item_ids: Ids
    latitude: float
    longitude: float
    bounds: Bounds


def list_clusters(
    database: Database, filters: Filters, view: tuple[Bounds, int], only: Sequence[int] | None = None
) -> list[Cluster]:
    """Return the items in a part of the map, joined to clusters, the largest first.

    Args:
        database: The catalog.
        filters: The filters, with the rights of the caller; nothing is on the map of those who see no locations.
        view: The part of the map, and in how many columns it is divided. The items in a cell are one cluster.
        only: Only these items; None for all.

    Raises:
        UsageError: A filter is invalid.
    """
    if filters.rights.locations is LocationPrecision.HIDDEN:
        return []
    table = read_locations(database)
    ids, (latitudes, longitudes) = table.ids, table.get_points(filters.rights.locations)
    (west, south, east, north), columns = view
    shown = (latitudes >= south) & (latitudes <= north) & (longitudes >= west) & (longitudes <= east)
    size = int(ids[-1]) + 1 if len(ids) else 0
    shown &= mark_ids(select_items(database, filters), size)[ids]
    if only is not None:
        shown &= mark_ids(np.array(only, np.int64), size)[ids]
    ids, latitudes, longitudes = ids[shown], latitudes[shown], longitudes[shown]
    side = max(east - west, 1e-6) / columns
    # Cells begin at the meridian of Greenwich, so that clusters stay when the map is moved.
    cells = np.floor(longitudes / side).astype(np.int64) * 1_000_000_000 + np.floor(latitudes / side).astype(np.int64)
    order = np.argsort(cells, kind="stable")
    starts = np.flatnonzero(np.diff(cells[order], prepend=np.iinfo(np.int64).min))
    groups = np.split(order, starts[1:]) if len(order) else []
    groups.sort(key=len, reverse=True)
    return [_make_cluster(ids[group], latitudes[group], longitudes[group]) for group in groups]


def _make_cluster(ids: Ids, latitudes: Degrees, longitudes: Degrees) -> Cluster:
    bounds = (float(longitudes.min()), float(latitudes.min()), float(longitudes.max()), float(latitudes.max()))
    return Cluster(ids, round(float(latitudes.mean()), 5), round(float(longitudes.mean()), 5), bounds)
