"""What the caller of the current request may see of where items are."""

import re

from flask import Flask, current_app

from search.locations import Disclosure
from search.records import Role
from search.settings import LocationPrecision, Settings
from web.access.caller import find_hidden_folders, get_principal

# Where an application keeps the precision of each role.
EXTENSION = "crossmodal_locations"


def register(app: Flask, settings: Settings) -> None:
    """Use the precision that the settings have for each role; admins see exact locations."""
    app.extensions[EXTENSION] = {
        Role.VIEW: settings.view_location,
        Role.SEARCH: settings.search_location,
        Role.EDIT: settings.edit_location,
        Role.ADMIN: LocationPrecision.EXACT,
    }


def get_location_precision() -> LocationPrecision:
    """Return the precision for the caller of the current request."""
    precisions: dict[Role, LocationPrecision] = current_app.extensions[EXTENSION]
    return precisions.get(get_principal().role, LocationPrecision.HIDDEN)


def get_disclosure() -> Disclosure:
    """Return what the caller of the current request may see; people with a link see no folders."""
    return Disclosure(get_location_precision(), shows_folders=not get_principal().rights.hides_folders)


def hide_folders(detail: str) -> str:
    """Return the text of a problem, or another one if it has the path of a file and the caller may not see folders."""
    has_path = find_hidden_folders() and re.search(r"(?<![\w.])/(?!api/v1/|sign-in)", detail) is not None
    return "This file cannot be sent now. Try again later, or ask who sent you the link." if has_path else detail
