"""Calls of several threads, run together by one of them."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Argument = TypeVar("Argument")
Value = TypeVar("Value")


@dataclass(eq=False)
class _Call(Generic[Argument, Value]):
    """A call that waits for its batch.

    Attributes:
        argument: What it is called with.
        future: Its value.
        turn: Set when the value is known, or when its thread is to run the next batch.
    """

    argument: Argument
    future: Future[Value] = field(default_factory=Future)
    turn: threading.Event = field(default_factory=threading.Event)


class Batcher(Generic[Argument, Value]):
    """Runs a function of many arguments for threads that have one argument each. Thread-safe.

    No call waits for others to arrive: what has arrived during one run is the next batch.
    """

    def __init__(self, run: Callable[[Sequence[Argument]], Iterable[Value]], most: int) -> None:
        """Create a batcher.

        Args:
            run: Returns one value for each argument. It is called by one thread at a time.
            most: The largest number of arguments in a batch.
        """
        self._run = run
        self._most = most
        self._lock = threading.Lock()
        self._waiting: list[_Call[Argument, Value]] = []
        self._is_running = False

    def call(self, argument: Argument) -> Value:
        """Return the value for an argument. An exception of the function is raised for the arguments that cause it."""
        call = _Call[Argument, Value](argument)
        with self._lock:
            self._waiting.append(call)
            runs_now = not self._is_running
            self._is_running = True
        if not runs_now:
            call.turn.wait()
        if not call.future.done():
            self._run_batch()
        return call.future.result()

    def _run_batch(self) -> None:
        """Run the calls that waited longest, that of this thread among them, and let another thread run the next."""
        with self._lock:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            self._compute(batch)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._is_running = following is not None
            for call in (*batch, following):
                if call is not None:
                    call.turn.set()

    def _compute(self, batch: Sequence[_Call[Argument, Value]]) -> None:
        try:
            values = self._run([call.argument for call in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0].future.set_exception(error)
                return
            for call in batch:  # so that one argument does no harm to the others
                self._compute([call])
            return
        for call, value in zip(batch, values, strict=True):
            call.future.set_result(value)
