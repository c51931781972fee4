"""Waiting in tests: a clock that is moved by hand, and waiting for what another thread does."""

import importlib
import threading
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

POLL_SECONDS = 0.01


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> None:
    """Wait until a condition is true. Raises AssertionError when it is not after some seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(POLL_SECONDS)


class Clock:
    """Replaces the modules `time` and `threading` of the module under test; time passes only when a test moves it."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._timers: list[_Timer] = []

    def install(self, monkeypatch, module: str) -> None:
        """Let a module, given by its name, read this clock and start its timers on it."""
        monkeypatch.setattr(f"{module}.time", self)
        if hasattr(importlib.import_module(module), "threading"):
            monkeypatch.setattr(f"{module}.threading", SimpleNamespace(**vars(threading) | {"Timer": self._make_timer}))

    def monotonic(self) -> float:
        """Return the time in seconds."""
        return self._now

    perf_counter = monotonic
    time = monotonic

    def sleep(self, seconds: float) -> None:
        """Let time pass and run the timers that are due, in their order."""
        end = self._now + seconds
        while due := sorted((timer for timer in self._timers if timer.moment <= end), key=lambda one: one.moment):
            self._timers.remove(due[0])
            self._now = max(self._now, due[0].moment)
            due[0].call(*due[0].arguments)
        self._now = end

    def _make_timer(self, seconds: float, call: Callable[..., Any], arguments: Sequence[Any] = ()) -> "_Timer":
        return _Timer(self, self._now + seconds, call, arguments)


class _Timer:
    daemon = False

    def __init__(self, clock: Clock, moment: float, call: Callable[..., Any], arguments: Sequence[Any]) -> None:
        self.clock, self.moment, self.call, self.arguments = clock, moment, call, arguments

    def start(self) -> None:
        self.clock._timers.append(self)

    def cancel(self) -> None:
        if self in self.clock._timers:
            self.clock._timers.remove(self)
