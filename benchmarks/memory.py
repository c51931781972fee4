"""The memory of a running server."""

from contextlib import suppress
from pathlib import Path


def read_memory(pid: int, with_children: bool = False) -> int:
    """Return the resident memory of a process in MiB.

    Args:
        pid: The process.
        with_children: Whether that of the processes that it has started is added.
    """
    pids, total = [pid], 0
    while pids:
        folder = Path("/proc", str(pids.pop()))
        with suppress(FileNotFoundError, ProcessLookupError):  # a process that has ended since
            status = (folder / "status").read_text()
            total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
            for task in (folder / "task").iterdir() if with_children else ():
                pids += map(int, (task / "children").read_text().split())
    return total // 1024
