"""The library of a command: the home on this machine, or with `--server` a server."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossmodal.protocol import AnyLibrary
    from search.settings import Settings


def open_library(settings: "Settings") -> "AnyLibrary":
    """Open the library that a command uses. It must exist.

    Raises:
        HomeError: The home cannot be used.
        UsageError: The address of the server is not valid.
    """
    if settings.server:
        from crossmodal.client import Client

        return Client(settings.server, settings.key.get_secret_value())
    from crossmodal.api import Library
    from search.open_home import open_home

    return Library(open_home(settings))
