"""Indexes that follow what is written while a run goes on: searches beside it never compare much one by one."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

from indexer.profile import Profile
from search.library import Library
from search.storage.space_index import MAX_DELTA_SHARE

# How often it is looked whether there is something to build, in seconds.
EVERY = 10.0
# What was added since the last index, as a share of it, that is enough for another: building takes the models' time.
GROWTH = 0.25


class IndexMaintenance:
    """Builds in a thread of its own."""

    def __init__(self, library: Library, profile: Profile) -> None:
        self._library = library
        self._profile = profile
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="upkeep")
        self._building: Future[None] | None = None
        self._last = time.monotonic()

    def follow(self) -> None:
        """Begin to build what is due, unless that was looked at a moment ago. Raises what building before raised."""
        if time.monotonic() - self._last < EVERY or (self._building is not None and not self._building.done()):
            return
        self._last = time.monotonic()
        if self._building is not None:
            self._building.result()
        self._building = self._pool.submit(self._settle, GROWTH)

    def finish(self) -> None:
        """Wait for what is built and build what is due then. Raises HomeError when it cannot be written."""
        if self._building is not None:
            self._building.result()
        self._settle(MAX_DELTA_SHARE)

    def close(self) -> None:
        """Stop after what is being built."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _settle(self, share: float) -> None:
        with self._profile.measure("indexing", 0):
            for space in self._library.indexes.values():
                space.rebuild_if_stale(share)
