"""Responses about what users store: albums, saved searches, query images and feedback."""

from typing import TYPE_CHECKING, Any

from search.records import Album, FeedbackCount
from web.contract.documents import Document, make_record_document
from web.schemas.search import ItemDocument

if TYPE_CHECKING:
    AlbumDocument = Document
    FeedbackCountDocument = Document
else:
    AlbumDocument = make_record_document(Album, "AlbumDocument")
    FeedbackCountDocument = make_record_document(FeedbackCount, "FeedbackCountDocument")


class AlbumList(Document):
    """All albums."""

    albums: list[AlbumDocument]


class SavedSearchDocument(Document):
    """A saved search.

    Attributes:
        id: The id of the saved search.
        name: Its name.
        request: The fields of the search.
        address: The address of the page that shows the search.
        watched: Whether new matches are collected.
        webhook: The address that is called with new matches, if there is one.
        created_at: When it was saved, in UTC, ISO 8601.
        checked_at: When it was last run, in UTC, ISO 8601.
        new_matches: The number of new matches that were not marked as seen.
        reason: Why the last check, or the call of the webhook after it, failed; null if it did not.
    """

    id: int
    name: str
    request: dict[str, Any]
    address: str
    watched: bool
    webhook: str | None
    created_at: str
    checked_at: str
    new_matches: int
    reason: str | None


class WebhookSecret(Document):
    """A secret that messages to a webhook are signed with. It cannot be read again.

    Attributes:
        webhook_secret: The secret, as Standard Webhooks defines it.
    """

    webhook_secret: str


class NewSavedSearch(SavedSearchDocument):
    """A new saved search.

    Attributes:
        webhook_secret: The secret that messages to the webhook are signed with; null without a webhook. It cannot be
            read again.
    """

    webhook_secret: str | None


class SavedSearchList(Document):
    """All saved searches, in order of name."""

    searches: list[SavedSearchDocument]


class MatchDocument(ItemDocument):
    """An item that matches a watched search.

    Attributes:
        score: The probability that the item is relevant, 0 to 1.
    """

    score: float


class Matches(SavedSearchDocument):
    """A saved search and its matches since it was saved.

    Attributes:
        items: The matches, newest first.
    """

    items: list[MatchDocument]


class QueryImageDocument(Document):
    """A stored query image.

    Attributes:
        id: The id of the image, for the `query_image` of a part.
    """

    id: str


class FeedbackDocument(Document):
    """Feedback on a result.

    Attributes:
        text: The text of the query.
        item: The id of the item.
        relevant: Whether the item is relevant to the text.
        given_at: When the feedback was given, in UTC, ISO 8601.
    """

    text: str
    item: int
    relevant: bool
    given_at: str


class FeedbackList(Document):
    """The feedback of the caller.

    Attributes:
        feedback: The judgments, newest first.
        counts: For admins, how much feedback each account has given.
    """

    feedback: list[FeedbackDocument]
    counts: list[FeedbackCountDocument]
