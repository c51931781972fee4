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
        owner_id: The account that saved it; None if it was saved without accounts.
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
    owner_id: int | None = None


@dataclass(frozen=True)
class Album:
    """A named collection of items.

    Attributes:
        id: The id of the album.
        name: Its name, which no other album of the owner has.
        created_at: When it was created, in UTC, ISO 8601.
        count: The number of its items that the caller may read.
        cover: The id of the item that represents the album: the chosen one, or its first; null if the album is empty.
        owner_id: The account that created it; null if it was created without accounts.
        owner: The name of that account.
        is_shared: Whether every account can see it.
        shared_with: The ids of further accounts that can see it.
    """

    id: int
    name: str
    created_at: str
    count: int
    cover: int | None
    owner_id: int | None = None
    owner: str | None = None
    is_shared: bool = False
    shared_with: tuple[int, ...] = ()


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


@dataclass(frozen=True)
class FeedbackCount:
    """How much feedback an account has given.

    Attributes:
        account_id: The account; null for what was given before there were accounts.
        account: Its name.
        count: The number of judgments.
    """

    account_id: int | None
    account: str | None
    count: int
