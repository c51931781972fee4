"""Saved searches."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, false, func, insert, or_, select, true, update
from sqlalchemy.dialects.sqlite import insert as upsert

from search.errors import NotFoundError
from search.records import OWNER, Principal, Role, SavedSearch
from search.storage import tables as t
from search.storage.database import Database, match_values, now, pack_values
from search.storage.rights import is_readable
from search.storage.shown import read_shown_id
from search.webhooks import make_secret


class SavedSearches:
    """Reads and writes of saved searches. Each method that writes is one transaction.

    An account has only its own searches; admins also have those that were saved before there were accounts.
    """

    def __init__(self, database: Database, principal: Principal = OWNER) -> None:
        self._database = database
        self._principal = principal

    def add(
        self,
        name: str,
        request: Mapping[str, Any],
        address: str,
        is_watched: bool,
        webhook: str | None,
    ) -> SavedSearch:
        """Save a search. If it is watched, the worker notifies about items that are indexed from now on.

        Args:
            name: The name of the search.
            request: The request fields, as in the REST API.
            address: The address of the page that shows the search.
            is_watched: Whether to notify about new matches.
            webhook: A URL that is called with new matches; it gets a secret, see `read_secret`.
        """
        row = {
            "name": name,
            "request": json.dumps(dict(request), ensure_ascii=False),
            "address": address,
            "is_watched": is_watched,
            "webhook": webhook,
            "webhook_secret": make_secret() if webhook else None,
            "created_at": now(),
            "checked_at": now(),
            "owner_id": self._principal.account_id,
        }
        with self._database.write(bump_revision=False) as db:
            search_id = db.execute(insert(t.saved_search).values(row).returning(t.saved_search.c.id)).scalar_one()
        return self.get(search_id)

    def list_all(self) -> list[SavedSearch]:
        """Return the saved searches in order of name."""
        with self._database.read() as db:
            return [_make_saved(row) for row in db.execute(self._select().order_by(t.saved_search.c.name))]

    def get(self, search_id: int) -> SavedSearch:
        """Return one saved search. Raises NotFoundError."""
        with self._database.read() as db:
            row = db.execute(self._select().where(t.saved_search.c.id == search_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no saved search {search_id}. GET /api/v1/searches lists them.")
        return _make_saved(row)

    def read_secret(self, search_id: int) -> str | None:
        """Return the secret that the webhook of a saved search is signed with; None if it has none."""
        c = t.saved_search.c
        with self._database.read() as db:
            return db.execute(select(c.webhook_secret).where(c.id == search_id)).scalar()

    def renew_secret(self, search_id: int) -> str:
        """Store a new secret for the webhook of a saved search, and return it."""
        secret = make_secret()
        with self._database.write(bump_revision=False) as db:
            db.execute(update(t.saved_search).where(t.saved_search.c.id == search_id).values(webhook_secret=secret))
        return secret

    def drop(self, search_id: int) -> None:
        """Delete a saved search."""
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(t.saved_search).where(t.saved_search.c.id == search_id))

    def note(self, search_id: int, scores: Mapping[int, float], checked_at: str) -> None:
        """Store the result of a check of a watched search; matches that are stored already are not changed.

        Args:
            search_id: The saved search.
            scores: The score of each match by item id.
            checked_at: The time of the check, in UTC, ISO 8601.
        """
        rows = [
            {"search_id": search_id, "item_id": item_id, "score": score, "found_at": checked_at}
            for item_id, score in scores.items()
        ]
        c = t.search_result.c
        shown_id = read_shown_id(c.item_id)
        with self._database.write(bump_revision=False) as db:
            # An edited version of a result is no new match.
            known = db.execute(
                select(shown_id).where(c.search_id == search_id, match_values(shown_id)), pack_values(scores)
            )
            known_ids = set(known.scalars())
            if rows := [row for row in rows if row["item_id"] not in known_ids]:
                db.execute(upsert(t.search_result).on_conflict_do_nothing(), rows)
            db.execute(update(t.saved_search).where(t.saved_search.c.id == search_id).values(checked_at=checked_at))

    def list_found(self, search_id: int, only_unsent: bool = False) -> dict[int, float]:
        """Return the score of each item that a watched search has found, by item id, newest first.

        Args:
            search_id: The saved search.
            only_unsent: Only items that were not sent to the webhook yet.
        """
        c = t.search_result.c
        query = select(read_shown_id(c.item_id), c.score).where(c.search_id == search_id)
        if only_unsent:
            query = query.where(c.is_sent.is_(False))
        with self._database.read() as db:
            rows = db.execute(query.order_by(c.found_at.desc(), c.item_id.desc())).all()
        found: dict[int, float] = {}
        for item_id, score in rows:
            found.setdefault(item_id, score)
        return found

    def mark_sent(self, search_id: int, item_ids: Iterable[int], error: str | None) -> None:
        """Store the result of a call of the webhook.

        Args:
            search_id: The saved search.
            item_ids: The items that were sent; they are marked as sent if the call succeeded.
            error: Why the call failed; None if it succeeded.
        """
        c = t.search_result.c
        with self._database.write(bump_revision=False) as db:
            if error is None:
                statement = (
                    update(t.search_result)
                    .where(c.search_id == search_id, match_values(read_shown_id(c.item_id)))
                    .values(is_sent=True)
                )
                db.execute(statement, pack_values(item_ids))
            db.execute(update(t.saved_search).where(t.saved_search.c.id == search_id).values(error=error))

    def mark_seen(self, search_id: int) -> None:
        """Mark all results of a watched search as seen."""
        with self._database.write(bump_revision=False) as db:
            db.execute(update(t.search_result).where(t.search_result.c.search_id == search_id).values(is_seen=True))

    def delete_old_results(self, days: int) -> None:
        """Delete the results that watched searches have found longer ago than a number of days."""
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(t.search_result).where(t.search_result.c.found_at < now(past=timedelta(days=days))))

    def list_since(self, indexed_since: str, item_ids: Sequence[int]) -> set[int]:
        """Return which of some items were indexed at a time or later."""
        c = t.item.c
        with self._database.read() as db:
            query = select(c.id).where(match_values(c.id), c.indexed_at >= indexed_since)
            return {row[0] for row in db.execute(query, pack_values(item_ids))}

    def _select(self) -> Select[Any]:
        c = t.search_result.c
        is_new = (c.search_id == t.saved_search.c.id, c.is_seen.is_(False), is_readable(self._principal.rights))
        new_matches = select(func.count(t.item.c.id.distinct())).select_from(t.search_result)
        new_matches = new_matches.join(t.item, t.item.c.id == read_shown_id(c.item_id)).where(*is_new)
        # Secrets are read only to sign.
        columns = [column for column in t.saved_search.c if column.name != "webhook_secret"]
        query = select(*columns, new_matches.scalar_subquery().label("new_matches"))
        return query.where(self._is_own())

    def _is_own(self) -> ColumnElement[bool]:
        """Return the condition that a saved search belongs to the caller."""
        principal, owner = self._principal, t.saved_search.c.owner_id
        if principal.account is None:
            return true() if principal.role is Role.ADMIN else false()
        own = owner == principal.account.id
        return or_(own, owner.is_(None)) if principal.role is Role.ADMIN else own


def _make_saved(row: Row[Any]) -> SavedSearch:
    """Return a saved search; if its request cannot be read, one that finds nothing, with the reason."""
    values = dict(row._mapping)
    try:
        request = json.loads(values["request"])
    except (ValueError, RecursionError) as error:
        request = {}
        values["error"] = f"the saved request cannot be read: {error}; delete the search, and save it again"
        values["is_watched"] = False
    return SavedSearch(**values | {"request": request})
