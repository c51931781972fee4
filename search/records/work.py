"""Sources of a library and the jobs that keep it up to date."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class Source:
    """A root folder that is indexed.

    Attributes:
        id: The id of the source.
        path: The absolute path of the folder.
        added_at: When it was added, in UTC, ISO 8601.
        is_watched: Whether the worker indexes changes in the folder automatically.
        exclude: Patterns of files and folders that are not indexed, as in .gitignore.
        reads_hidden: Whether hidden files and folders are indexed.
        problem: Why changes in the folder cannot be watched; None if they can be.
    """

    id: int
    path: str
    added_at: str
    is_watched: bool
    exclude: tuple[str, ...] = ()
    reads_hidden: bool = False
    problem: str | None = None


@dataclass(frozen=True)
class Volume:
    """A folder at which storage begins: the root of a source, or a folder on another device than the one above it.

    Attributes:
        path: The absolute path of the folder.
        identity: What identifies the storage: it changes when a disk is unmounted.
        problem: Why the storage is unavailable; None if it is available.
        last_item_id: The highest id of an item when the storage became unavailable; None if it is available.
    """

    path: str
    identity: str
    problem: str | None = None
    last_item_id: int | None = None


class JobState(StrEnum):
    """The state of a job: queued, then running, then done, failed or cancelled."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """True when the job has ended."""
        return self not in {JobState.QUEUED, JobState.RUNNING}


@dataclass(frozen=True)
class Task:
    """What a job does: index some paths, or switch to another model.

    Attributes:
        paths: The files and folders to index; empty for all sources.
        retry_failed: Whether files that failed are tried again.
        is_routine: Whether the worker added it without a request; such a job is deleted if it changed nothing.
        model: The name of the model to use.
        role: The role of the model, if its name is ambiguous.
    """

    paths: tuple[str, ...] = ()
    retry_failed: bool = False
    is_routine: bool = False
    model: str | None = None
    role: str | None = None


@dataclass(frozen=True)
class JobProgress:
    """How far a job is. The attributes are those of `Job`."""

    done: int = 0
    total: int = 0
    seconds: float = 0.0
    detail: str = ""
    seconds_left: float | None = None


@dataclass(frozen=True)
class Job:
    """A task in the queue. Times are in UTC, ISO 8601.

    Attributes:
        id: The id of the job.
        task: What the job does.
        state: The state of the job.
        created_at: When it was queued.
        started_at: When it started, if it has started.
        ended_at: When it ended, if it has ended.
        done: The number of files that are done.
        total: The number of all files.
        seconds: How long it has been running, in seconds.
        detail: The file that is being read, or what else is being done.
        seconds_left: The estimated remaining time in seconds; None if it is unknown.
        summary: The result of a finished job: numbers by name, and a `warning` if there is one.
        reason: Why it failed.
        is_cancelling: Whether it was asked to stop.
        attempts: How many workers started it since the last file was done; all but the last have died.
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
    seconds_left: float | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    is_cancelling: bool = False
    attempts: int = 0
