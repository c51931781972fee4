"""Names of places in the text of a query."""

from dataclasses import dataclass, replace
from functools import lru_cache

from search.places.index import PlaceIndex, is_only_about_pictures, narrow
from search.places.names import Place, get_code
from search.records import Filters, LocationPrecision
from search.storage.database import Database
from search.storage.places import Places


@dataclass(frozen=True)
class NamedPlaces:
    """The places that a query names.

    Attributes:
        places: The places, all of them with items of the library.
        rest: The text without their names; empty if it describes nothing else.
        is_certain: False if the name mostly means something else, such as "reading" or "nice".
    """

    places: tuple[Place, ...]
    rest: str
    is_certain: bool

    def restrict(self, filters: Filters) -> Filters:
        """Return filters that only items captured in one of the places satisfy."""
        return replace(filters, places=tuple(map(get_code, self.places)))


def read_named_places(database: Database, revision: int, text: str, precision: LocationPrecision) -> NamedPlaces | None:
    """Return the places that a text names, among those with items of the library.

    Args:
        database: The catalog.
        revision: Its revision.
        text: The plain words of a query.
        precision: How precisely the caller may see where items were captured.
    """
    if not text.strip() or precision is LocationPrecision.HIDDEN:
        return None
    index = _open_index(database, revision, precision)
    mentions = index.find_mentions(text) if index is not None else []
    if not mentions:
        return None
    certain = [mention for mention in mentions if mention.is_certain]
    used = certain or mentions
    rest = text
    for mention in reversed(used):
        rest = f"{rest[: mention.start]} {rest[mention.end :]}"
    rest = " ".join(rest.split())
    return NamedPlaces(narrow(used), "" if is_only_about_pictures(rest) else rest, bool(certain))


@lru_cache(maxsize=8)
def _open_index(database: Database, revision: int, precision: LocationPrecision) -> PlaceIndex | None:
    """Return the names of the places of a library; None if it has no places, so that the data is not read."""
    known = Places(database).list_known(precision)
    return PlaceIndex(known) if known else None
