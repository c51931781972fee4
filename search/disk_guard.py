"""Access to disks that may never answer, such as a network disk whose server is gone.

The operating system cannot end a call that hangs. So each call runs in a separate thread that is abandoned at a
deadline. While abandoned calls hang, further calls for the same volume fail at once, so their number is bounded.
"""

import errno
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

T = TypeVar("T")

# The maximum number of calls at the same time: for a volume, and for all volumes.
MAX_CALLS, MAX_ALL_CALLS = 6, 256


@dataclass(frozen=True, eq=False)
class DiskCall(Generic[T]):
    """A call that runs in a thread.

    Attributes:
        result: Its result.
        late_at: The monotonic time from which its volume counts as one that does not respond.
    """

    result: Future[T] = field(default_factory=Future)
    late_at: float = 0.0

    def wait(self, seconds: float) -> T:
        """Return the result of the call, or raise its exception.

        Raises:
            TimeoutError: The call did not end within some seconds. It is abandoned.
        """
        if not wait([self.result], max(0.0, seconds)).done:
            raise _make_error()
        return self.result.result()


@dataclass
class DiskGuard:
    """Runs calls that access disks. Thread-safe.

    Attributes:
        response_seconds: How long a disk may take to answer: one that was switched off to save power has to start.
        step_seconds: How long a step of `iterate` may take, such as listing a large folder.
        turn_seconds: How long a call waits while too many others are running.
    """

    response_seconds: float = 15.0
    step_seconds: float = 120.0
    turn_seconds: float = 0.5
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _running: dict[str, list[DiskCall[Any]]] = field(default_factory=dict)

    def start(self, volume: str, action: Callable[[], T], turn_seconds: float | None = None) -> DiskCall[T]:
        """Start a call in a thread.

        Args:
            volume: The folder at which the storage begins that the call accesses.
            action: The call.
            turn_seconds: Replaces the attribute.

        Raises:
            TimeoutError: The volume does not respond to earlier calls.
        """
        return self._start(volume, action, self.response_seconds, turn_seconds)

    def call(self, volume: str, action: Callable[[], T], turn_seconds: float | None = None) -> T:
        """Return the result of a call, or raise its exception. The arguments are those of `start`.

        Raises:
            TimeoutError: The volume does not respond.
        """
        return self.start(volume, action, turn_seconds).wait(self.response_seconds)

    def iterate(self, volume: str, values: Iterable[T], count: int = 1) -> Iterator[T]:
        """Yield the values of an iterable that accesses a volume when it is advanced.

        Args:
            volume: The folder at which the storage begins.
            values: The iterable. It must not be used elsewhere.
            count: How many values are read in a step.

        Raises:
            TimeoutError: The volume does not respond.
        """
        iterator, seconds = iter(values), self.step_seconds
        while True:
            group = self._start(volume, lambda: list(islice(iterator, count)), seconds, seconds).wait(seconds)
            yield from group
            if len(group) < count:
                return

    def _start(self, volume: str, action: Callable[[], T], seconds: float, turn_seconds: float | None) -> DiskCall[T]:
        """Start a call that is late after some seconds."""
        turn_seconds = self.turn_seconds if turn_seconds is None else turn_seconds
        with self._changed:
            self._changed.wait_for(lambda: self._is_late(volume) or not self._is_full(volume), turn_seconds)
            if self._is_late(volume) or self._is_full(volume):
                raise _make_error()
            call = DiskCall[T](late_at=time.monotonic() + seconds)
            self._running.setdefault(volume, []).append(call)
        threading.Thread(target=self._run, args=(volume, call, action), daemon=True, name=f"disk {volume}").start()
        return call

    def _is_full(self, volume: str) -> bool:
        is_full = sum(map(len, self._running.values())) >= MAX_ALL_CALLS
        return is_full or len(self._running.get(volume, ())) >= MAX_CALLS

    def _is_late(self, volume: str) -> bool:
        return any(call.late_at < time.monotonic() for call in self._running.get(volume, ()))

    def _run(self, volume: str, call: DiskCall[T], action: Callable[[], T]) -> None:
        try:
            result = action()
        except BaseException as error:
            self._end(volume, call)
            call.result.set_exception(error)
        else:
            self._end(volume, call)
            call.result.set_result(result)

    def _end(self, volume: str, call: DiskCall[T]) -> None:
        with self._changed:
            self._running[volume].remove(call)
            if not self._running[volume]:
                del self._running[volume]
            self._changed.notify_all()


def _make_error() -> TimeoutError:
    return TimeoutError(errno.ETIMEDOUT, "the disk does not respond")


# The disks of this process.
DISKS = DiskGuard()
