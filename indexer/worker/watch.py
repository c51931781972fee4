"""Watch folders, and index them within seconds after a change. Home of watchfiles."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from indexer.decode.growing import QUIET_SECONDS, STILL_WRITTEN
from indexer.pipeline import Options, Progress, run_index
from indexer.summary import Summary
from search.open_home import OpenHome
from search.paths import is_below
from search.records import Task
from search.storage.ledger import Ledger

# Changes are gathered until none arrives for the first time span, but no longer than the second.
QUIET_MILLISECONDS = 500
MAX_GATHER_MILLISECONDS = 5_000
# All folders are scanned at this interval, since the operating system can lose events and network disks send none.
RESCAN_MILLISECONDS = 15 * 60 * 1000
# While files wait until they are complete, all folders are scanned at this interval, which doubles up to the maximum.
REMINDER_MILLISECONDS, MAX_REMINDER_MILLISECONDS = 2_000, 60_000


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
    for _ in follow_changes(library.home.root, paths, stop, make_reminder(library, paths)):
        report(run_index(library, list(paths), later, progress))


def make_reminder(library: OpenHome, paths: Sequence[Path]) -> Callable[[], bool]:
    """Return a function that returns whether files at some paths or below them were still being written."""
    ledger, roots = Ledger(library.database), [str(path.absolute()) for path in paths]
    return lambda: ledger.has_postponed(roots, STILL_WRITTEN)


def follow_changes(
    home: Path, paths: Sequence[Path], stop: threading.Event | None, is_waiting: Callable[[], bool] = lambda: False
) -> Iterator[set[str]]:
    """Yield the paths that changed, in sets.

    Args:
        home: The data directory, whose changes are ignored.
        paths: The folders to watch.
        stop: Set it to end the iteration.
        is_waiting: Returns whether files wait until they are complete; then all folders are scanned again soon, even if
            nothing changes anymore.

    Yields:
        A set of paths; an empty set means that all folders should be scanned.
    """
    import watchfiles

    names = list_home_names(home, paths)
    changes = watchfiles.watch(
        *paths,
        # The home may be inside a source, and changes with every run.
        watch_filter=lambda _, path: not any(is_below(path, name) for name in names),
        step=QUIET_MILLISECONDS,
        debounce=MAX_GATHER_MILLISECONDS,
        rust_timeout=REMINDER_MILLISECONDS,
        yield_on_timeout=True,
        stop_event=stop,
    )
    scanned_at = time.monotonic()
    wait = REMINDER_MILLISECONDS
    for change_set in changes:
        since_scan = (time.monotonic() - scanned_at) * 1000
        if change_set:
            wait = REMINDER_MILLISECONDS
        elif since_scan < RESCAN_MILLISECONDS and (since_scan < wait or not is_waiting()):
            continue
        else:
            wait = min(2 * wait, MAX_REMINDER_MILLISECONDS)
        yield {path for _, path in change_set}
        scanned_at = time.monotonic()


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
        self._roots: tuple[str, ...] = ()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_watching()

    def poll(self) -> None:
        """Watch the sources that are watched and available now. Queue a job for each that was not watched before."""
        watched = [source.path for source in self._library.sources.list_all() if source.is_watched]
        roots = tuple(root for root in watched if Path(root).exists())
        is_alive = self._thread is not None and self._thread.is_alive()
        if roots == self._roots and (is_alive or not roots):
            return
        self._stop_watching()
        for root in roots:
            if root not in self._roots:
                self._queue(root)
        self._roots = roots
        if roots:
            self._stop = threading.Event()
            self._thread = threading.Thread(target=self._watch, args=(roots, self._stop), daemon=True)
            self._thread.start()

    def _watch(self, roots: tuple[str, ...], stop: threading.Event) -> None:
        paths = [Path(root) for root in roots]
        reminder = make_reminder(self._library, paths)
        for changed in follow_changes(self._library.home.root, paths, stop, reminder):
            for root in roots:
                if not changed or any(is_below(path, root) for path in changed):
                    self._queue(root)

    def _queue(self, root: str) -> None:
        self._library.jobs.add(Task((root,), is_routine=True))

    def _stop_watching(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
