"""Where all items were captured, in memory: a map and a tree of places look at each of them."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, and_, or_, select, text, true

from search.places.rounding import Degrees, round_locations
from search.records import Ids, ItemPlace, LocationPrecision
from search.storage import tables as t
from search.storage.database import Database, join_ids, parse_ids
from search.storage.places import VERSION_KEY

Number = TypeVar("Number", np.float64, np.int64)
# The number of the place of an item that is in none.
NO_PLACE = -1


@dataclass(frozen=True)
class LocationTable:
    """The coordinates and the places of all items that have them, and of some that were removed since.

    Attributes:
        ids: The ids of the items, ascending, shape (n,).
        latitudes: In degrees, NaN for an item without coordinates, shape (n,).
        longitudes: In degrees, NaN for an item without coordinates, shape (n,).
        place_numbers: The position of the place of each item in `places`, or `NO_PLACE`, shape (n,).
        places: Every place in which something was captured.
        version: The version of the data with which places were found.
        last_segment: The last segment that was written before the table was read.
    """

    ids: Ids
    latitudes: Degrees
    longitudes: Degrees
    place_numbers: Ids
    places: tuple[ItemPlace, ...]
    version: str | None = None
    last_segment: int = 0

    def get_points(self, precision: LocationPrecision) -> tuple[Degrees, Degrees]:
        """Return the latitudes and longitudes as precisely as a caller may see them; not for hidden locations."""
        if precision is LocationPrecision.EXACT:
            return self.latitudes, self.longitudes
        return self._rounded

    @cached_property
    def _rounded(self) -> tuple[Degrees, Degrees]:
        return round_locations(self.latitudes, self.longitudes)


@dataclass
class _Cache:
    """The last table of each database. A table is read by one thread, which others wait for."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    tables: "WeakKeyDictionary[Database, LocationTable]" = field(default_factory=WeakKeyDictionary)


_CACHE = _Cache()


def read_locations(database: Database) -> LocationTable:
    """Return the locations of all items. After a write, only those of items that were written are read again.

    The coordinates of an item change only when its segments are replaced, and ids of segments are never used again.
    """
    with _CACHE.lock, database.read() as db:
        known = _CACHE.tables.get(database)
        version = db.execute(select(t.setting.c.value).where(t.setting.c.key == VERSION_KEY)).scalar()
        last_segment = db.execute(_LAST_SEGMENT).scalar() or 0
        if known is None or known.version != version:
            found = _make_table(_read_rows(db, true()), (), version, last_segment)
        elif known.last_segment == last_segment:
            return known
        else:
            found = _update(db, known, last_segment)
        _CACHE.tables[database] = found
        return found


def _update(db: Connection, known: LocationTable, last_segment: int) -> LocationTable:
    """Return a table with the items read again whose segments were written since."""
    is_new = t.segment.c.id > known.last_segment
    changed = parse_ids(db.execute(join_ids(select(t.segment.c.item_id).where(is_new).distinct())).scalar())
    rows = _read_rows(db, t.item.c.id.in_(select(t.segment.c.item_id).where(is_new)))
    new = _make_table(rows, known.places, known.version, last_segment)
    kept = ~np.isin(known.ids, changed)
    ids = np.concatenate([known.ids[kept], new.ids])
    order = np.argsort(ids, kind="stable")

    def join(old: NDArray[Number], added: NDArray[Number]) -> NDArray[Number]:
        joined: NDArray[Number] = np.concatenate([old[kept], added])[order]
        return joined

    return LocationTable(
        ids[order],
        join(known.latitudes, new.latitudes),
        join(known.longitudes, new.longitudes),
        join(known.place_numbers, new.place_numbers),
        new.places,
        known.version,
        last_segment,
    )


_Row = tuple[int, float | None, float | None, str | None, int | None, str | None]


def _read_rows(db: Connection, condition: ColumnElement[bool]) -> list[_Row]:
    i, p = t.item.c, t.item_place.c
    query = select(i.id, i.latitude, i.longitude, p.area, p.city, p.rounded_area)
    query = query.select_from(t.item.outerjoin(t.item_place, p.item_id == i.id))
    is_located = or_(and_(i.latitude.is_not(None), i.longitude.is_not(None)), p.area.is_not(None))
    return [tuple(row) for row in db.execute(query.where(is_located, condition).order_by(i.id))]


def _make_table(rows: list[_Row], places: Iterable[ItemPlace], version: str | None, last_segment: int) -> LocationTable:
    numbers = {place: number for number, place in enumerate(places)}
    placed = [
        NO_PLACE if area is None else numbers.setdefault(ItemPlace(area, city, rounded), len(numbers))
        for _, _, _, area, city, rounded in rows
    ]
    points = np.array([row[1:3] for row in rows], np.float64).reshape(-1, 2)
    return LocationTable(
        np.array([row[0] for row in rows], np.int64),
        points[:, 0],
        points[:, 1],
        np.array(placed, np.int64),
        tuple(numbers),
        version,
        last_segment,
    )


_LAST_SEGMENT = text("SELECT seq FROM sqlite_sequence WHERE name = 'segment'")
