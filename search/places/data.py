"""The packaged data about places, from GeoNames: see `README.md` in this folder."""

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.text.analysis import fold

# The languages in which countries and regions have names, in the order of the columns of the data.
LANGUAGES = ("en", "zh", "de", "es", "fr")
FILE = Path(__file__).parent / "places.npz"
# Degrees are stored as whole numbers of this unit.
UNITS_PER_DEGREE = 10_000
# Codes of countries have two letters (ISO 3166-1), which the codes of their regions begin with.
COUNTRY_LENGTH = 2


@dataclass(frozen=True)
class Area:
    """A country, or a region of it.

    Attributes:
        code: The code of the country (`IT`) or of the region (`IT.20`).
        names: Its names in `LANGUAGES`, then others.
    """

    code: str
    names: tuple[str, ...]

    @property
    def country(self) -> str:
        """The code of its country."""
        return self.code[:COUNTRY_LENGTH]

    @property
    def is_country(self) -> bool:
        """Whether it is a whole country."""
        return len(self.code) == COUNTRY_LENGTH

    @property
    def level(self) -> str:
        """What it is: `country` or `region`."""
        return "country" if self.is_country else "region"

    def get_name(self, language: str) -> str:
        """Return its name in a language, the English one if the language is not known."""
        return self.names[LANGUAGES.index(language) if language in LANGUAGES else 0]


@dataclass(frozen=True)
class City:
    """A settlement that has a name.

    Attributes:
        id: Its number in GeoNames.
        area: The code of its region, or of its country.
        name: Its English name.
        chinese: Its Chinese name; empty if none is known.
        folded: Its names in all languages, folded.
    """

    id: int
    area: str
    name: str
    chinese: str
    folded: tuple[str, ...]

    @property
    def level(self) -> str:
        """What it is: `city`."""
        return "city"

    def get_name(self, language: str) -> str:
        """Return its name in a language: the Chinese one if it is known, else the English one."""
        return self.chinese if language == "zh" and self.chinese else self.name


class PlaceData:
    """The settlements, the largest first, and the areas that they are in.

    Attributes:
        latitudes: In degrees, shape (n,).
        longitudes: In degrees, shape (n,).
        areas: The index in `all_areas` of the area of each settlement, shape (n,).
        populations: Of those with a name, which are the first ones, shape (m,).
        ids: The numbers in GeoNames of those with a name, shape (m,).
        all_areas: Every country and region.
    """

    def __init__(self, file: Path = FILE) -> None:
        with np.load(file) as stored:
            self.latitudes = stored["latitude"].astype(np.float64) / UNITS_PER_DEGREE
            self.longitudes = stored["longitude"].astype(np.float64) / UNITS_PER_DEGREE
            self.areas: NDArray[np.int64] = stored["area"].astype(np.int64)
            self.populations: NDArray[np.int64] = stored["population"].astype(np.int64)
            self.ids: NDArray[np.int64] = stored["id"].astype(np.int64)
            rows = stored["areas"].tobytes().decode().split("\n")
            self._names = stored["names"].tobytes()
        self.all_areas = [Area(code, tuple(names)) for code, *names in (row.split("\t") for row in rows)]

    @cached_property
    def areas_by_code(self) -> dict[str, Area]:
        """Every country and region by code."""
        return {area.code: area for area in self.all_areas}

    @cached_property
    def by_latitude(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """The indexes of the settlements from south to north, their latitudes and their longitudes."""
        order: NDArray[np.int64] = np.argsort(self.latitudes, kind="stable")
        return order, self.latitudes[order], self.longitudes[order]

    @cached_property
    def countries(self) -> NDArray[np.int64]:
        """The number of the country of each area, shape (a,)."""
        codes = sorted({area.country for area in self.all_areas})
        return np.array([codes.index(area.country) for area in self.all_areas])

    @cached_property
    def _places_by_id(self) -> dict[int, int]:
        return {number: place for place, number in enumerate(self.ids.tolist())}

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """The end of the line of each city in the names."""
        ends: NDArray[np.int64] = np.flatnonzero(np.frombuffer(self._names + b"\n", np.uint8) == ord("\n"))
        return ends

    def get_city(self, number: int) -> City | None:
        """Return a city by its number in GeoNames; None if it has no name."""
        place = self._places_by_id.get(number)
        return None if place is None else self._read_city(place)

    def find_cities(self, name: str) -> list[City]:
        """Return the cities with a name in any language: those called so in English first, then the largest."""
        folded = fold(name.strip())
        if not folded or "\t" in folded or "\n" in folded:
            return []
        text, found = f"\t{folded}".encode(), []
        at = self._names.find(text)
        while at >= 0:
            at += len(text)
            if self._names[at : at + 1] in (b"\t", b"\n", b""):
                found.append(int(np.searchsorted(self._ends, at)))
            at = self._names.find(text, at)
        cities = [self._read_city(place) for place in dict.fromkeys(found)]
        return sorted(cities, key=lambda city: fold(city.name) != folded)

    def find_areas(self, name: str) -> list[Area]:
        """Return the countries and regions with a code, or a name in any language."""
        folded = fold(name.strip())
        if folded.upper() in self.areas_by_code:
            return [self.areas_by_code[folded.upper()]]
        return [area for area in self.all_areas if folded in map(fold, area.names)]

    def _read_city(self, place: int) -> City:
        start = int(self._ends[place - 1]) + 1 if place else 0
        name, chinese, *folded = self._names[start : int(self._ends[place])].decode().split("\t")
        return City(int(self.ids[place]), self.all_areas[int(self.areas[place])].code, name, chinese, tuple(folded))


@cache
def read_version() -> str:
    """Return what tells this data from that of another version."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()[:16]


@cache
def load_places() -> PlaceData:
    """Return the packaged data, read at first use."""
    return PlaceData()
