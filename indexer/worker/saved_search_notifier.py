"""Run saved searches that are watched: record new matches, and post them to webhooks."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from search.engine import Engine
from search.errors import CrossmodalError
from search.open_home import OpenHome
from search.query.request import MAX_LIMIT, parse_request
from search.records import SavedSearch, Tier
from search.serializers import serialize_item
from search.storage.collections import SavedSearches
from search.storage.database import now

# A webhook that does not respond within this time is tried again after the next change of the library.
WEBHOOK_TIMEOUT_SECONDS = 10.0


class SavedSearchNotifier:
    """Finds new matches of watched searches after each change of the library."""

    def __init__(self, library: OpenHome) -> None:
        self._library = library
        self._saved = SavedSearches(library.database)
        self._engine = Engine(library)
        self._revision = -1

    def poll(self) -> None:
        """Run the watched searches again if the library changed since the last call."""
        revision = self._library.catalog.read_revision()
        if revision == self._revision:
            return
        self._revision = revision
        for saved in self._saved.list_all():
            if saved.is_watched:
                self._check(saved)

    def _check(self, saved: SavedSearch) -> None:
        checked_at = now()
        try:
            scores = self._search(saved.request)
        except CrossmodalError as error:
            self._saved.mark_sent(saved.id, [], f"the search failed: {error}")
            return
        new_ids = self._saved.list_since(saved.checked_at, list(scores))
        self._saved.note(saved.id, {item_id: scores[item_id] for item_id in new_ids}, checked_at)
        if saved.webhook:
            self._post(saved, self._saved.list_found(saved.id, only_unsent=True))

    def _search(self, request: Mapping[str, Any]) -> dict[int, float]:
        """Return the scores of all relevant items, by item id."""
        fields = dict(request) | {"limit": MAX_LIMIT, "all": False, "tier": Tier.RELEVANT, "stack": False}
        scores: dict[int, float] = {}
        while True:
            answer = self._engine.search(parse_request(fields).make_query())
            scores |= {hit.item.id: hit.score for hit in answer.hits}
            if answer.next is None:
                return scores
            fields["cursor"] = answer.next

    def _post(self, saved: SavedSearch, scores: Mapping[int, float]) -> None:
        items = self._library.catalog.read_items(scores)
        if not items:
            return
        matches = [serialize_item(item) | {"score": round(scores[item.id], 4)} for item in items.values()]
        body = json.dumps({"search": {"id": saved.id, "name": saved.name}, "items": matches}).encode()
        error = send_json(saved.webhook or "", body)
        self._saved.mark_sent(saved.id, items, error)


def send_json(address: str, body: bytes) -> str | None:
    """Post JSON to an address.

    Returns:
        The reason if that failed, else None.
    """
    headers = {"Content-Type": "application/json", "User-Agent": "crossmodal"}
    request = urllib.request.Request(address, body, headers, method="POST")  # noqa: S310 - checked when saved
    try:
        with urllib.request.urlopen(request, timeout=WEBHOOK_TIMEOUT_SECONDS):  # noqa: S310
            return None
    except urllib.error.HTTPError as error:
        return f"the webhook answered {error.code}"
    except (OSError, ValueError) as error:
        return f"the webhook cannot be reached: {error}"
