"""The part of the Python API about jobs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from search.open_home import OpenHome
    from search.records import Job


class JobMethods:
    """The methods of a library about jobs."""

    @property
    def _opened(self) -> "OpenHome":
        raise NotImplementedError

    def jobs(self) -> "list[Job]":
        """Return the newest jobs, newest first."""
        return self._opened.jobs.list_all()

    def job(self, job_id: int) -> "Job":
        """Return one job. Raises NotFoundError."""
        return self._opened.jobs.get(job_id)

    def follow_job(self, job_id: int) -> "Iterator[Job]":
        """Yield a job now and whenever it changes, until it is over.

        Raises:
            NotFoundError: There is no such job.
        """
        from search.job_progress import follow_job

        return (job for job in follow_job(self._opened.jobs, job_id) if job is not None)

    def cancel_job(self, job_id: int) -> "Job":
        """Cancel a queued job, or stop the running one, and return the job. Raises NotFoundError."""
        return self._opened.jobs.cancel(job_id)

    def remove_job(self, job_id: int) -> "Job":
        """Remove a job that has ended, or cancel any other, and return the job. Raises NotFoundError."""
        return self._opened.jobs.remove(job_id)

    def retry_job(self, job_id: int) -> "Job":
        """Queue a job again, and return the new one. Raises NotFoundError."""
        jobs = self._opened.jobs
        return jobs.add(jobs.get(job_id).task)
