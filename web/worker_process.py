"""The worker process of a server: it starts and stops with the server, and is restarted if it dies."""

import os
import subprocess
import sys
import threading
import time
from types import TracebackType

from search.settings import Settings

# Seconds to wait before a worker that died is restarted.
RESTART_DELAY_SECONDS = 5.0
# How long a worker waits at most until the server has loaded its models.
MAX_DELAY_SECONDS = 30.0


class WorkerProcess:
    """`crossmodal worker` with the home and device of the settings, which runs inside a `with` block."""

    def __init__(self, settings: Settings, disabled: bool = False, after: threading.Event | None = None) -> None:
        """Create it.

        Args:
            settings: The settings.
            disabled: Do not start a worker.
            after: The worker starts after this event, or after `MAX_DELAY_SECONDS` if it takes longer.
        """
        self._settings = settings
        self._after = after
        self._stop = threading.Event()
        self._thread = None if disabled else threading.Thread(target=self._keep_running, daemon=True)

    def __enter__(self) -> "WorkerProcess":
        """Start the worker."""
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop the worker and wait for it."""
        self.stop()
        if self._thread:
            self._thread.join()

    def stop(self) -> None:
        """Stop the worker, without waiting for it. Its job is continued by the next worker."""
        self._stop.set()

    def _keep_running(self) -> None:
        settings = self._settings
        waiting_until = time.monotonic() + MAX_DELAY_SECONDS
        while self._after is not None and not self._after.wait(0.1) and time.monotonic() < waiting_until:
            if self._stop.is_set():
                return
        command = [sys.executable, "-m", "crossmodal", "--home", str(settings.home), "--device", settings.device]
        while not self._stop.is_set():
            process = subprocess.Popen(
                [*command, "worker", "--exit-with-stdin"],
                stdin=subprocess.PIPE,  # the worker exits when this is closed, even if this process is killed
                stdout=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                start_new_session=True,  # Ctrl-C must reach only the server, which stops the worker
            )
            while process.poll() is None and not self._stop.wait(0.2):
                pass
            if process.poll() is None:
                _end(process, settings.stop_timeout)
                return
            self._stop.wait(RESTART_DELAY_SECONDS)


def _end(process: "subprocess.Popen[bytes]", timeout: float) -> None:
    """Stop a worker; kill it after a time in seconds. Committed work is not lost."""
    process.terminate()
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
