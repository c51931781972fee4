"""The process that does what jobs ask for, one after the other, and follows the sources that are watched."""

import logging
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer.model_change.change import update_outdated, use_model
from indexer.model_change.fill import Outcome
from indexer.pipeline import Options, index_paths
from indexer.summary import Summary
from indexer.worker.saved_search_notifier import SavedSearchNotifier
from indexer.worker.watch import Watcher
from search.errors import CancelledError, CrossmodalError, HomeError
from search.library import Library
from search.records import Job, JobState, Task

# How often new jobs are looked for, and how often the one running says how far it is, in seconds.
POLL = 0.5
# How often watched searches are asked anew, in seconds, while another process goes on writing.
ALERTS = 10.0
# So many failures are kept with a job; all of them are in the ledger.
FAILURES_KEPT = 100


class StoppedError(Exception):
    """The worker is to end."""


@dataclass
class Tracker:
    """Writes how far a job is into its row, now and then, and sees whether it is to go on."""

    library: Library
    job: Job
    stop: threading.Event
    done: int = 0
    total: int = 0
    detail: str = ""
    _began: float = field(default_factory=time.monotonic)
    _last: float = 0.0

    def note(self, done: int, total: int, path: str) -> None:
        """Take in how far the run is."""
        self.done, self.total, self.detail = done, total, path

    def check(self) -> None:
        """Raise CancelledError when the job was cancelled, StoppedError when the worker is to end."""
        if self.stop.is_set():
            raise StoppedError
        if time.monotonic() - self._last < POLL:
            return
        self._last = time.monotonic()
        if not self.report():
            raise CancelledError("cancelled; what was done so far is kept")

    def report(self) -> bool:
        """Write how far the job is; tell whether it is to go on."""
        seconds = time.monotonic() - self._began
        return self.library.jobs.report(self.job.id, self.done, self.total, seconds, self.detail)


def run_worker(library: Library, options: Options, stop: threading.Event, until_idle: bool = False) -> None:
    """Do jobs until `stop` is set, or with `until_idle` until there is none."""
    _queue_updates(library)
    alerts, due = SavedSearchNotifier(library), 0.0
    with Watcher(library) as watcher:
        while not stop.is_set():
            watcher.look()
            if library.jobs.has_work() and _try_next(library, options, stop):
                due = 0.0
                continue
            if time.monotonic() >= due:
                alerts.look()
                due = time.monotonic() + ALERTS
            if until_idle and not library.jobs.has_work():
                return
            stop.wait(POLL)


def _queue_updates(library: Library) -> None:
    """Queue a model change for every space of an earlier version of a bundled model."""
    for retriever in library.outdated:
        task = Task(is_routine=True, model=library.models.get_encoder(retriever).name, role=str(retriever))
        # One that is running was left by a worker that died; it is resumed.
        if not any(job.task == task for job in library.jobs.list_unfinished()):
            library.jobs.add(task)


def _try_next(library: Library, options: Options, stop: threading.Event) -> bool:
    """Do the next job, if nobody else is indexing; tell whether there was one."""
    try:
        lock = library.home.lock()
    except HomeError:
        return False  # the jobs wait until the other is done
    with lock:
        job = library.jobs.take()
        if job is None:
            return False
        _do(library, job, options, stop)
        return True


def _do(library: Library, job: Job, options: Options, stop: threading.Event) -> None:
    tracker = Tracker(library, job, stop)
    try:
        asked = replace(options, retry_failed=job.task.retry_failed, check=tracker.check)
        gone: list[str] = []
        if job.task.model:
            summary: Summary | Outcome = _change_model(library, job.task, job.task.model, asked, tracker)
        else:
            paths, gone = _find_paths(library, job.task)
            summary = index_paths(library, paths, asked, tracker.note)
    except StoppedError:
        return  # the next worker takes it up
    except CancelledError as error:
        library.jobs.end(job.id, JobState.CANCELLED, error=str(error))
    except CrossmodalError as error:
        library.jobs.end(job.id, JobState.FAILED, error=str(error))
    except Exception as error:  # it must cost this job, not those that wait behind it
        if library.jobs.get(job.id).is_cancelling:
            library.jobs.end(job.id, JobState.CANCELLED, error="cancelled; what was done so far is kept")
            return
        logging.getLogger("crossmodal").exception("job %d failed", job.id)
        library.jobs.end(job.id, JobState.FAILED, error=f"{type(error).__name__}: {error}")
    else:
        tracker.report()
        if job.task.is_routine and not summary.has_changes and not gone:
            library.jobs.drop(job.id)
            return
        library.jobs.end(job.id, JobState.DONE, summary.describe(FAILURES_KEPT) | _warn_of_missing(gone))


def _change_model(library: Library, task: Task, model: str, options: Options, tracker: Tracker) -> Outcome:
    if not task.is_routine:
        return use_model(library, model, task.role, options, tracker.note)
    # An earlier job may have updated the spaces: each does so before it indexes.
    outcomes = update_outdated(library.reload_models(), options, tracker.note)
    return outcomes[-1] if outcomes else Outcome(model, has_changes=False)


def _find_paths(library: Library, task: Task) -> tuple[list[Path], list[str]]:
    """Return what is to be indexed, and the sources that are not there."""
    if task.paths:
        return [Path(path) for path in task.paths], []
    roots = [source.path for source in library.sources.list_all()]
    return [Path(root) for root in roots if Path(root).exists()], [root for root in roots if not Path(root).exists()]


def _warn_of_missing(folders: list[str]) -> dict[str, str]:
    return {"warning": f"Folders unavailable, their items are kept: {', '.join(folders)}"} if folders else {}
