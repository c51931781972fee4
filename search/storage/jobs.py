"""The queue of jobs, stored in the catalog.

A queue in memory would lose its jobs when the process ends. A row stays until the job has ended.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, select, update

from search.errors import NotFoundError
from search.paths import is_below
from search.records import Job, JobProgress, JobState, Task
from search.storable import is_storable
from search.storage import tables as t
from search.storage.database import Database, now

# A job whose worker died this often, without a file done in between, is not run again.
MAX_ATTEMPTS = 3
# The task of a row that cannot be read.
UNREADABLE_TASK = Task(paths=("(unreadable)",))
# Of the jobs that have ended, only the newest are kept.
MAX_ENDED_JOBS = 200
_ENDED = [state for state in JobState if state.is_over]


class Jobs:
    """Reads and writes of the jobs. Each method that writes is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, task: Task) -> Job:
        """Queue a task and return its job; a task that is queued already is not queued again."""
        # Without escapes, so that the column replaces lone surrogates, which readers could not print.
        serialized = json.dumps(asdict(task), ensure_ascii=False)
        c = t.job.c
        queued = select(c.id).where(c.task == serialized, c.state == JobState.QUEUED)
        with self._database.write(bump_revision=False) as db:
            job_id = db.execute(queued).scalar()
            if job_id is None:
                row = {"task": serialized, "state": JobState.QUEUED, "created_at": now()}
                job_id = db.execute(t.job.insert().values(row).returning(c.id)).scalar_one()
                newest_ended = select(c.id).where(c.state.in_(_ENDED)).order_by(c.id.desc()).limit(MAX_ENDED_JOBS)
                db.execute(delete(t.job).where(c.state.in_(_ENDED), c.id.not_in(newest_ended)))
        return self.get(job_id)

    def get(self, job_id: int) -> Job:
        """Return one job. Raises NotFoundError."""
        with self._database.read() as db:
            row = db.execute(select(t.job).where(t.job.c.id == job_id)).first()
        if row is None:
            raise make_missing_job(job_id)
        return _make_job(row)

    def list_all(self, limit: int = MAX_ENDED_JOBS) -> list[Job]:
        """Return the newest jobs, newest first."""
        with self._database.read() as db:
            return [_make_job(row) for row in db.execute(select(t.job).order_by(t.job.c.id.desc()).limit(limit))]

    def list_unfinished(self) -> list[Job]:
        """Return every job that is queued or running, oldest first."""
        c = t.job.c
        with self._database.read() as db:
            query = select(t.job).where(c.state.not_in(_ENDED)).order_by(c.id)
            return [_make_job(row) for row in db.execute(query)]

    def take(self) -> Job | None:
        """Return the oldest queued job, now marked as running; None when there is none.

        The caller must hold the home's lock. So a job that is already marked as running was left by a worker that died;
        it is returned first, since a run continues where the last run ended. Jobs that cannot be read, and jobs during
        which workers die again and again, are marked as failed instead.
        """
        while (job := self._take_next()) is not None:
            if job.task == UNREADABLE_TASK:
                self.end(job.id, JobState.FAILED, error=job.reason)
            elif job.attempts > MAX_ATTEMPTS:
                reason = f"The worker died {MAX_ATTEMPTS} times while it ran this job. Free some memory, then retry it."
                self.end(job.id, JobState.FAILED, error=reason)
            else:
                return job
        return None

    def _take_next(self) -> Job | None:
        c = t.job.c
        query = select(c.id).where(c.state.not_in(_ENDED)).order_by((c.state != JobState.RUNNING), c.id).limit(1)
        with self._database.write(bump_revision=False) as db:
            job_id = db.execute(query).scalar()
            if job_id is not None:
                # `is_cancelling` is not reset: the worker that died may not have seen the request to cancel.
                values = {"state": JobState.RUNNING, "started_at": now(), "attempts": c.attempts + 1}
                db.execute(update(t.job).where(c.id == job_id).values(values))
        return None if job_id is None else self.get(job_id)

    def release(self, job_id: int) -> None:
        """Leave a running job to the next worker, because this one stops."""
        with self._database.write(bump_revision=False) as db:
            db.execute(update(t.job).where(t.job.c.id == job_id).values(attempts=0))

    def has_work(self) -> bool:
        """Return whether a job is queued or running."""
        with self._database.read() as db:
            return db.execute(select(t.job.c.id).where(t.job.c.state.not_in(_ENDED)).limit(1)).first() is not None

    def report(self, job_id: int, progress: JobProgress) -> bool:
        """Store the progress of a job, and return False if the job was asked to stop."""
        c = t.job.c
        values: dict[str, Any] = asdict(progress)
        if progress.done:
            values["attempts"] = 1
        with self._database.write(bump_revision=False) as db:
            db.execute(update(t.job).where(c.id == job_id).values(values))
            return not db.execute(select(c.is_cancelling).where(c.id == job_id)).scalar()

    def end(
        self, job_id: int, state: JobState, summary: Mapping[str, Any] | None = None, error: str | None = None
    ) -> None:
        """Store how a job ended.

        Args:
            job_id: The job.
            state: The final state.
            summary: The result: numbers by name, and a `warning` if there is one.
            error: Why the job failed; None if it did not.
        """
        values = {"state": state, "ended_at": now(), "summary": json.dumps(summary or {}), "error": error}
        values |= {"seconds_left": None}
        with self._database.write(bump_revision=False) as db:
            db.execute(update(t.job).where(t.job.c.id == job_id).values(values))

    def remove(self, job_id: int) -> Job:
        """Cancel an unfinished job, or delete one that has ended, and return the job. Raises NotFoundError."""
        job = self.get(job_id)
        if not job.state.is_over:
            return self.cancel(job_id)
        self.drop(job_id)
        return job

    def drop(self, job_id: int) -> None:
        """Delete a job."""
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(t.job).where(t.job.c.id == job_id))

    def cancel_below(self, root: str, is_source: bool) -> None:
        """Cancel every job that only reads files at a path or below it.

        Args:
            root: The path.
            is_source: Whether it is that of a source which is removed. Then the running job is stopped if it reads any
                of these files, since it could not store them. Later jobs do not find the source.
        """
        for job in self.list_unfinished():
            inside = [is_below(path, root) for path in job.task.paths]
            is_stopped = is_source and job.state is JobState.RUNNING and (any(inside) or not inside)
            if not job.task.model and (is_stopped or (inside and all(inside))):
                self.cancel(job.id)

    def cancel(self, job_id: int) -> Job:
        """Cancel a queued job, or ask a running job to stop, and return the job. Raises NotFoundError."""
        job = self.get(job_id)
        c = t.job.c
        with self._database.write(bump_revision=False) as db:
            cancelled = {"state": JobState.CANCELLED, "ended_at": now()}
            db.execute(update(t.job).where(c.id == job.id, c.state == JobState.QUEUED).values(cancelled))
            db.execute(update(t.job).where(c.id == job.id, c.state == JobState.RUNNING).values(is_cancelling=True))
        return self.get(job_id)


def make_missing_job(job_id: int) -> NotFoundError:
    """Return the error for a job that does not exist."""
    return NotFoundError(f"There is no job {job_id}. `crossmodal jobs` and GET /api/v1/jobs list the jobs.")


def _make_job(row: Row[Any]) -> Job:
    """Return a job; if the row cannot be read, a job without a useful task, with the reason."""
    values = dict(row._mapping)
    values["reason"] = values.pop("error")
    serialized, summary = values.pop("task"), values.pop("summary")
    try:
        values["task"] = _read_task(serialized)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        values["task"] = UNREADABLE_TASK
        values["reason"] = values["reason"] or f"The job cannot be read: {error}. Remove it, and queue it again."
    try:
        values["summary"] = dict(json.loads(summary)) if summary else {}
    except (ValueError, TypeError, RecursionError):
        values["summary"] = {}
    values["state"] = JobState(values["state"])
    return Job(**values)


def _read_task(serialized: str) -> Task:
    """Return a stored task. Raises ValueError, TypeError or KeyError if it is not valid."""
    document = json.loads(serialized)
    paths = tuple(document["paths"])
    if not all(isinstance(path, str) for path in paths) or not is_storable([*paths]):
        raise ValueError("a path is not valid text")
    return Task(**document | {"paths": paths})
