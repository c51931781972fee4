"""`Idempotency-Key`: a client that repeats a request, because it did not get the response, creates nothing twice."""

import hashlib
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass

from flask import Flask, Response, g, request

from search.errors import KeyInUseError, KeyReusedError, UsageError
from web.access.caller import get_principal
from web.contract.openapi import find_operation
from web.contract.operation import KEY_CHARACTERS, KEY_HEADER, MAX_KEY_LENGTH, MAX_RESPONSES

REPLAYED = "Idempotency-Replayed"
STORED_HEADERS = ("Content-Type", "Location")
_VALID = re.compile(f"{KEY_CHARACTERS}{{1,{MAX_KEY_LENGTH}}}")


@dataclass(frozen=True)
class Entry:
    """A request with a key.

    Attributes:
        fingerprint: Identifies the content of the request.
        body: The body of the response; None while the request is processed.
        status: The status of the response.
        headers: The headers of the response that belong to its content.
    """

    fingerprint: str
    body: bytes | None = None
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()


class ResponseStore:
    """The responses to requests with a key. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def begin(self, key: str, fingerprint: str) -> Entry | None:
        """Return the entry of an earlier request with the key, or None after registering this one.

        Raises:
            KeyReusedError: The key was used for another request.
            KeyInUseError: The earlier request is still being processed.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                self._entries[key] = Entry(fingerprint)
                while len(self._entries) > MAX_RESPONSES:
                    self._entries.popitem(last=False)
                return None
        if entry.fingerprint != fingerprint:
            raise KeyReusedError(f"This {KEY_HEADER} was sent with another request. Send a new key for each request.")
        if entry.body is None:
            raise KeyInUseError(f"The request with this {KEY_HEADER} is still being processed. Repeat it later.")
        return entry

    def end(self, key: str, entry: Entry | None) -> None:
        """Store the response of a request; None forgets a request that created nothing, so that it can be repeated."""
        with self._lock:
            if entry is not None:
                self._entries[key] = entry
            else:
                self._entries.pop(key, None)


def register(app: Flask) -> None:
    """Answer a repeated request with a key by the response to the first one."""
    store = ResponseStore()

    @app.before_request
    def _begin() -> Response | None:
        if KEY_HEADER not in request.headers or not find_operation(app, request.endpoint).creates:
            return None
        if not _VALID.fullmatch(request.headers[KEY_HEADER]):
            raise UsageError(f"{KEY_HEADER}: must be 1 to 128 visible ASCII characters")
        key = f"{get_principal().identity} {request.path} {request.headers[KEY_HEADER]}"
        fingerprint = _make_fingerprint()
        entry = store.begin(key, fingerprint)
        if entry is None:
            g.idempotency = (key, fingerprint)
            return None
        return Response(entry.body, entry.status, [*entry.headers, (REPLAYED, "true")])

    @app.after_request
    def _end(response: Response) -> Response:
        if "idempotency" in g:
            key, fingerprint = g.pop("idempotency")
            is_success = response.status_code < 300
            headers = tuple((name, response.headers[name]) for name in STORED_HEADERS if name in response.headers)
            entry = Entry(fingerprint, response.get_data(), response.status_code, headers)
            store.end(key, entry if is_success else None)
        return response


def _make_fingerprint() -> str:
    """Return a hash of the content of the current request; a form, which can be large, is not read for it."""
    if request.mimetype == "multipart/form-data":
        return request.mimetype
    return hashlib.sha256(request.get_data()).hexdigest()
