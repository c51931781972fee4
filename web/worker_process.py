"""The worker process of a server: it starts and stops with the server, and is restarted if it dies."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from search.settings import Settings

# Seconds to wait before a worker that died is restarted.
RESTART_DELAY_SECONDS = 5.0
# Seconds that a worker has to stop before it is killed. Committed work is not lost.
TIMEOUT_SECONDS = 30.0


@contextmanager
def run_worker_process(settings: Settings) -> Iterator[None]:
    """Run `crossmodal worker` with the home and device of the settings inside a `with` block."""
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
            [*command, "--home", str(settings.home), "--device", settings.device, "worker", "--exit-with-stdin"],
            stdin=subprocess.PIPE,  # the worker exits when this is closed, even if this process is killed
            stdout=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,  # Ctrl-C must reach only the server, which stops the worker
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
        stop.wait(RESTART_DELAY_SECONDS)
