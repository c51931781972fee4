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
from crossmodal.results import IndexSummary, SearchResults
from search.errors import (
    CrossmodalError,
    HomeError,
    ModelError,
    NotFoundError,
    UnreadableMediaError,
    UsageError,
)

if TYPE_CHECKING:
    from search.records import Evidence, Hit, Item

__all__ = [
    "CrossmodalError",
    "Evidence",
    "Hit",
    "HomeError",
    "IndexSummary",
    "Item",
    "Library",
    "ModelError",
    "NotFoundError",
    "SearchResults",
    "UnreadableMediaError",
    "UsageError",
    "open",
]


def __getattr__(name: str) -> Any:
    """Import the record types when they are first used: they need numpy, and `import crossmodal` must not."""
    if name in {"Evidence", "Hit", "Item"}:
        from search import records

        return getattr(records, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
