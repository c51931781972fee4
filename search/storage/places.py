"""Where items were captured: the filter, the counts and the coordinates, as precisely as a caller may see them."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, delete, false, func, insert, null, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from search.places.data import City
from search.places.names import Place, find_places
from search.records import ItemPlace, LocationPrecision, SegmentKind
from search.storage import tables as t
from search.storage.database import Database, match_values, pack_values

# Where the version of the data is stored with which the places of all items were found.
VERSION_KEY = "places"


def match_places(names: Sequence[str], precision: LocationPrecision) -> ColumnElement[bool]:
    """Return the condition that an item was captured in one of some places.

    Args:
        names: Names or codes of places.
        precision: How precisely the caller may see where items were captured. With rounded locations no item is in a
            city, and with hidden ones none is in any place.

    Raises:
        UsageError: There is no such place.
    """
    found = [place for name in names for place in find_places(name)]
    return match_any_place(found, precision)


def match_any_place(places: Iterable[Place], precision: LocationPrecision) -> ColumnElement[bool]:
    """Return the condition that an item was captured in one of some places: see `match_places`."""
    if precision is LocationPrecision.HIDDEN:
        return false()
    c = t.item_place.c
    column = c.area if precision is LocationPrecision.EXACT else c.rounded_area
    conditions = []
    for place in places:
        if not isinstance(place, City):
            # The codes of the regions of a country begin with its code and a point; "/" is the character after it.
            below = and_(column > f"{place.code}.", column < f"{place.code}/")
            conditions.append(or_(column == place.code, below) if place.is_country else column == place.code)
        elif precision is LocationPrecision.EXACT:
            conditions.append(and_(c.area == place.area, c.city == place.id))
    return t.item.c.id.in_(select(c.item_id).where(or_(false(), *conditions)))


class Places:
    """The places of the items in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read_version(self) -> str | None:
        """Return the version of the data with which the places of all items were found; None if they never were."""
        query = select(t.setting.c.value).where(t.setting.c.key == VERSION_KEY)
        with self._database.read() as db:
            version: str | None = db.execute(query).scalar()
        return version

    def write_version(self, version: str) -> None:
        """Store the version of the data with which the places of all items were found."""
        statement = upsert(t.setting).values(key=VERSION_KEY, value=version)
        with self._database.write() as db:
            db.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": version}))

    def list_coordinates(self, after_id: int, limit: int) -> list[tuple[int, float, float]]:
        """Return the ids, latitudes and longitudes of items that have them, in order of id."""
        c = t.item.c
        query = select(c.id, c.latitude, c.longitude).where(
            c.id > after_id, c.latitude.is_not(None), c.longitude.is_not(None)
        )
        with self._database.read() as db:
            return [(row[0], row[1], row[2]) for row in db.execute(query.order_by(c.id).limit(limit))]

    def list_known(self, precision: LocationPrecision) -> list[tuple[str, int | None]]:
        """Return the code of the area, and the number of the city, of every place in which something was captured."""
        c = t.item_place.c
        query = select(c.area, c.city).distinct()
        if precision is not LocationPrecision.EXACT:
            query = select(c.rounded_area, null()).where(c.rounded_area.is_not(None)).distinct()
        with self._database.read() as db:
            return [(row[0], row[1]) for row in db.execute(query)]

    def list_located(self, item_ids: Iterable[int]) -> list[int]:
        """Return those of some items of which it is known where they were captured."""
        c = t.item_place.c
        query = select(c.item_id).where(match_values(c.item_id))
        with self._database.read() as db:
            return [row[0] for row in db.execute(query, pack_values(item_ids))]

    def read_name_segments(self, item_ids: Iterable[int]) -> dict[int, int]:
        """Return the id of the segment with the name of each item, by the id of the item."""
        c = t.segment.c
        query = select(c.item_id, func.max(c.id)).where(match_values(c.item_id), c.kind == SegmentKind.NAME)
        with self._database.read() as db:
            return {row[0]: row[1] for row in db.execute(query.group_by(c.item_id), pack_values(item_ids))}

    def replace(self, places: Mapping[int, ItemPlace | None]) -> None:
        """Store the places of items by id; None for an item that is not in any place."""
        rows = [{"item_id": item_id, **vars(place)} for item_id, place in places.items() if place is not None]
        with self._database.write() as db:
            db.execute(delete(t.item_place).where(match_values(t.item_place.c.item_id)), pack_values(places))
            if rows:
                db.execute(insert(t.item_place), rows)
