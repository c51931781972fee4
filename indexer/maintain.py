"""Rebuild the vector indexes during a run, so that searches compare only few unindexed vectors by brute force."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from indexer.summary import Profile
from search.deadline import set_stop
from search.open_home import OpenHome
from search.storage.space_index import MAX_DELTA_SHARE

# Seconds between two checks whether an index should be rebuilt.
CHECK_INTERVAL_SECONDS = 10.0
# During a run, an index is rebuilt when the vectors that are not in it exceed this share of it. Not earlier, since
# building slows the models down.
MIN_GROWTH_SHARE = 0.25
# Seconds between two checks whether a run that waits for an index should go on.
WAIT_SECONDS = 0.2

T = TypeVar("T")


class StoppableThread:
    """A thread for long work that ends soon after a run is cancelled: the work asks `check_deadline` between steps."""

    def __init__(self, name: str) -> None:
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(1, name, initializer=set_stop, initargs=(self._stop,))

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Start work."""
        return self._pool.submit(work)

    def close(self) -> None:
        """Stop the work and wait until it has ended."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


def wait_for(work: Future[T], check: Callable[[], None]) -> T:
    """Return the result of work.

    Args:
        work: The work.
        check: Called several times per second; raises an exception to end the waiting.
    """
    while not wait([work], WAIT_SECONDS).done:
        check()
    return work.result()


class IndexMaintenance:
    """Rebuilds indexes in a background thread."""

    def __init__(self, library: OpenHome, profile: Profile) -> None:
        self._library = library
        self._profile = profile
        self._thread = StoppableThread("maintain")
        self._building: Future[None] | None = None
        self._checked_at = time.monotonic()

    def rebuild_if_due(self) -> None:
        """Start to rebuild the indexes that grew, unless this was checked recently.

        Raises:
            HomeError: The previous rebuild could not write an index.
        """
        is_building = self._building is not None and not self._building.done()
        if is_building or time.monotonic() - self._checked_at < CHECK_INTERVAL_SECONDS:
            return
        self._checked_at = time.monotonic()
        if self._building is not None:
            self._building.result()
        self._building = self._thread.submit(lambda: self._rebuild(MIN_GROWTH_SHARE))

    def finish(self, check: Callable[[], None]) -> None:
        """Wait for a running rebuild, then rebuild what is still stale.

        Args:
            check: Called several times per second; raises an exception to end the run.

        Raises:
            HomeError: An index cannot be written.
        """
        if self._building is not None:
            wait_for(self._building, check)
        wait_for(self._thread.submit(lambda: self._rebuild(MAX_DELTA_SHARE)), check)

    def close(self) -> None:
        """Stop a running rebuild, whose vectors are in the catalog; the index before is kept."""
        self._thread.close()

    def _rebuild(self, min_share: float) -> None:
        with self._profile.measure("indexing", 0):
            for index in self._library.indexes.values():
                index.rebuild_if_stale(min_share)
