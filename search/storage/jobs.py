"""What is to be done and what was: rows that outlive every process, so that no job is lost with one.

A queue that hands a job out and forgets it would lose it with the worker that took it; a row stays until it is over.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, select, update

from search.errors import NotFoundError
from search.paths import lies_in
from search.records import Job, JobState, Task
from search.storage import tables as t
from search.storage.database import Database, now

# So many jobs that are over are remembered.
HISTORY = 200
OVER = [state for state in JobState if state.is_over]


class Jobs:
    """Reads and writes of the jobs. Every public write is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, task: Task) -> Job:
        """Queue a task; one that is queued already is not queued again."""
        packed = json.dumps(asdict(task))
        c = t.job.c
        same = select(c.id).where(c.task == packed, c.state == JobState.QUEUED)
        with self._database.write(bump_revision=False) as db:
            found = db.execute(same).scalar()
            if found is None:
                row = {"task": packed, "state": JobState.QUEUED, "created_at": now()}
                found = db.execute(t.job.insert().values(row).returning(c.id)).scalar_one()
                kept = select(c.id).where(c.state.in_(OVER)).order_by(c.id.desc()).limit(HISTORY)
                db.execute(delete(t.job).where(c.state.in_(OVER), c.id.not_in(kept)))
        return self.get(found)

    def get(self, job_id: int) -> Job:
        """Return one job. Raises NotFoundError."""
        with self._database.read() as db:
            row = db.execute(select(t.job).where(t.job.c.id == job_id)).first()
        if row is None:
            raise NotFoundError(f"there is no job {job_id}")
        return _make_job(row)

    def list_all(self, limit: int = HISTORY) -> list[Job]:
        """Return the jobs, newest first."""
        with self._database.read() as db:
            return [_make_job(row) for row in db.execute(select(t.job).order_by(t.job.c.id.desc()).limit(limit))]

    def take(self) -> Job | None:
        """Return the job that has waited longest, running from now on; None when there is none.

        To be called by whoever holds the home's lock: a job that is running already was left by one who died, and
        is taken up again, for a run goes on where the last one ended.
        """
        c = t.job.c
        query = select(c.id).where(c.state.not_in(OVER)).order_by((c.state != JobState.RUNNING), c.id).limit(1)
        with self._database.write(bump_revision=False) as db:
            found = db.execute(query).scalar()
            if found is not None:
                # A wish to cancel that its first worker did not live to see still holds.
                values = {"state": JobState.RUNNING, "started_at": now()}
                db.execute(update(t.job).where(c.id == found).values(values))
        return None if found is None else self.get(found)

    def has_work(self) -> bool:
        """Return whether a job is queued, or was left running."""
        with self._database.read() as db:
            return db.execute(select(t.job.c.id).where(t.job.c.state.not_in(OVER)).limit(1)).first() is not None

    def report(self, job_id: int, done: int, total: int, seconds: float, detail: str) -> bool:
        """Note how far a job is; tell whether it is to go on."""
        c = t.job.c
        values = {"done": done, "total": total, "seconds": seconds, "detail": detail}
        with self._database.write(bump_revision=False) as db:
            db.execute(update(t.job).where(c.id == job_id).values(values))
            return not db.execute(select(c.is_cancelling).where(c.id == job_id)).scalar()

    def end(
        self, job_id: int, state: JobState, summary: Mapping[str, Any] | None = None, error: str | None = None
    ) -> None:
        """Note what a job came to."""
        values = {"state": state, "ended_at": now(), "summary": json.dumps(summary or {}), "error": error}
        with self._database.write(bump_revision=False) as db:
            db.execute(update(t.job).where(t.job.c.id == job_id).values(values))

    def drop(self, job_id: int) -> None:
        """Forget a job."""
        with self._database.write(bump_revision=False) as db:
            db.execute(delete(t.job).where(t.job.c.id == job_id))

    def cancel_below(self, root: str) -> None:
        """End, or ask to stop, every job that is to look at a path or below it; also those that look at everything."""
        for job in self.list_all():
            lies = any(lies_in(path, root) for path in job.task.paths)
            if not job.state.is_over and (lies or not job.task.paths):
                self.cancel(job.id)

    def cancel(self, job_id: int) -> Job:
        """End a job that is queued, or ask the one running to stop. Raises NotFoundError."""
        job = self.get(job_id)
        c = t.job.c
        with self._database.write(bump_revision=False) as db:
            stopped = {"state": JobState.CANCELLED, "ended_at": now()}
            db.execute(update(t.job).where(c.id == job.id, c.state == JobState.QUEUED).values(stopped))
            db.execute(update(t.job).where(c.id == job.id, c.state == JobState.RUNNING).values(is_cancelling=True))
        return self.get(job_id)


def _make_job(row: Row[Any]) -> Job:
    values = dict(row._mapping)
    task = json.loads(values.pop("task"))
    values["task"] = Task(**task | {"paths": tuple(task["paths"])})
    values["state"] = JobState(values["state"])
    values["summary"] = json.loads(values["summary"]) if values["summary"] else {}
    return Job(**values)
