"""Following a job until it is over."""

import time
from collections.abc import Iterator

from search.errors import NotFoundError
from search.records import Job
from search.storage.jobs import Jobs

POLL_INTERVAL_SECONDS = 0.4
# Seconds without a change after which a heartbeat is sent. It keeps a connection open and detects closed connections.
HEARTBEAT_SECONDS = 10.0


def follow_job(jobs: Jobs, job_id: int) -> Iterator[Job | None]:
    """Yield a job now and whenever it changes, until it is over or was dropped; None is a heartbeat.

    Raises:
        NotFoundError: There is no such job.
    """
    job, seen, last = jobs.get(job_id), None, 0.0
    while True:
        if job != seen:
            yield job
            seen, last = job, time.monotonic()
        elif time.monotonic() - last > HEARTBEAT_SECONDS:
            yield None
            last = time.monotonic()
        if job.state.is_over:
            return
        time.sleep(POLL_INTERVAL_SECONDS)
        try:
            job = jobs.get(job_id)
        except NotFoundError:
            return
