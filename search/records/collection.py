"""What users store in a library: saved searches, albums and feedback."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SavedSearch:
    """A saved search.

    Attributes:
        request: Its fields, as in the REST API.
        address: The address of the page that shows it.
        is_watched: Whether items that are indexed from now on and match are listed, and sent to the webhook.
        webhook: A URL, if there is one.
        created_at: In UTC, ISO 8601.
        checked_at: When it was last run, in UTC, ISO 8601.
        error: Why the last call of the webhook failed.
        news: The number of new items that were not viewed yet.
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
    """A named collection of items.

    Attributes:
        created_at: In UTC, ISO 8601.
        count: The number of its items.
        cover: The id of the item that represents it; None when it is empty.
    """

    id: int
    name: str
    created_at: str
    count: int
    cover: int | None


@dataclass(frozen=True)
class Feedback:
    """A user's judgment whether an item is relevant to a text.

    Attributes:
        text: The text of the query.
        item_id: The item.
        is_relevant: The judgment.
        given_at: In UTC, ISO 8601.
    """

    text: str
    item_id: int
    is_relevant: bool
    given_at: str
