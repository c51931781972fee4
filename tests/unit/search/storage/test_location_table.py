"""Locations in memory follow every write, and only what was written is read again."""

import numpy as np
import pytest

from search.places.locate import locate
from search.places.rounding import round_location
from search.records import FileFacts, ItemType, LocationPrecision, MediaFacts, Record, Segment, SegmentKind
from search.storage import location_table
from search.storage.catalog import Catalog
from search.storage.location_table import read_locations
from search.storage.places import Places
from search.storage.sources import Sources

VENICE, LISBON, AT_SEA = (45.4386, 12.3266), (38.7223, -9.1393), (0.0, -30.0)


@pytest.fixture
def save(database):
    catalog, source = Catalog(database), Sources(database).add("/m")

    def save(name, location):
        file = FileFacts(f"/m/{name}", source, ItemType.IMAGE, 1, 1)
        media = MediaFacts(latitude=location[0], longitude=location[1]) if location else MediaFacts()
        place = locate(*location) if location else None
        record = Record(file, "", media, [Segment(SegmentKind.NAME, name)], [], place=place)
        return catalog.save_items([record])[0]

    return save


def read(database):
    table = read_locations(database)
    points = zip(table.ids.tolist(), table.latitudes.tolist(), table.place_numbers.tolist(), strict=True)
    return {item: (latitude, table.places[place].area if place >= 0 else None) for item, latitude, place in points}


def test_new_and_changed_items_are_read_again_and_no_others(database, save, monkeypatch):
    first, second, third = save("a", VENICE), save("b", LISBON), save("c", None)
    assert read(database) == {first: (VENICE[0], "IT.20"), second: (LISBON[0], "PT.14")}
    rows = []
    read_rows = location_table._read_rows
    monkeypatch.setattr(location_table, "_read_rows", lambda *args: rows.extend(read_rows(*args)) or read_rows(*args))
    assert save("b", None) == second
    assert save("c", AT_SEA) == third
    fourth = save("d", LISBON)
    assert read(database) == {
        first: (VENICE[0], "IT.20"),
        third: (AT_SEA[0], None),
        fourth: (LISBON[0], "PT.14"),
    }
    assert {row[0] for row in rows} == {third, fourth}
    assert read_locations(database) is read_locations(database)


def test_all_is_read_again_after_the_places_were_found_with_other_data(database, save):
    first = save("a", VENICE)
    assert read(database)[first][1] == "IT.20"
    places = Places(database)
    places.replace({first: locate(*LISBON)})
    places.write_version("next")
    assert read(database)[first][1] == "PT.14"


def test_points_are_rounded_as_the_coordinates_of_items_are(database, save):
    locations = [VENICE, LISBON, AT_SEA, (89.999, 50.0), (-90.0, 10.0), (12.34567, 179.9999)]
    for number, location in enumerate(locations):
        save(str(number), location)
    points = np.stack(read_locations(database).get_points(LocationPrecision.ROUNDED), axis=1)
    assert [tuple(point) for point in points.tolist()] == [round_location(*location) for location in locations]
