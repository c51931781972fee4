"""Send the new matches of watched searches to their webhooks, in a separate thread that no job waits for."""

import json
import logging
import threading
from collections.abc import Iterable, Mapping

from indexer.worker.owners import read_rights
from indexer.worker.webhook import WebhookMessage, send_all
from search.errors import describe_stack
from search.locations import Disclosure, make_disclosure
from search.open_home import OpenHome
from search.records import Item, SavedSearch
from search.serializers import serialize_item
from search.storage.saved_searches import SavedSearches
from search.webhooks import WebhookHosts

UNSIGNED = "the webhook has no secret to sign with. Create one with POST /api/v1/searches/{id}/secret."


class WebhookSender:
    """Sends what was not sent yet. A thread runs while there is something to send."""

    def __init__(self, library: OpenHome) -> None:
        """Create the sender.

        Args:
            library: An open home; its settings say which hosts are allowed, and how precise locations are.
        """
        self._library = library
        self._saved = SavedSearches(library.database)
        self._hosts = WebhookHosts(library.settings.webhook_hosts)
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        self._thread: threading.Thread | None = None

    def send(self, search_ids: Iterable[int]) -> None:
        """Send the new matches of some saved searches soon."""
        with self._lock:
            self._waiting.update(search_ids)
            if self._waiting and self._thread is None:
                # A daemon: what was not sent when the process ends is sent by the next one.
                self._thread = threading.Thread(target=self._run, daemon=True, name="webhook-sender")
                self._thread.start()

    def flush(self, timeout: float) -> None:
        """Wait until everything was sent, or a time in seconds has passed."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._lock:
                search_ids, self._waiting = self._waiting, set()
                if not search_ids:
                    self._thread = None
                    return
            try:
                self._send(search_ids)
            except Exception as error:
                logging.getLogger("crossmodal").error("cannot send new matches to webhooks\n%s", describe_stack(error))

    def _send(self, search_ids: set[int]) -> None:
        """Send the messages of some searches, and store the result of each."""
        searches = [saved for saved in self._saved.list_all() if saved.id in search_ids and saved.webhook]
        messages, sent = {}, {}
        for saved in searches:
            scores = self._saved.list_found(saved.id, only_unsent=True)
            rights = read_rights(self._library, saved)
            items = self._library.restrict(rights).catalog.read_items(scores)
            secret = self._saved.read_secret(saved.id)
            if secret is None:
                self._saved.mark_sent(saved.id, [], UNSIGNED.format(id=saved.id))
            elif items:
                precision = self._library.settings.webhook_location
                disclosure = make_disclosure(precision, rights, self._library.database)
                body = _make_body(saved, items, scores, disclosure)
                messages[saved.id], sent[saved.id] = WebhookMessage(saved.webhook or "", body, secret), list(items)
        errors = send_all(list(messages.values()), self._hosts)
        for search_id, error in zip(messages, errors, strict=True):
            self._saved.mark_sent(search_id, sent[search_id], error)


def _make_body(
    saved: SavedSearch, items: Mapping[int, Item], scores: Mapping[int, float], disclosure: Disclosure
) -> bytes:
    """Return the JSON document with the new matches of a search."""
    matches = [serialize_item(item, disclosure) | {"score": round(scores[item.id], 4)} for item in items.values()]
    return json.dumps({"search": {"id": saved.id, "name": saved.name}, "items": matches}).encode()
