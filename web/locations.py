"""What the caller of the current request may see of where items are."""

import re
from contextlib import suppress
from dataclasses import replace

from flask import Flask, current_app, request

from search.errors import CrossmodalError
from search.locations import Disclosure, find_precision, make_disclosure
from search.paths import is_below
from search.places.data import LANGUAGES
from search.records import LocationPrecision, Role
from search.settings import Settings
from search.storage.database import Database
from web.access.caller import PRECISIONS, find_hidden_folders, get_principal

# Where an application keeps the database with the sources.
EXTENSION = "crossmodal_locations"
# The path of a file in a text, but not a path of the REST API.
FILE_PATH = re.compile(r"(?<![\w.])/(?!api/v1/|sign-in)")


def register(app: Flask, settings: Settings, database: Database) -> None:
    """Use the precision that the settings have for each role; admins see exact locations."""
    app.extensions[EXTENSION] = database
    app.extensions[PRECISIONS] = {role: find_precision(settings, role) for role in Role}


def get_location_precision() -> LocationPrecision:
    """Return the precision for the caller of the current request."""
    return get_principal().rights.locations


def get_disclosure() -> Disclosure:
    """Return what the caller of the current request may see; of items in a shared album, no folders of others."""
    disclosure = make_disclosure(get_location_precision(), get_principal().rights, current_app.extensions[EXTENSION])
    return replace(disclosure, language=request.accept_languages.best_match(LANGUAGES, LANGUAGES[0]))


def hide_folders(detail: str) -> str:
    """Return the text of a problem, or another one if it has the path of a file and the caller may not see folders."""
    if not find_hidden_folders() or not (paths := list(FILE_PATH.finditer(detail))):
        return detail
    sources: frozenset[str] = frozenset()
    with suppress(CrossmodalError):  # the problem may be that of the catalog
        sources = get_disclosure().sources
    if all(any(is_below(detail[path.start() :], source) for source in sources) for path in paths):
        return detail
    return "This file cannot be sent now. Try again later, or ask who shared it with you."
