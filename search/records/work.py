"""What is done for a library: its sources, and the jobs that bring them up to date."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class Source:
    """A root folder that is indexed. is_watched: changes in it are followed while a worker runs."""

    id: int
    path: str
    added_at: str
    is_watched: bool


class JobState(StrEnum):
    """A job is queued, then running, then in one of the last three for good."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """True when nothing more happens to the job."""
        return self not in {JobState.QUEUED, JobState.RUNNING}


@dataclass(frozen=True)
class Task:
    """What a job is to do: bring these paths up to date; no path stands for all sources. Or use another model.

    model: its name; purpose: `picture`, `meaning` or `speech`, where the name does not tell;
    is_routine: nobody asked for it, so that it is not remembered when it comes to nothing.
    """

    paths: tuple[str, ...] = ()
    retry_failed: bool = False
    is_routine: bool = False
    model: str | None = None
    role: str | None = None


@dataclass(frozen=True)
class Job:
    """A task on its way. Times in ISO 8601 UTC; seconds: how long it has been running.

    done, total: files; detail: the file done last; summary: what it came to, by count; error: why it failed.
    """

    id: int
    task: Task
    state: JobState
    created_at: str
    started_at: str | None = None
    ended_at: str | None = None
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    detail: str | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    is_cancelling: bool = False

    @property
    def seconds_left(self) -> float | None:
        """How long it is likely to go on, by the files done so far; None when there is no telling."""
        if self.state is not JobState.RUNNING or not self.done:
            return None
        return self.seconds / self.done * (self.total - self.done)
