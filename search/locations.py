"""What clients see of where something is: where it was captured, and in which folder it is stored."""

from dataclasses import dataclass, replace

from search.places.rounding import round_location
from search.records import LocationPrecision, MediaFacts, Rights, Role
from search.settings import Settings
from search.storage.database import Database
from search.storage.sources import Sources


@dataclass(frozen=True)
class Disclosure:
    """What a reader may see of where items are.

    Attributes:
        precision: How precisely they may see where something was captured.
        shows_folders: Whether they may see the folders of files; else only names.
        sources: The paths of the sources whose folders they may see even if they may not see others.
        language: The language in which they read the names of places.
    """

    precision: LocationPrecision = LocationPrecision.EXACT
    shows_folders: bool = True
    sources: frozenset[str] = frozenset()
    language: str = "en"

    def narrow(self, source: str) -> "Disclosure":
        """Return what they may see of the items of one source, by its path."""
        return replace(self, shows_folders=True) if source in self.sources else self

    def show_path(self, path: str) -> str:
        """Return the path of a file, or its name."""
        return path if self.shows_folders else path.rpartition("/")[2]


FULL_DISCLOSURE = Disclosure()


def find_precision(settings: Settings, role: Role) -> LocationPrecision:
    """Return how precisely callers with a role may see where items were captured; admins see exact locations."""
    precisions = {
        Role.VIEW: settings.view_location,
        Role.SEARCH: settings.search_location,
        Role.EDIT: settings.edit_location,
        Role.ADMIN: LocationPrecision.EXACT,
    }
    return precisions.get(role, LocationPrecision.HIDDEN)


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
    latitude, longitude = round_location(facts.latitude, facts.longitude)
    return replace(facts, latitude=latitude, longitude=longitude)
