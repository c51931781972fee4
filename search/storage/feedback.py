"""Feedback: whether an item is relevant to a text, as judged by users."""

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from search.errors import NotFoundError
from search.records import Feedback
from search.storage import tables as t
from search.storage.database import Database, now
from search.storage.shown import read_shown_id


class FeedbackStore:
    """Reads and writes of feedback. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, text: str, item_id: int, is_relevant: bool) -> None:
        """Store feedback, replacing earlier feedback for the same text and item.

        Args:
            text: The text of the query.
            item_id: The item.
            is_relevant: Whether the item is relevant to the text.

        Raises:
            NotFoundError: There is no such item.
        """
        c = t.feedback.c
        row = {"text": text, "item_id": item_id, "is_relevant": is_relevant, "given_at": now()}
        with self._database.write(bump_revision=False) as db:
            if db.execute(select(t.item.c.id).where(t.item.c.id == item_id)).one_or_none() is None:
                raise NotFoundError(f"There is no item {item_id}. GET /api/v1/items lists the items.")
            changes = {name: row[name] for name in ("is_relevant", "given_at")}
            db.execute(
                upsert(t.feedback).values(row).on_conflict_do_update(index_elements=[c.text, c.item_id], set_=changes)
            )

    def remove(self, text: str, item_id: int) -> None:
        """Delete feedback for a text and an item or an attachment of it, if there is any."""
        c = t.feedback.c
        is_named = or_(c.item_id == item_id, read_shown_id(c.item_id) == item_id)
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(t.feedback).where(c.text == text, is_named))

    def list_all(self) -> list[Feedback]:
        """Return all feedback, newest first. That for an attachment counts for its item unless that has its own."""
        c = t.feedback.c
        shown_id = read_shown_id(c.item_id)
        query = select(c.text, shown_id, c.is_relevant, c.given_at)
        # The feedback of items comes first, and is kept.
        order = ((c.item_id == shown_id).desc(), c.given_at.desc(), c.text, c.item_id)
        with self._database.read() as db:
            rows = db.execute(query.order_by(*order)).all()
        given: dict[tuple[str, int], Feedback] = {}
        for row in rows:
            judgment = Feedback(*row)
            given.setdefault((judgment.text, judgment.item_id), judgment)
        return sorted(given.values(), key=lambda judgment: judgment.given_at, reverse=True)
