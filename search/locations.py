"""What clients see of where something is: where it was captured, and in which folder it is stored."""

import math
from dataclasses import dataclass, replace

from search.records import MediaFacts, Rights
from search.settings import LocationPrecision
from search.storage.database import Database
from search.storage.sources import Sources

# A tenth of a degree of latitude is 11 km.
ROUNDED_DEGREES = 0.1


@dataclass(frozen=True)
class Disclosure:
    """What a reader may see of where items are.

    Attributes:
        precision: How precisely they may see where something was captured.
        shows_folders: Whether they may see the folders of files; else only names.
        sources: The paths of the sources whose folders they may see even if they may not see others.
    """

    precision: LocationPrecision = LocationPrecision.EXACT
    shows_folders: bool = True
    sources: frozenset[str] = frozenset()

    def narrow(self, source: str) -> "Disclosure":
        """Return what they may see of the items of one source, by its path."""
        return replace(self, shows_folders=True) if source in self.sources else self

    def show_path(self, path: str) -> str:
        """Return the path of a file, or its name."""
        return path if self.shows_folders else path.rpartition("/")[2]


FULL_DISCLOSURE = Disclosure()


def make_disclosure(precision: LocationPrecision, rights: Rights, database: Database) -> Disclosure:
    """Return what a caller may see: of the items that they may read only in a shared album, no folders."""
    if not rights.hides_folders:
        return Disclosure(precision)
    sources = Sources(database, rights).list_all() if rights.sources else []
    return Disclosure(precision, shows_folders=False, sources=frozenset(source.path for source in sources))


def limit_location(facts: MediaFacts, precision: LocationPrecision) -> MediaFacts:
    """Return the metadata of a file with its location as precise as it may be seen."""
    if precision is LocationPrecision.EXACT or facts.latitude is None or facts.longitude is None:
        return facts
    if precision is LocationPrecision.HIDDEN:
        return replace(facts, latitude=None, longitude=None)
    latitude = _round(facts.latitude, ROUNDED_DEGREES)
    # Degrees of longitude are shorter away from the equator. At the poles they all mean the same place.
    length = math.cos(math.radians(latitude))
    longitude = _round(facts.longitude, ROUNDED_DEGREES / length) if length > ROUNDED_DEGREES / 180 else 0.0
    return replace(facts, latitude=latitude, longitude=max(-180.0, min(longitude, 180.0)))


def _round(degrees: float, step: float) -> float:
    """Return the nearest multiple of a step, with four decimals."""
    return round(round(degrees / step) * step, 4)
