"""Feedback: whether an item is relevant to a text, as judged by users."""

from collections import Counter

from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select

from search.errors import NotFoundError
from search.records import OWNER, Feedback, FeedbackCount, Principal, Role
from search.storage import account_tables as a
from search.storage import tables as t
from search.storage.database import Database, now
from search.storage.rights import is_readable
from search.storage.shown import read_shown_id


class FeedbackStore:
    """Reads and writes of feedback. Each method that writes is one transaction.

    An account has only its own feedback; admins also have what was given before there were accounts.
    """

    def __init__(self, database: Database, principal: Principal = OWNER) -> None:
        self._database = database
        self._principal = principal

    def add(self, text: str, item_id: int, is_relevant: bool) -> None:
        """Store feedback, replacing earlier feedback of the caller for the same text and item.

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
            db.execute(delete(t.feedback).where(c.text == text, c.item_id == item_id, self._is_own()))
            db.execute(insert(t.feedback).values(row | {"owner_id": self._principal.account_id}))

    def remove(self, text: str, item_id: int) -> None:
        """Delete the feedback of the caller for a text and an item or an attachment of it, if there is any."""
        c = t.feedback.c
        is_named = or_(c.item_id == item_id, read_shown_id(c.item_id) == item_id)
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(t.feedback).where(c.text == text, is_named, self._is_own()))

    def drop_all(self, account_id: int | None = None) -> None:
        """Delete all feedback of an account; without one, that of the caller."""
        is_meant = t.feedback.c.owner_id == account_id if account_id is not None else self._is_own()
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(t.feedback).where(is_meant))

    def list_all(self) -> list[Feedback]:
        """Return the feedback of the caller on what they may read, newest first.

        That for an attachment counts for its item unless that has its own.
        """
        given: dict[tuple[str, int], Feedback] = {}
        for row in self._read(self._is_own()):
            given.setdefault((row.text, row.shown_id), _make_feedback(row))
        return sorted(given.values(), key=lambda judgment: judgment.given_at, reverse=True)

    def list_agreed(self) -> list[Feedback]:
        """Return the feedback of all accounts together: what most of them say; nothing where they are divided.

        A model learns from this.
        """
        given: dict[tuple[int | None, str, int], Feedback] = {}
        for row in self._read():
            given.setdefault((row.owner_id, row.text, row.shown_id), _make_feedback(row))
        votes: Counter[tuple[str, int]] = Counter()
        for judgment in given.values():
            votes[judgment.text, judgment.item_id] += 1 if judgment.is_relevant else -1
        # Of those who agree with most, the newest is kept.
        ordered = sorted(given.values(), key=lambda judgment: judgment.given_at)
        agreed = {
            (one.text, one.item_id): one for one in ordered if one.is_relevant is (votes[one.text, one.item_id] > 0)
        }
        return [judgment for judgment in reversed(agreed.values()) if votes[judgment.text, judgment.item_id]]

    def count_by_account(self) -> list[FeedbackCount]:
        """Return how much feedback each account has given, in order of its name."""
        query = select(a.account.c.id, a.account.c.name, func.count()).select_from(t.feedback).outerjoin(a.account)
        query = query.group_by(t.feedback.c.owner_id).order_by(a.account.c.folded_name)
        with self._database.read() as db:
            return [FeedbackCount(*row) for row in db.execute(query)]

    def _read(self, *conditions: ColumnElement[bool]) -> list[Row[tuple[int | None, str, int, bool, str]]]:
        """Return rows of feedback on what the caller may read, those of items themselves first."""
        c, shown_id = t.feedback.c, read_shown_id(t.feedback.c.item_id)
        query = select(c.owner_id, c.text, shown_id.label("shown_id"), c.is_relevant, c.given_at)
        query = (
            query.select_from(t.feedback)
            .join(t.item, t.item.c.id == shown_id)
            .where(is_readable(self._principal.rights), *conditions)
        )
        order = ((c.item_id == shown_id).desc(), c.given_at.desc(), c.text, c.item_id, c.id)
        with self._database.read() as db:
            return list(db.execute(query.order_by(*order)).all())

    def _is_own(self) -> ColumnElement[bool]:
        """Return the condition on rows of feedback that they are those of the caller."""
        is_own = t.feedback.c.owner_id.is_not_distinct_from(self._principal.account_id)
        return or_(is_own, t.feedback.c.owner_id.is_(None)) if self._principal.role is Role.ADMIN else is_own


def _make_feedback(row: Row[tuple[int | None, str, int, bool, str]]) -> Feedback:
    return Feedback(row.text, row.shown_id, row.is_relevant, row.given_at)
