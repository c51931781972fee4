"""The life cycle of a model: loaded under a lock at the first use, unloaded when idle."""

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class LazyModel(Generic[T]):
    """A lazily loaded object that is slow to load and needs much memory. Thread-safe; can be used concurrently."""

    def __init__(self, load: Callable[[], T], idle: float) -> None:
        """Create a wrapper without loading the object.

        Args:
            load: Returns the object.
            idle: The seconds after the last use until the object is unloaded; 0 for never.
        """
        self._load = load
        self._idle = idle
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._users = 0
        self._value: T | None = None
        self._last_use = 0.0
        self._timer: threading.Timer | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether the object is in memory."""
        return self._value is not None

    @contextmanager
    def use(self) -> Iterator[T]:
        """Yield the object, loading it if necessary. It stays loaded inside the context."""
        with self._lock:
            self._users += 1
        try:
            yield self._get()
        finally:
            with self._lock:
                self._users -= 1
                self._last_use = time.monotonic()
                if self._idle and self._timer is None:
                    self._start_timer(self._idle)

    def _get(self) -> T:
        # Concurrent first users wait for one load; later users do not take the lock.
        value = self._value
        if value is None:
            with self._loading:
                value = self._value
                if value is None:
                    value = self._value = self._load()
        return value

    def _start_timer(self, seconds: float) -> None:
        # The timer holds a weak reference only, so that the object can be collected.
        self._timer = threading.Timer(seconds, _check_idle, [weakref.ref(self)])
        self._timer.daemon = True
        weakref.finalize(self, self._timer.cancel)
        self._timer.start()

    def _unload_if_idle(self) -> None:
        """Unload the object if it is idle; otherwise check again later."""
        with self._lock:
            self._timer = None
            remaining = self._last_use + self._idle - time.monotonic()
            if self._users:
                return  # the end of that use starts a new timer
            if remaining > 0:
                self._start_timer(remaining)
            else:
                self._value = None


def _check_idle(reference: "weakref.ref[LazyModel[Any]]") -> None:
    lazy = reference()
    if lazy is not None:
        lazy._unload_if_idle()
