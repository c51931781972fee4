"""Following folders as they change: what is new, changed, moved or gone is known within seconds. Home of watchfiles."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from indexer.pipeline import Options, Progress, Summary, run_index
from search.library import Library

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
    import watchfiles

    report(run_index(library, list(paths), options, progress))
    home = str(library.home.root)
    changes = watchfiles.watch(
        *paths,
        # The home may lie inside a source, and changes with every run.
        watch_filter=lambda _, path: not path.startswith(home),
        step=QUIET_MS,
        debounce=GATHERED_MS,
        rust_timeout=RESCAN_MS,
        yield_on_timeout=True,
        stop_event=stop,
    )
    later = replace(options, retry_failed=False)
    for _ in changes:
        report(run_index(library, list(paths), later, progress))
