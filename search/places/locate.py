"""The city, the region and the country at some coordinates."""

import math
from functools import lru_cache

import numpy as np

from search.places.data import COUNTRY_LENGTH, PlaceData, load_places
from search.places.rounding import round_location
from search.records import Ids, ItemPlace, Vectors

EARTH_RADIUS_KM = 6371.0
KM_PER_DEGREE = math.pi * EARTH_RADIUS_KM / 180
# A place further away than this says nothing about where something is: it is at sea, or in a desert.
MAX_COUNTRY_KM = 250.0
MAX_REGION_KM = 100.0
MAX_CITY_KM = 40.0
# Which city something belongs to: its population to this power, divided by the distance and this number of kilometers.
# So a town is preferred to a city that is ten kilometers away, and a city to its suburbs and to the next village.
POPULATION_POWER, INNER_KM = 0.42, 2.0


def locate(latitude: float | None, longitude: float | None) -> ItemPlace | None:
    """Return the place at some coordinates in degrees; None without coordinates, or far from any settlement."""
    if latitude is None or longitude is None:
        return None
    # Photos of one walk are often within ten meters of each other.
    return _locate(round(latitude, 4), round(longitude, 4))


@lru_cache(maxsize=65_536)
def _locate(latitude: float, longitude: float) -> ItemPlace | None:
    data = load_places()
    area, city = _find_place(data, latitude, longitude)
    if area is None:
        return None
    return ItemPlace(area, city, _locate_rounded(*round_location(latitude, longitude)))


@lru_cache(maxsize=65_536)
def _locate_rounded(latitude: float, longitude: float) -> str | None:
    return _find_place(load_places(), latitude, longitude)[0]


def _find_place(data: PlaceData, latitude: float, longitude: float) -> tuple[str | None, int | None]:
    """Return the code of the region or country, and the id of the city, at some coordinates."""
    for radius in (MAX_CITY_KM, MAX_REGION_KM, MAX_COUNTRY_KM):
        near, distances = _measure(data, latitude, longitude, radius)
        if len(near):
            break
    else:
        return None, None
    nearest = int(np.argmin(distances))
    area = data.all_areas[int(data.areas[near[nearest]])].code
    if radius == MAX_COUNTRY_KM:
        return area[:COUNTRY_LENGTH], None
    # Borders are not known, so the nearest settlement of any size decides on the country.
    countries = data.countries[data.areas[near]]
    is_city = (near < len(data.ids)) & (radius == MAX_CITY_KM) & (countries == countries[nearest])
    if not is_city.any():
        return area, None
    cities = near[is_city]
    pull = data.populations[cities] ** POPULATION_POWER / (distances[is_city] + INNER_KM)
    city = int(cities[np.argmax(pull)])
    return data.all_areas[int(data.areas[city])].code, int(data.ids[city])


def _measure(data: PlaceData, latitude: float, longitude: float, radius: float) -> tuple[Ids, Vectors]:
    """Return the indexes of the settlements within a radius, and their distances, in kilometers."""
    order, latitudes, longitudes = data.by_latitude
    reach = radius / KM_PER_DEGREE
    first, last = np.searchsorted(latitudes, [latitude - reach, latitude + reach])
    turn = np.abs(longitudes[first:last] - longitude)
    turn = np.minimum(turn, 360 - turn)
    narrow = math.cos(math.radians(min(abs(latitude) + reach, 89.0)))
    chosen = np.flatnonzero(turn <= reach / narrow)
    near, turn = order[first + chosen], np.radians(turn[chosen])
    here, there = math.radians(latitude), np.radians(latitudes[first + chosen])
    # The haversine formula.
    square = np.sin((there - here) / 2) ** 2 + math.cos(here) * np.cos(there) * np.sin(turn / 2) ** 2
    distances = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(square, 0, 1)))
    return near[distances <= radius], distances[distances <= radius]
