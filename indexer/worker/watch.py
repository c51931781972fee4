"""Watch folders, and index them within seconds after a change. Home of watchfiles."""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from indexer.decode.growing import QUIET_SECONDS, STILL_WRITTEN
from indexer.pipeline import Options, run_index
from indexer.progress import Progress
from indexer.same_files import identify_folder
from indexer.summary import Summary
from search.errors import HomeError, find_reason
from search.open_home import OpenHome
from search.paths import find_access_problem, is_below
from search.records import Source, Task
from search.storage.ledger import Ledger

# Changes are gathered until none arrives for the first time span, but no longer than the second.
QUIET_MILLISECONDS = 500
MAX_GATHER_MILLISECONDS = 5_000
# All folders are scanned at this interval, since the operating system can lose events and network disks send none.
RESCAN_SECONDS = 15 * 60
# How often it is checked whether a watched folder was removed, replaced or mounted.
CHECK_MILLISECONDS = 5_000
# Seconds until a source that cannot be watched is tried again.
RETRY_SECONDS = 60
# Seconds to wait until the first job for a source is queued. A disk that does not respond takes longer.
START_TIMEOUT_SECONDS = 2
# Seconds to wait for the end of a watch. The thread of a disk that does not respond is abandoned.
STOP_TIMEOUT_SECONDS = 10
# While files wait until they are complete, all folders are scanned at this interval, which doubles up to the maximum.
REMINDER_SECONDS, MAX_REMINDER_SECONDS = 2.0, 60.0


def watch_sources(
    library: OpenHome,
    paths: Sequence[Path],
    options: Options,
    progress: Progress,
    report: Callable[[Summary], None],
    stop: threading.Event | None = None,
) -> None:
    """Index folders now and after every change in them, until `stop` is set or KeyboardInterrupt is raised.

    Args:
        library: An open home.
        paths: The folders.
        options: How to index.
        progress: Called with the number of files done, the number of all, and the path of the last one.
        report: Called with the summary of each run.
        stop: Set it to return.

    Raises:
        UsageError: A path does not exist.
        HomeError: Another process is indexing, or the home cannot be written.
    """
    options = replace(options, quiet_seconds=QUIET_SECONDS)
    report(run_index(library, list(paths), options, progress))
    later = replace(options, retry_failed=False, reindex=False)
    stop = stop or threading.Event()
    reminder = make_reminder(library, paths)
    while not stop.is_set():
        if any(find_access_problem(str(path)) for path in paths):
            stop.wait(CHECK_MILLISECONDS / 1000)  # a disk is not mounted
            continue
        for _ in follow_changes(library.home.root, paths, stop, reminder):
            report(run_index(library, list(paths), later, progress))


def make_reminder(library: OpenHome, paths: Sequence[Path]) -> Callable[[], bool]:
    """Return a function that returns whether files at some paths or below them were still being written."""
    ledger, roots = Ledger(library.database), [str(path.absolute()) for path in paths]
    return lambda: ledger.has_postponed(roots, STILL_WRITTEN)


def follow_changes(
    home: Path, paths: Sequence[Path], stop: threading.Event, is_waiting: Callable[[], bool] = lambda: False
) -> Iterator[set[str]]:
    """Yield the paths that changed, in sets, until a folder is removed or replaced, as when its disk is unmounted.

    Args:
        home: The data directory, whose changes are ignored.
        paths: The folders to watch.
        stop: Set it to end the iteration.
        is_waiting: Returns whether files wait until they are complete; then all folders are scanned again soon, even if
            nothing changes anymore.

    Yields:
        A set of paths; an empty set means that all folders should be scanned.

    Raises:
        OSError: The folders cannot be watched.
    """
    import watchfiles

    names = list_home_names(home, paths)
    changes = watchfiles.watch(
        *paths,
        # The home may be inside a source, and changes with every run.
        watch_filter=lambda _, path: not any(is_below(path, name) for name in names),
        step=QUIET_MILLISECONDS,
        debounce=MAX_GATHER_MILLISECONDS,
        rust_timeout=CHECK_MILLISECONDS,
        yield_on_timeout=True,
        stop_event=stop,
        ignore_permission_denied=True,
    )
    watched = [identify_folder(path) for path in paths]
    scanned_at, wait = time.monotonic(), REMINDER_SECONDS
    for change_set in changes:
        since_scan = time.monotonic() - scanned_at
        is_due = since_scan > RESCAN_SECONDS or (since_scan >= wait and is_waiting())
        has_ended = [identify_folder(path) for path in paths] != watched
        if change_set or is_due or has_ended:
            wait = REMINDER_SECONDS if change_set else min(2 * wait, MAX_REMINDER_SECONDS)
            yield {path for _, path in change_set}
            scanned_at = time.monotonic()
        if has_ended:
            return


def list_home_names(home: Path, paths: Sequence[Path]) -> set[str]:
    """Return the paths by which a home can appear in the changes of watched folders.

    Args:
        home: The home. It, and the folders, may be reached through symbolic links.
        paths: The watched folders.
    """
    real = os.path.realpath(home)
    roots = [(str(path), os.path.realpath(path)) for path in paths]
    inside = {root + real[len(target) :] for root, target in roots if is_below(real, target) and target != "/"}
    return {str(home), real} | inside


class Watcher:
    """Queues a job for each watched source that changed. Use it as a context manager, and call `poll`."""

    def __init__(self, library: OpenHome) -> None:
        self._library = library
        self._watches: dict[str, SourceWatch] = {}

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_watching(list(self._watches))

    def poll(self) -> None:
        """Start to watch the sources that are watched now, and stop to watch the others.

        Only the threads of the watches access the folders, since a network disk can block those who do.
        """
        watched = {source.path: source for source in self._library.sources.list_all() if source.is_watched}
        self._stop_watching([root for root in self._watches if root not in watched])
        for root, source in watched.items():
            if root not in self._watches:
                self._watches[root] = SourceWatch(self._library, source)
                self._watches[root].has_begun.wait(START_TIMEOUT_SECONDS)

    def _stop_watching(self, roots: Sequence[str]) -> None:
        watches = [self._watches.pop(root) for root in roots]
        for watch in watches:
            watch.stop.set()
        for watch in watches:
            watch.thread.join(STOP_TIMEOUT_SECONDS)


class SourceWatch:
    """Watches one source in a thread. An error is stored with the source, and the watch starts again later.

    Attributes:
        stop: Set it to end the watch.
        has_begun: Set when the first job is queued, or that was not possible.
        thread: The thread.
    """

    def __init__(self, library: OpenHome, source: Source) -> None:
        self._library = library
        self._source = source
        self.stop = threading.Event()
        self.has_begun = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True, name=f"watch {source.path}")
        self.thread.start()

    def _run(self) -> None:
        problem = self._source.problem
        while not self.stop.is_set():
            before = problem
            try:
                problem = None
                self._watch()
            except Exception as error:  # the operating system limits watches; a disk can fail at any time
                problem = f"Changes cannot be watched: {find_reason(error)}. A scan is run every {RETRY_SECONDS} s."
                if problem != before:
                    logging.getLogger("crossmodal").warning("%s: %s", self._source.path, problem)
            self.has_begun.set()
            if problem != before:
                with contextlib.suppress(HomeError):  # the catalog may be locked
                    self._library.sources.set_problem(self._source.id, problem)
            self.stop.wait(RETRY_SECONDS if problem is not None else CHECK_MILLISECONDS / 1000)

    def _watch(self) -> None:
        """Queue a job now and after every change, until the folder is removed or replaced."""
        root = self._source.path
        reason = find_access_problem(root)
        if reason is not None:
            self._library.volumes.mark_unavailable(self._source.id, root, f"the folder {reason}")
            return
        self._queue()
        self.has_begun.set()
        reminder = make_reminder(self._library, [Path(root)])
        for _ in follow_changes(self._library.home.root, [Path(root)], self.stop, reminder):
            self._queue()

    def _queue(self) -> None:
        self._library.jobs.add(Task((self._source.path,), is_routine=True))
