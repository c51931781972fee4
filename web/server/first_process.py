"""What the first process of a container has to do: pass signals on, and wait for orphaned processes."""

import os
import signal

FORWARDED = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def run_as_first_process() -> None:
    """Return in a child process if this is the first process of a container (PID 1), which stays to wait for it.

    The system ignores signals that the first process has no handler for, and makes it the parent of every orphaned
    process, which stays a zombie until its parent waits for it. Call this before threads are started.
    """
    if os.getpid() != 1 or not hasattr(os, "fork"):
        return
    numbers = {getattr(signal, name) for name in FORWARDED}
    # A signal that arrives before it can be passed on must not be lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    child = os.fork()
    if child:
        for number in numbers:
            signal.signal(number, lambda number, _frame: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    if child:
        os._exit(_wait_for(child))


def _wait_for(child: int) -> int:
    """Wait for all processes until a child has ended; return its exit status."""
    while True:
        process, status = os.wait()
        if process == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
