"""`crossmodal worker`."""

import sys
from typing import TYPE_CHECKING

import click

from search.settings import Settings

if TYPE_CHECKING:
    import threading

# Next to a server, searches come first: an index job uses the processors that they leave free, and a small share of the
# others.
SERVED_NICENESS = 5


@click.command("worker")
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Number of parallel decoders."
)
@click.option("--until-idle", is_flag=True, help="Exit when no work is left.")
@click.option(
    "--exit-with-stdin",
    is_flag=True,
    hidden=True,
    help="Exit when standard input is closed, that is, when the server exits.",
)
@click.pass_obj
def worker_command(settings: Settings, workers: int, until_idle: bool, exit_with_stdin: bool) -> None:
    """Run jobs, uploads and watched sources in the background."""
    import os
    import signal
    import threading

    from indexer.pipeline import Options
    from indexer.worker.loop import run_worker
    from search.open_home import open_home

    stop = threading.Event()
    # Both stop the current run cleanly; the next worker continues its job.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if exit_with_stdin:
        os.nice(SERVED_NICENESS)
        threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()
    with open_home(settings, create=True) as library:
        run_worker(library, Options(workers), stop, until_idle)


def _wait_for_end(stop: "threading.Event") -> None:
    sys.stdin.read()
    stop.set()
