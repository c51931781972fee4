"""Run several inputs through a model at once, each on a separate thread.

On a CPU this is faster than running one input after the other on all threads. The threads do not wait for each other
after every layer, and the data of each thread stays in its cache.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


class ParallelStreams:
    """A pool of threads. Thread-safe: concurrent calls share one queue."""

    def __init__(self, count: int, begin: Callable[[], object] = bool) -> None:
        """Start the threads and wait until each has called `begin`.

        Args:
            count: The number of threads.
            begin: Called once on each thread.
        """
        ready = threading.Barrier(count + 1)

        def start() -> None:
            try:
                begin()
            finally:
                ready.wait()

        self._pool = ThreadPoolExecutor(count, "stream", initializer=start)
        # The pool starts one thread per task until it has `count` threads.
        for _ in range(count):
            self._pool.submit(bool)
        ready.wait()

    def run(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """Return the results of `work` for all parts, in order. Exceptions of `work` are raised."""
        return list(self._pool.map(work, parts))
