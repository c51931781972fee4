"""The jobs of one call of `index`, as the summary of one run."""

from collections import Counter
from collections.abc import Iterable

from crossmodal.arguments import PathName, ProgressCallback
from crossmodal.results import IndexSummary
from indexer.summary import COUNTS
from search.errors import CancelledError, CrossmodalError
from search.paths import is_below
from search.records import Item, Job, JobState


class IndexRun:
    """Collects the progress and the results of jobs that index one path each."""

    def __init__(self, paths: Iterable[PathName], progress: ProgressCallback | None) -> None:
        self._paths = [str(path) for path in paths]
        self._progress = progress
        self._done = 0
        self._seconds = 0.0
        self._counts: Counter[str] = Counter()
        self._failures: dict[str, str] = {}
        self._unavailable: dict[str, str] = {}
        self._refused = 0

    def update(self, job: Job) -> None:
        """Report the progress of a job, and add its result when it is over.

        Raises:
            CancelledError: The job was cancelled.
            CrossmodalError: The job failed.
        """
        if job.total and self._progress is not None:
            self._progress(self._done + job.done, self._done + job.total, job.detail or "")
        if not job.state.is_over:
            return
        if job.state is JobState.CANCELLED:
            raise CancelledError(f"Job {job.id} was cancelled. Completed work is saved.")
        if job.state is JobState.FAILED and not job.summary.get("unavailable"):
            raise CrossmodalError(f"Job {job.id} failed: {job.reason}")
        self._refused += job.state is JobState.FAILED
        self._done += job.total
        self._counts.update({name: job.summary.get(name, 0) for name in COUNTS})
        self._seconds += job.summary.get("seconds", 0.0)
        self._failures |= {one["path"]: one["reason"] for one in job.summary.get("failures", ())}
        self._unavailable |= {one["path"]: one["reason"] for one in job.summary.get("unavailable", ())}

    @property
    def lacks_failures(self) -> bool:
        """True if the jobs reported only some of the failed files."""
        return self._counts["failed"] > len(self._failures)

    def add_failures(self, failed: Iterable[Item]) -> None:
        """Add the failed files of the ledger that are at the paths or below them."""
        below = (item for item in failed if any(is_below(item.path, path) for path in self._paths))
        self._failures |= {item.path: item.reason or "" for item in below}

    @property
    def summary(self) -> IndexSummary:
        """The result of all jobs."""
        return IndexSummary(
            **{name: self._counts[name] for name in COUNTS},
            seconds=round(self._seconds, 2),
            failures=self._failures,
            unavailable=self._unavailable,
            is_refused=bool(self._paths) and self._refused == len(self._paths),
        )
