"""`crossmodal worker`."""

import sys
from typing import TYPE_CHECKING

import click

from search.settings import Settings

if TYPE_CHECKING:
    import threading


@click.command("worker")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Decoders side by side.")
@click.option("--until-idle", is_flag=True, help="End when nothing is left to do.")
@click.option("--beside", is_flag=True, hidden=True, help="End when standard input does: with the server beside it.")
@click.pass_obj
def worker_command(settings: Settings, workers: int, until_idle: bool, beside: bool) -> None:
    """Run jobs, uploads and watched sources in the background."""
    import signal
    import threading

    from indexer.pipeline import Options
    from indexer.worker.loop import run_worker
    from search.library import open_library

    stop = threading.Event()
    # Both end the run at hand in an orderly way; its job is taken up again by the next worker.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if beside:
        threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()
    with open_library(settings, create=True) as library:
        run_worker(library, Options(workers), stop, until_idle)


def _wait_for_end(stop: "threading.Event") -> None:
    sys.stdin.read()
    stop.set()
