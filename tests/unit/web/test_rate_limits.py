"""The counts of the rate limit."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from web.rate_limits import LockedStorage


class SlowStorage(LockedStorage):
    """A storage that other threads interrupt wherever it uses its timer."""

    @property
    def timer(self):
        time.sleep(0.002)
        return self._timer

    @timer.setter
    def timer(self, timer):
        self._timer = timer


def test_requests_at_the_same_moment_are_counted_without_an_error():
    storage = SlowStorage()
    storage.timer.join()
    start = threading.Barrier(4)

    def count(number):
        start.wait()
        return storage.acquire_entry("ana", 3, 60)

    with ThreadPoolExecutor(4) as pool:
        within_limit = list(pool.map(count, range(4)))
    assert sorted(within_limit) == [False, True, True, True]
