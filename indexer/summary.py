"""The result of a run: counts of files, failures, and where the time was spent."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

COUNTS = (
    "scanned",
    "added",
    "updated",
    "renamed",
    "unchanged",
    "removed",
    "failed",
    "skipped",
    "postponed",
    "forgotten",
)
CHANGES = ("added", "updated", "renamed", "removed", "forgotten")

T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """The cost of one stage of a run.

    Attributes:
        seconds: Time spent, summed over threads.
        count: How many files, images, texts or seconds of sound were processed.
    """

    seconds: float = 0.0
    count: int = 0


class Profile:
    """Sums seconds and counts by stage. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stages: dict[str, Stage] = {}

    def add(self, stage: str, seconds: float, count: int) -> None:
        """Add seconds and a count to a stage."""
        with self._lock:
            before = self._stages.get(stage, Stage())
            self._stages[stage] = Stage(before.seconds + seconds, before.count + count)

    @contextmanager
    def measure(self, stage: str, count: int = 1) -> Iterator[None]:
        """Add the time that the block takes to a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - began, count)

    def measure_each(self, stage: str, parts: Iterator[T], is_last: Callable[[T], bool]) -> Iterator[T]:
        """Yield the parts of an iterator and add the time that each takes to arrive.

        Args:
            stage: The stage to add to.
            parts: The iterator to measure.
            is_last: Returns whether a part is the last; then 1 is added to the count.

        Yields:
            The same parts.
        """
        began = time.perf_counter()
        for part in parts:
            self.add(stage, time.perf_counter() - began, int(is_last(part)))
            yield part
            began = time.perf_counter()

    @property
    def stages(self) -> dict[str, Stage]:
        """A copy of the stages so far, by name."""
        with self._lock:
            return dict(self._stages)


def explain_unavailable(unavailable: Mapping[str, str]) -> str | None:
    """Return one line about storage that is unavailable; None if none is.

    Args:
        unavailable: The reasons by folder.
    """
    if not unavailable:
        return None
    folders = "; ".join(f"{folder} ({reason})" for folder, reason in unavailable.items())
    return f"Unavailable; everything on it is kept: {folders}. Mount the disk, then index again."


@dataclass
class Summary:
    """The result of a run.

    Attributes:
        profile: Where the time was spent.
        counts: Numbers of files by outcome; the names are in `COUNTS`.
        failures: Reasons by path, including failures of earlier runs that still apply.
        unavailable: Why storage is unavailable, by folder; everything on it is kept.
        merged: The sources that became part of another one, by path, and the path of that one.
        is_refused: Whether nothing could be indexed, because all paths are unavailable.
        seconds: How long the run took.
    """

    profile: Profile = field(default_factory=Profile)
    counts: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    is_refused: bool = False
    seconds: float = 0.0

    @property
    def has_changes(self) -> bool:
        """True when the run changed the library."""
        return any(self.counts[name] for name in CHANGES)

    def describe(self, max_failures: int | None = None) -> dict[str, Any]:
        """Return the summary as a JSON document, with at most `max_failures` failures (None for all)."""
        failures = [{"path": path, "reason": reason} for path, reason in self.failures.items()]
        unavailable = [{"path": path, "reason": reason} for path, reason in self.unavailable.items()]
        counts = {name: self.counts[name] for name in COUNTS}
        lists = {"failures": failures[:max_failures], "unavailable": unavailable[:max_failures]}
        return counts | {"seconds": round(self.seconds, 2)} | lists
