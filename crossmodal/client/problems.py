"""Responses as results or as the errors that the Python API raises."""

import email.utils
import json
import time
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

from crossmodal.client.calls import Call
from search.errors import BusyError, CrossmodalError, KeyInUseError, NotAllowedError, ServerError, SignInError
from web.contract.operation import JSON, PROBLEM
from web.contract.problems import list_error_classes

T = TypeVar("T")
PROBLEM_TYPES = {error.problem_type: error for error in list_error_classes()}
# The errors of statuses that proxies answer with, too.
STATUSES: dict[int, tuple[type[CrossmodalError], str]] = {
    401: (SignInError, "requires an API key, or the key is not valid. Pass a valid key (CROSSMODAL_KEY)."),
    403: (NotAllowedError, "does not allow this with the given key. Use a key with more rights."),
}
# Statuses of problems that pass: too many requests, or a proxy whose server is restarted.
PASSING = {429, 502, 503, 504}
CLIP_TYPES = {"video/mp4", "audio/mp4"}
EVENTS = "text/event-stream"
# What the reading of a document raises if it is not JSON, or not the expected document.
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


class RefusedError(Exception):
    """A response that is an error.

    Attributes:
        error: What the method of the client raises if the request is not repeated.
        is_passing: Whether the same request may succeed later.
        seconds: How long the server asks to wait before; 0 if it does not.
    """

    def __init__(self, error: CrossmodalError, is_passing: bool = False, seconds: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.is_passing = is_passing
        self.seconds = seconds


def read_result(call: Call[T], url: str, status: int, headers: Any, body: bytes) -> T:
    """Return the result of a call.

    Args:
        call: The call.
        url: The address of the server, for messages.
        status: The status of the response.
        headers: Its headers.
        body: Its body.

    Raises:
        RefusedError: The response is an error, or not one of a Crossmodal server.
    """
    check_status(url, status, headers, body)
    if _read_type(headers) != JSON:
        raise _make_foreign(url, f"answered with {_read_type(headers) or 'an unknown type'}")
    try:
        return call.read(json.loads(body))
    except UNREADABLE as error:
        raise make_unreadable(url) from error


def is_clip(status: int, headers: Any) -> bool:
    """Return whether a response is a part of a recording."""
    return status == HTTPStatus.OK and _read_type(headers) in CLIP_TYPES


def is_stream(status: int, headers: Any) -> bool:
    """Return whether a response is a stream of events."""
    return status == HTTPStatus.OK and _read_type(headers) == EVENTS


def refuse_stream(url: str, status: int, headers: Any, body: bytes) -> NoReturn:
    """Raise RefusedError for a response that is not the requested stream of events or file."""
    check_status(url, status, headers, body)
    raise _make_foreign(url, f"answered with {_read_type(headers) or 'an unknown type'}")


def check_status(url: str, status: int, headers: Any, body: bytes) -> None:
    """Check that a response is not an error.

    Raises:
        RefusedError: It is one.
    """
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise _make_foreign(url, f"redirects to {headers.get('location', 'another address')}")
    seconds = _read_seconds(headers.get("retry-after", ""))
    document = _read_problem(headers, body)
    if document is not None:
        error = _make_error(document, status)
        # A problem of the home or of a model has the status 503 as well, but stays.
        is_passing = isinstance(error, BusyError | KeyInUseError) or (status in PASSING and status != 503)
        raise RefusedError(error, is_passing, seconds)
    name = f"{status} {_name_status(status)}".strip()
    if status in STATUSES:
        kind, reason = STATUSES[status]
        raise RefusedError(kind(f"{url} {reason}"))
    raise RefusedError(
        ServerError(f"{url} answered with {name}. Check the address, and that the server runs."),
        status in PASSING,
        seconds,
    )


def _make_error(document: dict[str, Any], status: int) -> CrossmodalError:
    kind = PROBLEM_TYPES.get(str(document["type"]), CrossmodalError)
    return kind(str(document.get("detail") or _name_status(status)))


def make_unreadable(url: str) -> RefusedError:
    """Return the error of a response that is JSON, but not the expected document."""
    return _make_foreign(url, "sent a response that this version of the client does not understand")


def _make_foreign(url: str, what: str) -> RefusedError:
    return RefusedError(ServerError(f"{url} {what}. Check that this is the address of a Crossmodal server."))


def _read_problem(headers: Any, body: bytes) -> dict[str, Any] | None:
    """Return a problem document; None if the body is something else."""
    if _read_type(headers) != PROBLEM:
        return None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and "type" in document else None


def _read_type(headers: Any) -> str:
    return str(headers.get("content-type", "")).partition(";")[0].strip().lower()


def _name_status(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _read_seconds(text: str) -> float:
    """Return the seconds of a `Retry-After`, which is a number or a date; 0 if it is neither."""
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
