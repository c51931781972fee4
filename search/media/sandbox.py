"""Decoding in separate processes: a file that hangs, crashes or uses too much memory fails, and nothing else does.

This module does not import the decoders: a sandbox gets the function to run as an argument.
"""

import contextlib
import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search.errors import HomeError, UnreadableMediaError
from search.process_memory import MEBIBYTE, limit_memory, tune_malloc

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

START_TIMEOUT_SECONDS = 120.0
# How long to wait for the end of a process that was killed.
KILL_TIMEOUT_SECONDS = 5.0
# The first message of the process.
READY = "ready"
# On many cores, the threads that numpy starts alone would need more address space than the limit.
SINGLE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
CHILD = "import sys; from search.media.sandbox import run_child; run_child(sys.argv[1], int(sys.argv[2]))"


@dataclass(frozen=True)
class Limits:
    """The limits of a decoder process.

    Attributes:
        stall: Seconds until the next part of a file must arrive.
        total: Seconds for a whole file.
        per_mebibyte: Seconds added to `total` for each MiB of the file.
        memory: Address space in MiB.
        niceness: How much the process gives way to others, as of nice(1).
    """

    stall: float = 60.0
    total: float = 300.0
    per_mebibyte: float = 5.0
    memory: int = 4096
    # The threads of a model wait for each other: a decoder that delays one of them delays them all.
    niceness: int = 10


# Yields the messages that answer a request. The arguments are those of `Sandbox`: what it was prepared with, then the
# request.
Work = Callable[..., Iterator[Any]]


class Sandbox:
    """A separate process that decodes; it is started when needed and again after it was killed."""

    def __init__(self, work: Work, setup: Any, limits: Limits, is_last: Callable[[Any], bool]) -> None:
        """Prepare a sandbox without starting its process.

        Args:
            work: The function to run there, at the top level of a module.
            setup: Its first argument, sent once; must be picklable.
            limits: The limits of the process.
            is_last: Returns whether a message is the last one of a request.
        """
        self._work = work
        self._setup = setup
        self._limits = limits
        self._is_last = is_last
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def run(self, request: tuple[Any, ...], size: int, seconds: float | None = None) -> Iterator[Any]:
        """Yield the messages that answer a request.

        Args:
            request: The further arguments of the function; must be picklable.
            size: The size of the file in bytes, which may take longer if it is large.
            seconds: The seconds that are left for the request, if they are fewer than the limits allow.

        Raises:
            HomeError: No process can be started; this is not a failure of the file.
            UnreadableMediaError: The file exceeds the limits or crashes the process.
        """
        connection = self._start()
        ended = False
        try:
            connection.send(request)
            spent, allowed = 0.0, self._limits.total + self._limits.per_mebibyte * size / MEBIBYTE
            allowed = allowed if seconds is None else min(allowed, seconds)
            while not ended:
                began = time.monotonic()
                if not connection.poll(max(0.0, min(self._limits.stall, allowed - spent))):
                    raise UnreadableMediaError(self._explain_wait(spent, allowed))
                message = connection.recv()
                spent += time.monotonic() - began
                ended = self._is_last(message)
                yield message
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            raise UnreadableMediaError(f"the decoder crashed ({self._explain_death()})") from error
        finally:
            if not ended:
                self.close()

    def close(self) -> None:
        """Kill the process and what it runs, even while it decodes; may be called from another thread."""
        with self._lock:
            process, connection = self._process, self._connection
            self._process = self._connection = None
        if process is not None:
            _kill_group(process)
            with contextlib.suppress(subprocess.TimeoutExpired):  # it ends when the disk that it reads from responds
                process.wait(KILL_TIMEOUT_SECONDS)
        if connection is not None:
            connection.close()

    def _start(self) -> "Connection":
        """Return the connection to the process, which is started if none is running."""
        from multiprocessing.connection import Connection

        if self._connection is not None:
            return self._connection
        ours, theirs = socket.socketpair()
        with theirs:
            name = f"{self._work.__module__}:{self._work.__qualname__}"
            # `close` in another thread waits until there is a process to kill.
            with self._lock:
                # Not with multiprocessing, which would run the main program again.
                self._process = subprocess.Popen(
                    [sys.executable, "-c", CHILD, name, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=os.environ | SINGLE_THREAD | {"PYTHONPATH": os.pathsep.join(sys.path)},
                    start_new_session=True,  # Ctrl-C goes to the run only, which stops its decoders
                )
                connection = self._connection = Connection(ours.detach())
        try:
            connection.send((self._setup, self._limits))
            if not connection.poll(START_TIMEOUT_SECONDS):
                raise EOFError
            connection.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            death = self._explain_death()
            self.close()
            raise HomeError(
                f"Cannot start a decoder process ({death}). Check the free memory and try again."
            ) from error
        return connection

    def _explain_wait(self, spent: float, allowed: float) -> str:
        if allowed - spent < self._limits.stall:
            return f"decoding timed out (not finished after {allowed:.0f} s)"
        return f"decoding timed out (no progress for {self._limits.stall:.0f} s)"

    def _explain_death(self) -> str:
        try:
            code = self._process.wait(5) if self._process is not None else 0
        except subprocess.TimeoutExpired:
            return "no response"
        return signal.Signals(-code).name if code < 0 else f"status {code}"


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads a group, and the programs that it runs."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # all of them have ended
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def run_child(name: str, descriptor: int) -> None:
    """Run the function that a sandbox named, in the process that it started.

    Args:
        name: The function as `module:name`.
        descriptor: The file descriptor of the connection to the sandbox.
    """
    from multiprocessing.connection import Connection

    module, function = name.split(":")
    work: Work = getattr(importlib.import_module(module), function)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError), Connection(descriptor) as connection:
        setup, limits = connection.recv()
        limit_memory(limits.memory * MEBIBYTE)
        tune_malloc()
        os.nice(max(0, limits.niceness - os.nice(0)))  # the process may have inherited some
        connection.send(READY)
        while True:
            for message in work(setup, *connection.recv()):
                connection.send(message)
