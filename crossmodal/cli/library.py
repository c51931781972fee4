"""The library of a command: the home on this machine, or with `--server` a server."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossmodal.protocol import AnyLibrary
    from search.settings import Settings


def open_library(settings: "Settings", searches: bool = False) -> "AnyLibrary":
    """Open the library that a command uses. It must exist.

    Args:
        settings: The settings.
        searches: Load the indexes of a home in the background, since a search comes next.

    Raises:
        HomeError: The home cannot be used.
        UsageError: The address of the server is not valid.
    """
    if settings.server:
        from crossmodal.client import Client

        return Client(settings.server, settings.key.get_secret_value())
    from search.open_home import open_home

    opened = open_home(settings)
    if searches:
        from crossmodal.cli.preloading import preload_indexes

        preload_indexes(opened)
    from crossmodal.api import Library

    return Library(opened)
