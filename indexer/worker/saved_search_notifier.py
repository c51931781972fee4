"""Run saved searches that are watched: record new matches, which are then sent to webhooks."""

import logging
from dataclasses import replace

from indexer.worker.owners import read_rights
from indexer.worker.webhook_sender import WebhookSender
from search.engine import Engine
from search.errors import CrossmodalError, describe_stack
from search.open_home import OpenHome
from search.query.request import MAX_LIMIT, parse_request
from search.records import SavedSearch, Tier
from search.storage.database import now
from search.storage.saved_searches import SavedSearches


class SavedSearchNotifier:
    """Finds new matches of watched searches after each change of the library."""

    def __init__(self, library: OpenHome) -> None:
        self._library = library
        self._saved = SavedSearches(library.database)
        self._engine = Engine(library)
        self._sender = WebhookSender(library)
        self._revision = -1

    def poll(self) -> None:
        """Run the watched searches again if the library changed since the last call.

        A search or a webhook that fails is recorded with its saved search, and does not affect the others. Nothing
        waits for webhooks.
        """
        revision = self._library.catalog.read_revision()
        if revision == self._revision:
            return
        self._revision = revision
        watched = [saved for saved in self._saved.list_all() if saved.is_watched]
        self._sender.send([saved.id for saved in watched if self._check(saved) and saved.webhook])

    def flush(self, timeout: float) -> None:
        """Wait until webhooks were called, or a time in seconds has passed."""
        self._sender.flush(timeout)

    def _check(self, saved: SavedSearch) -> bool:
        """Store the new matches of a search; return whether that succeeded."""
        try:
            self._store_matches(saved)
        except CrossmodalError as error:
            self._saved.mark_sent(saved.id, [], f"the search failed: {error}")
        except Exception as error:
            logging.getLogger("crossmodal").error("saved search %d failed\n%s", saved.id, describe_stack(error))
            self._saved.mark_sent(saved.id, [], f"the search failed: {type(error).__name__}: {error}")
        else:
            return True
        return False

    def _store_matches(self, saved: SavedSearch) -> None:
        checked_at = now()
        scores = self._search(saved)
        new_ids = self._saved.list_since(saved.checked_at, list(scores))
        self._saved.note(saved.id, {item_id: scores[item_id] for item_id in new_ids}, checked_at)
        is_called = saved.webhook is not None and bool(self._saved.list_found(saved.id, only_unsent=True))
        if saved.error is not None and not is_called:
            self._saved.mark_sent(saved.id, [], None)  # the search works again

    def _search(self, saved: SavedSearch) -> dict[int, float]:
        """Return the scores of all items that the page would show as relevant or possible, by item id.

        Items that the owner of the search may not read are left out.
        """
        return self._search_tier(saved, Tier.RELEVANT) | self._search_tier(saved, Tier.POSSIBLE)

    def _search_tier(self, saved: SavedSearch, tier: Tier) -> dict[int, float]:
        fields = dict(saved.request) | {"limit": MAX_LIMIT, "all": False, "tier": tier, "stack": False}
        rights = read_rights(self._library, saved)
        scores: dict[int, float] = {}
        while True:
            query = parse_request(fields).make_query()
            answer = self._engine.search(replace(query, filters=replace(query.filters, rights=rights)))
            scores |= {hit.item.id: hit.score for hit in answer.hits}
            if answer.next is None:
                return scores
            fields["cursor"] = answer.next
