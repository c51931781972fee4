"""What users store in a library: saved searches, albums and feedback."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SavedSearch:
    """A saved search.

    Attributes:
        id: The id of the saved search.
        name: Its name.
        request: The request fields, as in the REST API.
        address: The address of the page that shows the search.
        is_watched: Whether the worker looks for new matches and sends them to the webhook.
        webhook: The URL that is called with new matches, if there is one.
        created_at: When it was saved, in UTC, ISO 8601.
        checked_at: When it was last run, in UTC, ISO 8601.
        error: Why the last call of the webhook failed; None if it succeeded.
        new_matches: The number of new matches that the user has not seen yet.
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
    new_matches: int = 0


@dataclass(frozen=True)
class Album:
    """A named collection of items.

    Attributes:
        id: The id of the album.
        name: Its unique name.
        created_at: When it was created, in UTC, ISO 8601.
        count: The number of its items.
        cover: The id of the item that represents the album; null if the album is empty.
    """

    id: int
    name: str
    created_at: str
    count: int
    cover: int | None


@dataclass(frozen=True)
class Feedback:
    """A user's judgment of whether an item is relevant to a text.

    Attributes:
        text: The text of the query.
        item_id: The item.
        is_relevant: Whether the user judged the item relevant.
        given_at: When the feedback was given, in UTC, ISO 8601.
    """

    text: str
    item_id: int
    is_relevant: bool
    given_at: str
