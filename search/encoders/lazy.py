"""The life of a loaded model: loaded under a lock when first used, let go of when nobody has used it for a while."""

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """Something that takes long to load and much memory. Safe to share between threads, which use it side by side."""

    def __init__(self, load: Callable[[], T], idle: float) -> None:
        """idle: seconds after the last use when it is let go of; 0 for never."""
        self._load = load
        self._idle = idle
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._users = 0
        self._value: T | None = None
        self._last = 0.0
        self._timer: threading.Timer | None = None

    @property
    def is_loaded(self) -> bool:
        """True while it takes memory."""
        return self._value is not None

    @contextmanager
    def use(self) -> Iterator[T]:
        """Return it, loading it first where need be; it is not let go of meanwhile."""
        with self._lock:
            self._users += 1
        try:
            yield self._get()
        finally:
            with self._lock:
                self._users -= 1
                self._last = time.monotonic()
                if self._idle and self._timer is None:
                    self._wait(self._idle)

    def _get(self) -> T:
        # Two who come first wait for one load; those who come later wait for nothing.
        value = self._value
        if value is None:
            with self._loading:
                value = self._value
                if value is None:
                    value = self._value = self._load()
        return value

    def _wait(self, seconds: float) -> None:
        # The timer must not keep alive what nobody else holds any more.
        self._timer = threading.Timer(seconds, _look_again, [weakref.ref(self)])
        self._timer.daemon = True
        weakref.finalize(self, self._timer.cancel)
        self._timer.start()

    def _look(self) -> None:
        """Let go, unless it is or was just in use; then look again when it could be time."""
        with self._lock:
            self._timer = None
            left = self._last + self._idle - time.monotonic()
            if self._users:
                return  # whoever uses it will wait anew
            if left > 0:
                self._wait(left)
            else:
                self._value = None


def _look_again(known: "weakref.ref[Lazy[Any]]") -> None:
    lazy = known()
    if lazy is not None:
        lazy._look()
