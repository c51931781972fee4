"""Following folders as they change: what is new, changed, moved or gone is known within seconds. Home of watchfiles."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from indexer.pipeline import Options, Progress, run_index
from indexer.summary import Summary
from search.library import Library
from search.paths import is_below
from search.records import Task

# Changes are gathered until so many milliseconds pass without one, or the longer time passes at all.
QUIET_MS, GATHERED_MS = 500, 5_000
# The operating system may lose a message, and a network disk sends none: everything is looked at this often.
RESCAN_MS = 15 * 60 * 1000


def watch_sources(
    library: Library,
    paths: Sequence[Path],
    options: Options,
    progress: Progress,
    report: Callable[[Summary], None],
    stop: threading.Event | None = None,
) -> None:
    """Index folders now and whenever something changes in them, until `stop` is set; report each run.

    Raises what `run_index` raises; KeyboardInterrupt ends it.
    """
    report(run_index(library, list(paths), options, progress))
    later = replace(options, retry_failed=False, reindex=False)
    for _ in follow_changes(library.home.root, paths, stop):
        report(run_index(library, list(paths), later, progress))


def follow_changes(home: Path, paths: Sequence[Path], stop: threading.Event | None) -> Iterator[set[str]]:
    """Return the paths that changed, soon after they did; none of them when it is time to look at everything."""
    import watchfiles

    changes = watchfiles.watch(
        *paths,
        # The home may lie inside a source, and changes with every run; what is uploaded to it is no change of a source.
        watch_filter=lambda _, path: not path.startswith(str(home)),
        step=QUIET_MS,
        debounce=GATHERED_MS,
        rust_timeout=RESCAN_MS,
        yield_on_timeout=True,
        stop_event=stop,
    )
    for found in changes:
        yield {path for _, path in found}


class Watcher:
    """Queues a job for each watched source that changed. To be used as a context; looks when it is told to."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._roots: tuple[str, ...] = ()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def look(self) -> None:
        """Follow the sources that are watched by now: each is looked at when it is new, or back."""
        watched = [source.path for source in self._library.sources.list_all() if source.is_watched]
        roots = tuple(root for root in watched if Path(root).exists())
        alive = self._thread is not None and self._thread.is_alive()
        if roots == self._roots and (alive or not roots):
            return
        self._end()
        for root in roots:
            if root not in self._roots:
                self._queue(root)
        self._roots = roots
        if roots:
            self._stop = threading.Event()
            self._thread = threading.Thread(target=self._follow, args=(roots, self._stop), daemon=True)
            self._thread.start()

    def _follow(self, roots: tuple[str, ...], stop: threading.Event) -> None:
        for changed in follow_changes(self._library.home.root, [Path(root) for root in roots], stop):
            for root in roots:
                if not changed or any(is_below(path, root) for path in changed):
                    self._queue(root)

    def _queue(self, root: str) -> None:
        self._library.jobs.add(Task((root,), is_routine=True))

    def _end(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
