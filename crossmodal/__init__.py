"""Cross-modal search over folders of images, audio, video and documents.

Examples:
    >>> import crossmodal
    >>> with crossmodal.open("~/library") as library:
    ...     library.index("~/Pictures")
    ...     for hit in library.search("a dog in the snow", types=["image"]):
    ...         print(hit.item.path, hit.score, hit.evidence)
"""

from typing import TYPE_CHECKING, Any

from crossmodal.api import Library, open
from crossmodal.arguments import SearchOptions
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

if TYPE_CHECKING:
    from crossmodal.client import AsyncClient, Client
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


def __getattr__(name: str) -> Any:
    """Import the record types and the clients when they are first used: they need numpy, pydantic and httpx2."""
    if name in {"Evidence", "Hit", "Item"}:
        from search import records

        return getattr(records, name)
    if name in {"AsyncClient", "Client"}:
        from crossmodal import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
