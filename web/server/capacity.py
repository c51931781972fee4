"""Threads for one kind of work, and a limit on how much of it is in progress."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TypeVar

T = TypeVar("T")
# Seconds after which a call no longer counts as running, and another may start: the disk that it reads from may hang.
LATE_SECONDS = 20.0


class FullError(Exception):
    """A capacity is used up."""


class Capacity:
    """Threads for one kind of work, so that it cannot take the threads of another kind.

    Only the event loop reserves and releases; a thread only runs what it is given.
    """

    def __init__(self, name: str, threads: int, limit: int) -> None:
        """Create the capacity; threads start when they are needed.

        Args:
            name: The name of its threads.
            threads: How many calls run at the same time, not counting those that are late.
            limit: How many reservations exist at the same time, whether their call runs, waits, or is done.
        """
        self._executor = ThreadPoolExecutor(max(threads, limit), thread_name_prefix=name)
        self._turns = asyncio.Semaphore(threads)
        self._limit = limit
        self._reserved = 0
        self._running = 0
        self._lock = threading.Lock()

    def reserve(self) -> None:
        """Reserve a place.

        Raises:
            FullError: All places are reserved.
        """
        if self._reserved >= self._limit:
            raise FullError
        self._reserved += 1

    def release(self) -> None:
        """Release a place that was reserved."""
        self._reserved -= 1

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Reserve a place for a `with` block.

        Raises:
            FullError: All places are reserved.
        """
        self.reserve()
        try:
            yield
        finally:
            self.release()

    def start(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Run a call in a thread, as soon as fewer than the permitted number are running; return its future result."""
        return asyncio.ensure_future(self._run(call))

    def close(self) -> bool:
        """Start no more calls; return whether one is still running."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            return self._running > 0

    async def _run(self, call: Callable[[], T]) -> T:
        await self._turns.acquire()
        with ExitStack() as turn:
            turn.callback(self._turns.release)
            loop = asyncio.get_running_loop()
            turn.callback(loop.call_later(LATE_SECONDS, turn.close).cancel)
            return await loop.run_in_executor(self._executor, self._count, call)

    def _count(self, call: Callable[[], T]) -> T:
        with self._lock:
            self._running += 1
        try:
            return call()
        finally:
            with self._lock:
                self._running -= 1
