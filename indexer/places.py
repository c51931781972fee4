"""Where items were captured, from the coordinates in their metadata."""

from collections.abc import Callable
from dataclasses import replace

from search.places.data import read_version
from search.places.locate import locate
from search.records import Record
from search.storage.places import Places

# How many items are written in one transaction.
ITEMS_PER_WRITE = 5_000


def add_place(record: Record) -> Record:
    """Return what is written about an item, with the place at its coordinates."""
    return replace(record, place=locate(record.media.latitude, record.media.longitude))


def update_places(places: Places, check: Callable[[], None]) -> int:
    """Find the places of all items again if they were found with other data, or not at all.

    Args:
        places: The places of the items.
        check: Called between transactions; raises an exception to end the run.

    Returns:
        The number of items with coordinates that were read.
    """
    version = read_version()
    if places.read_version() == version:
        return 0
    last, count = 0, 0
    while located := places.list_coordinates(last, ITEMS_PER_WRITE):
        check()
        places.replace({item: locate(latitude, longitude) for item, latitude, longitude in located})
        last, count = located[-1][0], count + len(located)
    places.write_version(version)
    return count
