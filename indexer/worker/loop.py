"""The background worker: run jobs one after another, and queue jobs for watched sources that change."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from indexer.decode.growing import QUIET_SECONDS
from indexer.model_change.change import update_outdated, use_model
from indexer.model_change.fill import ChangeResult
from indexer.pipeline import Options, index_paths
from indexer.summary import Summary, explain_unavailable
from indexer.worker.retention import Retention
from indexer.worker.saved_search_notifier import SavedSearchNotifier
from indexer.worker.watch import Watcher
from search.errors import CancelledError, CrossmodalError, HomeError
from search.open_home import OpenHome
from search.paths import is_below
from search.records import Job, JobProgress, JobState, Task
from search.storage.sources import explain_removed

# How often the queue is checked for jobs, and the progress of a running job is written.
POLL_SECONDS = 0.5
# How often watched searches are run while another process indexes.
SAVED_SEARCH_INTERVAL_SECONDS = 10.0
# How long a worker that ends when it is idle waits for webhooks.
FLUSH_SECONDS = 30.0
# Seconds until the worker continues after an unexpected error, such as a locked catalog.
RETRY_DELAY_SECONDS = 5.0
# The maximum number of failures in the result of a job; the ledger has all of them.
MAX_REPORTED_FAILURES = 100
CANCELLED_MESSAGE = "Cancelled; completed work is saved"

T = TypeVar("T")


class StoppedError(Exception):
    """The worker should stop."""


@dataclass
class Tracker:
    """Writes the progress of a job to its row, and checks whether the job should continue.

    Attributes:
        library: The library.
        job: The running job.
        stop: Set when the worker should stop.
        progress: How far the job is.
    """

    library: OpenHome
    job: Job
    stop: threading.Event
    progress: JobProgress = field(default_factory=JobProgress)
    _began: float = field(default_factory=time.monotonic)
    _reported_at: float = 0.0

    def update(self, done: int, total: int, path: str, seconds_left: float | None = None) -> None:
        """Store the progress in memory; the next check writes it."""
        self.progress = JobProgress(done, total, 0.0, path, seconds_left)

    def check(self) -> None:
        """Raise an exception if the job should end.

        Raises:
            CancelledError: The job was cancelled.
            StoppedError: The worker should stop.
        """
        if self.stop.is_set():
            raise StoppedError
        if time.monotonic() - self._reported_at < POLL_SECONDS:
            return
        self._reported_at = time.monotonic()
        if not self.report():
            raise CancelledError(CANCELLED_MESSAGE)

    def report(self) -> bool:
        """Write the progress. Return whether the job should continue."""
        seconds = time.monotonic() - self._began
        return self.library.jobs.report(self.job.id, replace(self.progress, seconds=seconds))


def run_worker(library: OpenHome, options: Options, stop: threading.Event, until_idle: bool = False) -> None:
    """Run jobs until `stop` is set.

    Args:
        library: An open home.
        options: How to index.
        stop: Set it to end the worker; an unfinished job is continued by the next worker.
        until_idle: Return when the queue is empty.
    """
    guard = Guard()
    guard.call("queueing model updates", lambda: _queue_updates(library))
    notifier, due = SavedSearchNotifier(library), 0.0
    retention = Retention(library)
    with Watcher(library) as watcher:
        while not stop.is_set():
            guard.call("watching sources", watcher.poll)
            guard.call("deleting what is too old", retention.poll)
            if guard.call("running jobs", lambda: library.jobs.has_work() and _try_next(library, options, stop)):
                due = 0.0
                continue
            if time.monotonic() >= due:
                guard.call("running saved searches", notifier.poll)
                due = time.monotonic() + SAVED_SEARCH_INTERVAL_SECONDS
            if until_idle and not guard.call("reading the queue", library.jobs.has_work):
                notifier.flush(FLUSH_SECONDS)
                return
            stop.wait(guard.delay or POLL_SECONDS)


class Guard:
    """Calls the parts of the worker. An error in one part is logged, and does not end the others.

    Attributes:
        delay: Seconds to wait before the next round; 0 while there are no errors.
    """

    def __init__(self) -> None:
        self.delay = 0.0
        self._logged: dict[str, str] = {}

    def call(self, part: str, action: Callable[[], T]) -> T | None:
        """Return the result of an action; None if it failed. The same error of a part is logged once."""
        try:
            result = action()
        except Exception as error:
            self.delay = RETRY_DELAY_SECONDS
            reason = f"{type(error).__name__}: {error}"
            if self._logged.get(part) != reason:
                logging.getLogger("crossmodal").error("the worker failed while %s", part, exc_info=error)
            self._logged[part] = reason
            return None
        if self._logged.pop(part, None) is not None and not self._logged:
            self.delay = 0.0
        return result


def _queue_updates(library: OpenHome) -> None:
    """Queue a model change for each space of an earlier version of a bundled model."""
    for retriever in library.outdated:
        task = Task(is_routine=True, model=library.models.get_encoder(retriever).name, role=str(retriever))
        # A running job was left by a worker that was killed; it is continued.
        if not any(job.task == task for job in library.jobs.list_unfinished()):
            library.jobs.add(task)


def _try_next(library: OpenHome, options: Options, stop: threading.Event) -> bool:
    """Run the next job. Return False if there is none, or another process is indexing."""
    try:
        lock = library.home.lock()
    except HomeError:
        return False  # jobs wait until the other process is done
    with lock:
        job = library.jobs.take()
        if job is None:
            return False
        _run_job(library, job, options, stop)
        return True


def _run_job(library: OpenHome, job: Job, options: Options, stop: threading.Event) -> None:
    """Run a job and write how it ended. No error of a job may stop the worker."""
    tracker = Tracker(library, job, stop)
    try:
        quiet_seconds = QUIET_SECONDS if job.task.is_routine else 0.0
        options = replace(
            options,
            retry_failed=job.task.retry_failed,
            quiet_seconds=quiet_seconds,
            check=tracker.check,
            skip_absent=True,
        )
        if job.task.model:
            result: Summary | ChangeResult = _change_model(library, job.task, job.task.model, options, tracker)
        else:
            result = index_paths(library, _list_paths(library, job.task), options, tracker.update)
    except StoppedError:
        library.jobs.release(job.id)  # the next worker continues it
    except CancelledError as error:
        library.jobs.end(job.id, JobState.CANCELLED, error=str(error))
    except CrossmodalError as error:
        library.jobs.end(job.id, JobState.FAILED, error=str(error))
    except Exception as error:
        if library.jobs.get(job.id).is_cancelling:
            library.jobs.end(job.id, JobState.CANCELLED, error=CANCELLED_MESSAGE)
            return
        logging.getLogger("crossmodal").exception("job %d failed", job.id)
        library.jobs.end(job.id, JobState.FAILED, error=f"{type(error).__name__}: {error}")
    else:
        tracker.report()
        _end_job(library, job, result)


def _end_job(library: OpenHome, job: Job, result: Summary | ChangeResult) -> None:
    unavailable = explain_unavailable(result.unavailable) if isinstance(result, Summary) else None
    if job.task.is_routine and not result.has_changes:
        library.jobs.drop(job.id)
        return
    summary = result.describe(MAX_REPORTED_FAILURES)
    if isinstance(result, Summary) and result.is_refused and job.task.paths:
        library.jobs.end(job.id, JobState.FAILED, summary, unavailable)
    else:
        library.jobs.end(job.id, JobState.DONE, summary | ({"warning": unavailable} if unavailable else {}))


def _change_model(library: OpenHome, task: Task, model: str, options: Options, tracker: Tracker) -> ChangeResult:
    if not task.is_routine:
        return use_model(library, model, task.role, options, tracker.update)
    # An earlier job may have updated the spaces: each job does so before it indexes.
    outcomes = update_outdated(library.reload_models(), options, tracker.update)
    return outcomes[-1] if outcomes else ChangeResult(model, has_changes=False)


def _list_paths(library: OpenHome, task: Task) -> list[Path]:
    """Return the paths of a task; without any, those of all sources.

    Raises:
        CancelledError: None of them is in a source: the source was removed after the job was queued.
    """
    sources = [source.path for source in library.sources.list_all()]
    if task.paths and not any(is_below(path, source) for path in task.paths for source in sources):
        raise CancelledError(explain_removed(task.paths[0]))
    return [Path(path) for path in task.paths or sources]
