"""Run a command in a session of its processes, and measure its time and memory."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

INTERVAL_SECONDS = 0.2
KILOBYTES_PER_MEGABYTE = 1024


@dataclass(frozen=True)
class Outcome:
    """What a command did.

    Attributes:
        status: Its exit status; negative for a signal; None if it was stopped after `timeout`.
        seconds: The time that it took.
        peak_mb: The highest memory of all of its processes together, in MiB. Shared memory counts once (PSS).
        output: What it wrote to stdout and stderr.
    """

    status: int | None
    seconds: float
    peak_mb: float
    output: str


def run(command: Sequence[str | Path], log: Path, timeout: float, kill_after: float | None = None) -> Outcome:
    """Run a command to its end, or kill it.

    Args:
        command: The command.
        log: The file for its output.
        timeout: Seconds after which it is killed and counts as not finished.
        kill_after: Seconds after which all of its processes get SIGKILL, to simulate a crash.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "WANDB_MODE": "disabled"}
    began = time.perf_counter()
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
    watcher = MemoryWatcher(process.pid)
    watcher.start()
    try:
        status: int | None = process.wait(timeout if kill_after is None else kill_after)
    except subprocess.TimeoutExpired:
        status = None
    seconds = time.perf_counter() - began
    kill_session(process.pid)
    process.wait()
    watcher.stop()
    if kill_after is not None and status is None:
        status = -signal.SIGKILL
    return Outcome(status, seconds, watcher.peak_mb, log.read_text(encoding="utf-8", errors="replace"))


class MemoryWatcher(threading.Thread):
    """Reads the memory of a session again and again; `peak_mb` is the highest sum in MiB."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self._session = session
        self._ended = threading.Event()

    def run(self) -> None:
        """Read until `stop` is called."""
        while not self._ended.wait(INTERVAL_SECONDS):
            memory = sum(read_memory(process) for process in list_session(self._session))
            self.peak_mb = max(self.peak_mb, memory)

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        self.join()


def list_session(session: int) -> list[int]:
    """Return the processes of a session."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # The name of the program is in parentheses and may contain spaces.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session:
                found.append(int(folder.name))
    return found


def read_memory(process: int) -> float:
    """Return the proportional set size of a process in MiB; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / KILOBYTES_PER_MEGABYTE for line in lines if line.startswith("Pss:")), 0.0)


def kill_session(session: int) -> None:
    """Send SIGKILL to every process of a session."""
    for process in list_session(session):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
