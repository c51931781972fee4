"""What people keep of a library: searches to go back to, and albums."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SavedSearch:
    """A search to go back to. request: as over REST; address: of the page that shows it.

    is_watched: what is indexed from now on and matches is listed, and told to the webhook, if there is one; news: how
    many such items nobody has looked at; error: why the webhook could not be told.
    """

    id: int
    name: str
    request: Mapping[str, Any]
    address: str
    is_watched: bool
    webhook: str | None
    created_at: str
    checked_at: str
    error: str | None = None
    news: int = 0


@dataclass(frozen=True)
class Album:
    """Items that somebody put together."""

    id: int
    name: str
    created_at: str
    count: int
    cover: int | None


@dataclass(frozen=True)
class Feedback:
    """What somebody said of an item for the words that were asked; given_at: in UTC, ISO 8601."""

    text: str
    item_id: int
    is_relevant: bool
    given_at: str
