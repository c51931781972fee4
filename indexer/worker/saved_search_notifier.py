"""Saved searches that are watched: what is new and matches is listed, and told to whoever wants to know."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from search.engine import Engine
from search.errors import CrossmodalError
from search.library import Library
from search.query.request import MAX_LIMIT, parse_request
from search.records import SavedSearch, Tier
from search.serializers import serialize_item
from search.storage.collections import SavedSearches
from search.storage.database import now

# A webhook that does not answer for so many seconds is tried again at the next look.
TIMEOUT_SECONDS = 10.0


class SavedSearchNotifier:
    """Looks for news whenever the library has changed."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._saved = SavedSearches(library.database)
        self._engine = Engine(library)
        self._revision = -1

    def look(self) -> None:
        """Ask the watched searches anew if anything was written since the last look."""
        revision = self._library.catalog.read_revision()
        if revision == self._revision:
            return
        self._revision = revision
        for saved in self._saved.list_all():
            if saved.is_watched:
                self._check(saved)

    def _check(self, saved: SavedSearch) -> None:
        moment = now()
        try:
            scores = self._search(saved.request)
        except CrossmodalError as error:
            self._saved.mark_sent(saved.id, [], f"the search cannot be asked any more: {error}")
            return
        fresh = self._saved.list_since(saved.checked_at, list(scores))
        self._saved.note(saved.id, {item_id: scores[item_id] for item_id in fresh}, moment)
        if saved.webhook:
            self._tell(saved, self._saved.list_found(saved.id, only_unsent=True))

    def _search(self, request: Mapping[str, Any]) -> dict[int, float]:
        """Return all relevant items, however many, and their scores: what the page shows first."""
        fields = dict(request) | {"limit": MAX_LIMIT, "all": False, "tier": Tier.RELEVANT, "stack": False}
        scores: dict[int, float] = {}
        while True:
            answer = self._engine.search(parse_request(fields).make_query())
            scores |= {hit.item.id: hit.score for hit in answer.hits}
            if answer.next is None:
                return scores
            fields["cursor"] = answer.next

    def _tell(self, saved: SavedSearch, scores: Mapping[int, float]) -> None:
        items = self._library.catalog.read_items(scores)
        if not items:
            return
        found = [serialize_item(item) | {"score": round(scores[item.id], 4)} for item in items.values()]
        body = json.dumps({"search": {"id": saved.id, "name": saved.name}, "items": found}).encode()
        error = send_json(saved.webhook or "", body)
        self._saved.mark_sent(saved.id, items, error)


def send_json(address: str, body: bytes) -> str | None:
    """Post JSON to an address; give why that failed, or None."""
    headers = {"Content-Type": "application/json", "User-Agent": "crossmodal"}
    request = urllib.request.Request(address, body, headers, method="POST")  # noqa: S310 - checked when saved
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            return None
    except urllib.error.HTTPError as error:
        return f"the webhook answered {error.code}"
    except (OSError, ValueError) as error:
        return f"the webhook cannot be reached: {error}"
