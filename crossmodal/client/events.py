"""Server-sent events of a job."""

import json
from collections.abc import Iterator

from crossmodal.client.calls import API
from crossmodal.client.parsing import parse_job
from crossmodal.client.problems import UNREADABLE, RefusedError, make_unreadable
from search.errors import NotFoundError
from search.records import Job

# Seconds without data after which the connection is lost. The server sends a comment every ten seconds.
SILENCE_SECONDS = 30.0


def name_stream(job_id: int) -> str:
    """Return the path of the events of a job."""
    return f"{API}/jobs/{int(job_id)}/events"


def read_event(events: "JobEvents", line: str, url: str) -> list[Job]:
    """Return the job if a line completes an event that changes it, else nothing.

    Raises:
        RefusedError: The data of the event is not a job.
    """
    try:
        return list(events.read(line))
    except UNREADABLE as error:
        raise make_unreadable(url) from error


class JobEvents:
    """Reads the lines of event streams of one job; a new stream continues where the last one was cut."""

    def __init__(self) -> None:
        self._last: Job | None = None
        self._data: list[str] = []

    @property
    def is_over(self) -> bool:
        """True when the job has ended."""
        return self._last is not None and self._last.state.is_over

    def are_ended_by(self, error: Exception) -> bool:
        """Return whether an error says that the job, of which there were events, was dropped."""
        is_missing = isinstance(error, RefusedError) and isinstance(error.error, NotFoundError)
        return is_missing and self._last is not None

    def start(self) -> None:
        """Begin with a new stream: what is left of the last one is not complete."""
        self._data = []

    def read(self, line: str) -> Iterator[Job]:
        """Yield the job if a line completes an event that changes it.

        Raises:
            ValueError: The data of the event is not a job.
        """
        if line.startswith("data:"):
            self._data.append(line[5:].removeprefix(" "))
        elif not line and self._data:
            job = parse_job(json.loads("\n".join(self._data)))
            self._data = []
            if job != self._last:
                self._last = job
                yield job
