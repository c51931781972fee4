"""Rebuild the vector indexes during a run, so that searches compare only few unindexed vectors by brute force."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

from indexer.summary import Profile
from search.open_home import OpenHome
from search.storage.space_index import MAX_DELTA_SHARE

# Seconds between two checks whether an index should be rebuilt.
CHECK_INTERVAL_SECONDS = 10.0
# During a run, an index is rebuilt when the vectors that are not in it exceed this share of it. Not earlier, since
# building slows the models down.
MIN_GROWTH_SHARE = 0.25


class IndexMaintenance:
    """Rebuilds indexes in a background thread."""

    def __init__(self, library: OpenHome, profile: Profile) -> None:
        self._library = library
        self._profile = profile
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="maintain")
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
        self._building = self._pool.submit(self._rebuild, MIN_GROWTH_SHARE)

    def finish(self) -> None:
        """Wait for a running rebuild, then rebuild what is still stale.

        Raises:
            HomeError: An index cannot be written.
        """
        if self._building is not None:
            self._building.result()
        self._rebuild(MAX_DELTA_SHARE)

    def close(self) -> None:
        """Wait for a running rebuild and stop."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _rebuild(self, min_share: float) -> None:
        with self._profile.measure("indexing", 0):
            for index in self._library.indexes.values():
                index.rebuild_if_stale(min_share)
