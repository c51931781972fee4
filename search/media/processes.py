"""Processes that decode what clients send or look at, so that the memory and the time of the server are not used."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from search.admission import Admission
from search.deadline import check_deadline, read_remaining
from search.errors import CrossmodalError, MediaLimitError, UnreadableMediaError
from search.media.sandbox import Limits, Sandbox
from search.process_memory import release_memory

T = TypeVar("T")
SECONDS = 60.0
# A process that needs more memory than this returns what it does not use.
MAX_IDLE_MEBIBYTES = 256


@dataclass(frozen=True)
class Outcome:
    """What a call in a process has returned or raised.

    Attributes:
        value: What it has returned.
        error: What it has raised.
    """

    value: Any = None
    error: Exception | None = None


class MediaProcesses(Protocol):
    """Calls functions that decode media."""

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return the result of a function at the top level of a module; its arguments must be picklable.

        Raises:
            UnreadableMediaError: The media cannot be decoded.
            MediaLimitError: Decoding needs too much memory or time.
            BusyError: Too much other media is being decoded.
            DeadlineError: The deadline of the request has passed.
        """

    def warm_up(self, function: Callable[[], None]) -> None:
        """Call a function once in each process, so that later calls do not wait for the libraries that it loads."""

    def close(self) -> None:
        """End the processes."""


class SandboxedMedia:
    """Calls functions in processes with limits, which are started when they are first needed. Thread-safe."""

    def __init__(self, processes: int, waiting: int, memory: int, niceness: int = 0) -> None:
        """Prepare the processes without starting them.

        Args:
            processes: How many files are decoded at the same time.
            waiting: How many calls wait for that; more are refused.
            memory: The address space of each process in MiB.
            niceness: How much the processes give way to others, as of nice(1).
        """
        limits = Limits(stall=SECONDS, total=SECONDS, per_mebibyte=0.0, memory=memory, niceness=niceness)
        self._admission = Admission("images and recordings", processes, waiting)
        self._sandboxes = [Sandbox(call_there, None, limits, _is_outcome) for _ in range(processes)]
        # The one that was used last is used next, so that rarely used ones stay small.
        self._idle = list(self._sandboxes)
        self._lock = threading.Lock()

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return the result of a function. See `MediaProcesses`."""
        with self._take() as sandbox:
            return _run(sandbox, function, arguments)

    def warm_up(self, function: Callable[[], None]) -> None:
        """Call a function once in each process. See `MediaProcesses`."""
        with ExitStack() as stack:
            for sandbox in [stack.enter_context(self._take()) for _ in self._sandboxes]:
                _run(sandbox, function, ())

    def close(self) -> None:
        """End the processes, even while they decode."""
        for sandbox in self._sandboxes:
            sandbox.close()

    @contextmanager
    def _take(self) -> Iterator[Sandbox]:
        with self._admission.enter():
            with self._lock:
                sandbox = self._idle.pop()
            try:
                yield sandbox
            finally:
                with self._lock:
                    self._idle.append(sandbox)


def _run(sandbox: Sandbox, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    try:
        [outcome] = sandbox.run((function, arguments), 0, read_remaining())
    except UnreadableMediaError as error:  # it crashed or exceeds the limits of the process
        check_deadline()
        raise MediaLimitError(str(error)) from error
    if outcome.error is not None:
        raise outcome.error
    value: T = outcome.value
    return value


def call_there(_setup: None, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Iterator[Outcome]:
    """Yield the outcome of a call; runs in the separate process."""
    yield _call(function, arguments)
    # After the answer was sent: an idle process does not keep the memory that a large image needed.
    release_memory(MAX_IDLE_MEBIBYTES)


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
    try:
        return Outcome(function(*arguments))
    except (CrossmodalError, OSError) as error:
        return Outcome(error=error)
    except MemoryError:
        return Outcome(error=MediaLimitError("decoding needs more memory than the limit for a decoder"))
    except Exception as error:  # a bug in a decoder
        return Outcome(error=UnreadableMediaError(f"cannot be decoded: {type(error).__name__}: {error}"))


def _is_outcome(message: Any) -> bool:
    return isinstance(message, Outcome)
