"""Several inputs run through a model at once, each on a thread of its own.

On a CPU this beats running one after the other on all threads: they need not wait for each other at the end of every
layer, nor for the one of them that something else on the machine holds up, and what each works on stays near it.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


class ParallelStreams:
    """Threads that are kept for this. Safe to share: what several ask for at once waits in one line."""

    def __init__(self, count: int, begin: Callable[[], object] = bool) -> None:
        """begin: what each thread does first; all have done so when this returns."""
        ready = threading.Barrier(count + 1)

        def start() -> None:
            try:
                begin()
            finally:
                ready.wait()

        self._pool = ThreadPoolExecutor(count, "stream", initializer=start)
        # A pool makes a thread for each task until it has them all.
        self._first = [self._pool.submit(bool) for _ in range(count)]
        ready.wait()

    def run(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """Return what `work` gives for each part, in their order. Raises what it raises."""
        return list(self._pool.map(work, parts))
