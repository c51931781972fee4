"""Run saved searches that are watched: record new matches, and post them to webhooks."""

import json
import logging
from dataclasses import dataclass, replace

from indexer.worker.webhook import send_all
from search.access.authentication import make_principal
from search.engine import Engine
from search.errors import CrossmodalError
from search.open_home import OpenHome
from search.query.request import MAX_LIMIT, parse_request
from search.records import EVERYTHING, NOBODY, Rights, SavedSearch, Tier
from search.serializers import serialize_item
from search.storage.accounts import Accounts
from search.storage.database import now
from search.storage.saved_searches import SavedSearches


@dataclass(frozen=True)
class _Message:
    """New matches of a saved search for its webhook.

    Attributes:
        search_id: The saved search.
        address: The URL to post to.
        item_ids: The items that are sent.
        body: The JSON document.
    """

    search_id: int
    address: str
    item_ids: tuple[int, ...]
    body: bytes


class SavedSearchNotifier:
    """Finds new matches of watched searches after each change of the library."""

    def __init__(self, library: OpenHome) -> None:
        self._library = library
        self._saved = SavedSearches(library.database)
        self._engine = Engine(library)
        self._revision = -1

    def poll(self) -> None:
        """Run the watched searches again if the library changed since the last call.

        A search or a webhook that fails is recorded with its saved search, and does not affect the others.
        """
        revision = self._library.catalog.read_revision()
        if revision == self._revision:
            return
        self._revision = revision
        checked = [self._try_check(saved) for saved in self._saved.list_all() if saved.is_watched]
        messages = [message for message in checked if message is not None]
        errors = send_all([(message.address, message.body) for message in messages])
        for message, error in zip(messages, errors, strict=True):
            self._saved.mark_sent(message.search_id, message.item_ids, error)

    def _try_check(self, saved: SavedSearch) -> _Message | None:
        try:
            return self._check(saved)
        except CrossmodalError as error:
            self._saved.mark_sent(saved.id, [], f"the search failed: {error}")
        except Exception as error:
            logging.getLogger("crossmodal").exception("saved search %d failed", saved.id)
            self._saved.mark_sent(saved.id, [], f"the search failed: {type(error).__name__}: {error}")
        return None

    def _check(self, saved: SavedSearch) -> _Message | None:
        """Store the new matches of a search, and return the message for its webhook if there is something to send."""
        checked_at = now()
        scores = self._search(saved)
        new_ids = self._saved.list_since(saved.checked_at, list(scores))
        self._saved.note(saved.id, {item_id: scores[item_id] for item_id in new_ids}, checked_at)
        message = self._make_message(saved) if saved.webhook else None
        if message is None and saved.error is not None:
            self._saved.mark_sent(saved.id, [], None)  # the search works again
        return message

    def _search(self, saved: SavedSearch) -> dict[int, float]:
        """Return the scores of all relevant items that the owner of a search may read, by item id."""
        fields = dict(saved.request) | {"limit": MAX_LIMIT, "all": False, "tier": Tier.RELEVANT, "stack": False}
        rights = self._read_rights(saved)
        scores: dict[int, float] = {}
        while True:
            query = parse_request(fields).make_query()
            answer = self._engine.search(replace(query, filters=replace(query.filters, rights=rights)))
            scores |= {hit.item.id: hit.score for hit in answer.hits}
            if answer.next is None:
                return scores
            fields["cursor"] = answer.next

    def _read_rights(self, saved: SavedSearch) -> Rights:
        """Return what the owner of a search may read; everything without an owner."""
        if saved.owner_id is None:
            return EVERYTHING
        account = Accounts(self._library.database).get(saved.owner_id)
        return NOBODY.rights if account.is_disabled else make_principal(self._library.database, account).rights

    def _make_message(self, saved: SavedSearch) -> _Message | None:
        scores = self._saved.list_found(saved.id, only_unsent=True)
        items = self._library.restrict(self._read_rights(saved)).catalog.read_items(scores)
        if not items:
            return None
        matches = [serialize_item(item) | {"score": round(scores[item.id], 4)} for item in items.values()]
        body = json.dumps({"search": {"id": saved.id, "name": saved.name}, "items": matches}).encode()
        return _Message(saved.id, saved.webhook or "", tuple(items), body)
