"""A limit on how much work of one kind is done, and waits to be done, at the same time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from search.deadline import check_deadline, read_remaining
from search.errors import BusyError


class Admission:
    """Lets some threads work at the same time and some wait for that. Others are refused. Thread-safe."""

    def __init__(self, name: str, slots: int, waiting: int) -> None:
        """Create the limit.

        Args:
            name: What the work is, for users, such as "spoken queries".
            slots: How many threads work at the same time.
            waiting: How many threads wait.
        """
        self._name = name
        self._limit = slots + waiting
        self._admitted = 0
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(slots)

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Reserve a place for a `with` block, in which `work` may be called.

        Raises:
            BusyError: All places are taken.
        """
        with self._lock:
            if self._admitted >= self._limit:
                raise BusyError(f"The server is busy with other {self._name}. Try again in a few seconds.")
            self._admitted += 1
        try:
            yield
        finally:
            with self._lock:
                self._admitted -= 1

    @contextmanager
    def work(self) -> Iterator[None]:
        """Wait for a slot, and hold it for a `with` block.

        Raises:
            DeadlineError: The deadline has passed before a slot was free.
        """
        check_deadline()
        if not self._slots.acquire(timeout=read_remaining()):
            check_deadline()
        try:
            yield
        finally:
            self._slots.release()

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Reserve a place, wait for a slot, and hold both for a `with` block.

        Raises:
            BusyError: All places are taken.
            DeadlineError: The deadline has passed before a slot was free.
        """
        with self.admit(), self.work():
            yield
