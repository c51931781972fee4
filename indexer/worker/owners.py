"""What the owners of saved searches may read."""

from dataclasses import replace

from search.access.authentication import make_principal
from search.locations import find_precision
from search.open_home import OpenHome
from search.records import EVERYTHING, NOBODY, Rights, SavedSearch
from search.storage.accounts import Accounts


def read_rights(library: OpenHome, saved: SavedSearch) -> Rights:
    """Return what the owner of a search may read; everything without an owner."""
    if saved.owner_id is None:
        return EVERYTHING
    account = Accounts(library.database).get(saved.owner_id)
    principal = NOBODY if account.is_disabled else make_principal(library.database, account)
    return replace(principal.rights, locations=find_precision(library.settings, principal.role))
