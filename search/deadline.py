"""The time by which the request of a thread must be answered. Long work asks between its steps whether it is over."""

import threading
import time
from contextvars import ContextVar

from search.errors import CancelledError, DeadlineError

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
_stop: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


def set_deadline(moment: float | None) -> None:
    """Set the deadline of this thread, as a time of `time.monotonic`; None for no deadline."""
    _deadline.set(moment)


def set_stop(stop: threading.Event) -> None:
    """Let an event end the work of this thread, as its deadline would."""
    _stop.set(stop)


def extend_deadline(seconds: float) -> None:
    """Move the deadline of this thread, if there is one, to a later time."""
    moment = _deadline.get()
    if moment is not None:
        _deadline.set(moment + seconds)


def read_remaining() -> float | None:
    """Return the seconds until the deadline, at least 0; None without a deadline."""
    moment = _deadline.get()
    return None if moment is None else max(0.0, moment - time.monotonic())


def check_deadline() -> None:
    """Return if the work of this thread may go on.

    Raises:
        DeadlineError: The deadline has passed.
        CancelledError: The event of `set_stop` is set.
    """
    stop = _stop.get()
    if stop is not None and stop.is_set():
        raise CancelledError("The work was stopped.")
    if read_remaining() == 0.0:
        raise DeadlineError("The request took too long and was stopped. Ask for less, or try again in a few seconds.")
