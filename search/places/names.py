"""Places by their names, and their names for readers."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from search.errors import UsageError
from search.places.data import Area, City, load_places
from search.records import ItemPlace, LocationPrecision

# A city, a region or a country.
Place = Area | City
# The number of items by the number of the city or None, by the code of the region, by the code of the country.
PlaceCounts = dict[str, dict[str, Counter[int | None]]]
# At most this many places are listed in each place.
MAX_LISTED = 100


@lru_cache(maxsize=1024)
def find_places(name: str) -> tuple[Place, ...]:
    """Return the places with a name in any language, or with a code: `PT`, `PT.14` or the number of a city.

    Raises:
        UsageError: There is none.
    """
    data = load_places()
    city = data.get_city(int(name)) if name.isdecimal() and name.isascii() and len(name) < 12 else None
    found: list[Place] = [city] if city is not None else [*data.find_areas(name), *data.find_cities(name)]
    if not found:
        raise UsageError(
            f"There is no place {name!r}. Write the name of a country, a region or a city with at least 1,000 people."
        )
    return tuple(found)


def list_levels(place: ItemPlace | None, precision: LocationPrecision) -> list[Place]:
    """Return the city, the region and the country of an item, as far as they are known and may be seen."""
    if place is None or precision is LocationPrecision.HIDDEN:
        return []
    data = load_places()
    is_exact = precision is LocationPrecision.EXACT
    code = place.area if is_exact else place.rounded_area
    city = data.get_city(place.city) if place.city is not None and is_exact else None
    codes = [code, code[:2]] if code else []
    areas = [data.areas_by_code[one] for one in dict.fromkeys(codes) if one in data.areas_by_code]
    return [*([city] if city is not None else []), *areas]


def get_code(place: Place) -> str:
    """Return the code of a place, which is a value of the filter."""
    return str(place.id) if isinstance(place, City) else place.code


def describe_place(place: ItemPlace | None, precision: LocationPrecision, language: str = "en") -> str:
    """Return the names of the places where an item was captured, from the city to the country."""
    names = [one.get_name(language) for one in list_levels(place, precision)]
    return ", ".join(dict.fromkeys(names))


def name_counts(counts: PlaceCounts, language: str) -> list[dict[str, Any]]:
    """Return the tree of countries, regions and cities with their names, each list with the most items first."""
    data, countries = load_places(), []
    for country, regions in counts.items():
        below = []
        for code, cities in regions.items():
            known = [(data.get_city(number), count) for number, count in cities.items() if number is not None]
            listed = [_name_count(city, count, [], language) for city, count in known if city is not None]
            if code == country:  # a country without regions
                below += listed
            elif code in data.areas_by_code:
                below.append(_name_count(data.areas_by_code[code], cities.total(), listed, language))
        total = sum(cities.total() for cities in regions.values())
        if country in data.areas_by_code:
            countries.append(_name_count(data.areas_by_code[country], total, below, language))
    return _sort_counts(countries)


def _name_count(place: Place, count: int, below: list[dict[str, Any]], language: str) -> dict[str, Any]:
    return {
        "value": get_code(place),
        "name": place.get_name(language),
        "count": count,
        "places": _sort_counts(below),
    }


def _sort_counts(counts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(counts, key=lambda one: (-one["count"], one["name"]))[:MAX_LISTED]
