"""The places or the folder that the text of a query names."""

from dataclasses import replace

from search.open_home import OpenHome
from search.query.folders import NamedFolder, read_named_folder
from search.query.grammar import parse_query
from search.query.intent.reading import Reading, read_query
from search.query.places import NamedPlaces, read_named_places
from search.records import IntentKind, Query
from search.text.analysis import fold


def read_named(library: OpenHome, query: Query, reading: Reading, spoken: str = "") -> NamedPlaces | NamedFolder | None:
    """Return what a query names: a folder if it says so, else places, else a folder.

    Args:
        library: The library.
        query: The query.
        reading: What its text means.
        spoken: The words of its recording.
    """
    text = " ".join(filter(None, (reading.parsed.text, spoken)))
    folder = _read_folder(library, query, reading, text)
    if folder is not None and folder.has_noun:
        return folder
    return _read_places(library, query, reading, text) or folder


def keep_folder(library: OpenHome, query: Query, reading: Reading, corrected: str | None, spoken: str) -> Query:
    """Return a query whose words are not recognized as anything else where they name a folder: "WhatsApp images".

    Args:
        library: The library.
        query: The query.
        reading: What its text means.
        corrected: Its text without typing errors, if it had any.
        spoken: The words of its recording.
    """
    text = " ".join(filter(None, (parse_query(corrected or query.text or "").text, spoken)))
    folder = _read_folder(library, query, reading, text)
    if folder is None:
        return query
    words = (one.text for one in reading.recognized if one.kind is not IntentKind.FILTER)
    kept = [word for word in words if folder.words.issuperset(fold(word).split())]
    return replace(query, literal=(*query.literal, *kept)) if kept else query


def loses_places(library: OpenHome, query: Query, corrected: Reading) -> bool:
    """Return whether a text names places of the library that the corrected text does not name."""
    reading = read_query(query)
    named = _read_places(library, query, reading, reading.parsed.text)
    kept = _read_places(library, query, corrected, corrected.parsed.text)
    return named is not None and (kept is None or not set(named.places) <= set(kept.places))


def _read_places(library: OpenHome, query: Query, reading: Reading, text: str) -> NamedPlaces | None:
    """Return the places that a text names, unless the query has a filter for places."""
    if reading.filters.places:
        return None
    revision, precision = library.catalog.read_revision(), query.filters.rights.locations
    return read_named_places(library.database, revision, text, precision)


def _read_folder(library: OpenHome, query: Query, reading: Reading, text: str) -> NamedFolder | None:
    """Return the folder that a text names, unless the query has a filter for folders, or is searched for literally."""
    if reading.filters.path is not None or not query.recognize:
        return None
    return read_named_folder(library.database, library.catalog.read_revision(), text, query.filters.rights)
