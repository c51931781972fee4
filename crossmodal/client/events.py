"""Server-sent events of a job."""

import json
import math
from typing import Any

import httpx2

from crossmodal.client.calls import API
from crossmodal.client.parsing import parse_job
from crossmodal.client.problems import EVENTS, UNREADABLE, RefusedError, make_unreadable
from crossmodal.client.retries import Retries
from crossmodal.client.target import Target
from search.errors import NotFoundError
from search.records import Job

# Seconds without data after which the connection is lost. The server sends a comment every ten seconds.
SILENCE_SECONDS = 30.0


class JobEvents:
    """Reads the lines of event streams of one job; a new stream continues where the last one was cut.

    Each stream begins with the current state of the job, so no event needs to be sent again.
    """

    def __init__(self, target: Target, job_id: int) -> None:
        self._target = target
        self._job_id = job_id
        # A server that is restarted is away for longer than the pauses of a few attempts; only the deadline counts.
        self._retries = Retries(target, is_repeatable=True, max_attempts=math.inf)
        self._is_lost = False
        self._is_dropped = False
        self._last: Job | None = None
        self._data: list[str] = []

    @property
    def is_over(self) -> bool:
        """True when the job has ended, or was dropped after there were events of it."""
        return self._is_dropped or (self._last is not None and self._last.state.is_over)

    @property
    def request(self) -> dict[str, Any]:
        """The arguments of a request of a stream for httpx2."""
        timeout = httpx2.Timeout(self._target.timeout, read=SILENCE_SECONDS)
        url = f"{API}/jobs/{int(self._job_id)}/events"
        return {"method": "GET", "url": url, "headers": {"Accept": EVENTS}, "timeout": timeout}

    def read(self, line: str) -> Job | None:
        """Return the job if a line completes an event that changes it.

        Raises:
            RefusedError: The data of the event is not a job.
        """
        if line.startswith("data:"):
            self._data.append(line[5:].removeprefix(" "))
        if line or not self._data:
            return None
        try:
            job = parse_job(json.loads("\n".join(self._data)))
        except UNREADABLE as error:
            raise make_unreadable(self._target.url) from error
        self._data = []
        self._is_lost = False
        if job == self._last:
            return None
        self._last = job
        return job

    def plan(self, error: httpx2.RequestError | RefusedError) -> float:
        """Return the seconds to wait before another stream is opened; 0 if the job is over.

        Args:
            error: Why the last stream ended.

        Raises:
            CrossmodalError: The stream is not opened again: that makes no sense, or the connection has been lost for
                longer than the deadline.
        """
        self._data = []  # what is left of the last stream is not complete
        is_missing = isinstance(error, RefusedError) and isinstance(error.error, NotFoundError)
        self._is_dropped = is_missing and self._last is not None
        if self.is_over:
            return 0.0
        if not self._is_lost:
            self._is_lost = True
            self._retries.start()
        if isinstance(error, httpx2.ReadTimeout):
            error = httpx2.ReadError(f"the event stream sent nothing for {SILENCE_SECONDS:g} seconds")
        return self._retries.plan(error)


def make_cut() -> httpx2.ReadError:
    """Return the error of a stream that ended before the job was over."""
    return httpx2.ReadError("the event stream was cut")
