"""The worker beside a server: a process of its own, started with it, ended with it, and started again if it dies."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from search.settings import Settings

# After a worker died, so many seconds pass before the next is started.
PAUSE = 5.0
# How long a worker may take to end the work at hand, in seconds, before it is killed; nothing is lost by that.
TIMEOUT_SECONDS = 30.0


@contextmanager
def run_worker_process(settings: Settings) -> Iterator[None]:
    """Have `crossmodal worker` run for the same home while what is inside runs."""
    stop = threading.Event()
    thread = threading.Thread(target=_keep_running, args=(settings, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _keep_running(settings: Settings, stop: threading.Event) -> None:
    command = [sys.executable, "-m", "crossmodal"]
    while not stop.is_set():
        process = subprocess.Popen(
            [*command, "--home", str(settings.home), "--device", settings.device, "worker", "--beside"],
            stdin=subprocess.PIPE,  # it ends when this is closed, however this process may end
            stdout=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,  # Ctrl-C is for the server, which ends the worker
        )
        while process.poll() is None and not stop.wait(0.2):
            pass
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            return
        stop.wait(PAUSE)
