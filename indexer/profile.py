"""Where the time of a run goes, by stage."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """seconds: spent in it, added up over threads; count: of what went through it."""

    seconds: float = 0.0
    count: int = 0


class Profile:
    """Adds up seconds and counts by stage. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stages: dict[str, Stage] = {}

    def add(self, stage: str, seconds: float, count: int) -> None:
        """Add to a stage."""
        with self._lock:
            known = self._stages.get(stage, Stage())
            self._stages[stage] = Stage(known.seconds + seconds, known.count + count)

    @contextmanager
    def measure(self, stage: str, count: int = 1) -> Iterator[None]:
        """Add the time that what is inside takes."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - began, count)

    def follow(self, stage: str, parts: Iterator[T], is_last: Callable[[T], bool]) -> Iterator[T]:
        """Return what an iterator does, adding the time that each part takes to come; counted when the last did."""
        began = time.perf_counter()
        for part in parts:
            self.add(stage, time.perf_counter() - began, int(is_last(part)))
            yield part
            began = time.perf_counter()

    @property
    def stages(self) -> dict[str, Stage]:
        """The stages so far."""
        with self._lock:
            return dict(self._stages)
