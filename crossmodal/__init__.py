"""Cross-modal search over folders of images, audio, video and documents.

Examples:
    >>> import crossmodal
    >>> with crossmodal.open("~/library") as library:
    ...     library.index("~/Pictures")
    ...     for hit in library.search("a dog in the snow", types=["image"]):
    ...         print(hit.item.path, hit.score, hit.evidence)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crossmodal.api import Library, open
    from crossmodal.arguments import SearchOptions
    from crossmodal.client import AsyncClient, Client
    from crossmodal.protocol import AnyLibrary
    from crossmodal.results import AsyncSearchResults, IndexSummary, SearchResults
    from search.errors import (
        BusyError,
        CancelledError,
        CrossmodalError,
        HomeError,
        ModelError,
        NotAllowedError,
        NotFoundError,
        ServerError,
        SignInError,
        StorageError,
        UnreadableMediaError,
        UsageError,
    )
    from search.records import Evidence, Hit, Item

__all__ = [
    "AnyLibrary",
    "AsyncClient",
    "AsyncSearchResults",
    "BusyError",
    "CancelledError",
    "Client",
    "CrossmodalError",
    "Evidence",
    "Hit",
    "HomeError",
    "IndexSummary",
    "Item",
    "Library",
    "ModelError",
    "NotAllowedError",
    "NotFoundError",
    "SearchOptions",
    "SearchResults",
    "ServerError",
    "SignInError",
    "StorageError",
    "UnreadableMediaError",
    "UsageError",
    "open",
]

# The modules of these names. All others in `__all__` are errors.
_MODULES = {
    "AnyLibrary": "crossmodal.protocol",
    "AsyncClient": "crossmodal.client",
    "AsyncSearchResults": "crossmodal.results",
    "Client": "crossmodal.client",
    "Evidence": "search.records",
    "Hit": "search.records",
    "IndexSummary": "crossmodal.results",
    "Item": "search.records",
    "Library": "crossmodal.api",
    "SearchOptions": "crossmodal.arguments",
    "SearchResults": "crossmodal.results",
    "open": "crossmodal.api",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: the commands, which need little, start sooner then."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "search.errors")), name)
