"""How far a run is, and how long the rest takes, by the measured cost of each kind of media."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from indexer.decode.content import PreparedImage
from indexer.embed import FileMessage, PendingSpeech
from search.records import FileFacts, ItemType, Segment

T = TypeVar("T")

# The order in which files are indexed: what is quick and often searched comes first.
ORDER = (ItemType.IMAGE, ItemType.DOCUMENT, ItemType.VIDEO, ItemType.AUDIO, None)
# Kinds whose cost is by the second of the recording. That of the others is by the file.
TIMED = {ItemType.VIDEO, ItemType.AUDIO}


class Progress(Protocol):
    """Shows or stores how far a run is."""

    def __call__(self, done: int, total: int, path: str, seconds_left: float | None = None, /) -> None:
        """Take the state of a run.

        Args:
            done: The number of files that are done.
            total: The number of all files.
            path: The file that is being read, or what is being done.
            seconds_left: The estimated remaining time; None if it is unknown.
        """


@dataclass
class Cost:
    """What files of a kind have cost so far.

    Attributes:
        seconds: The time in seconds.
        units: The seconds of recordings, or else the number of files.
        size: The bytes of the finished recordings.
        length: The seconds of the finished recordings.
    """

    seconds: float
    units: float
    size: float = 0.0
    length: float = 0.0


def assume_costs() -> dict[ItemType | None, Cost]:
    """Return costs that are assumed before any file was indexed, as on two cores of a server."""
    return {
        ItemType.IMAGE: Cost(0.02, 1),
        ItemType.DOCUMENT: Cost(0.2, 1),
        ItemType.VIDEO: Cost(4.0, 20, 10e6, 20),
        ItemType.AUDIO: Cost(10.0, 60, 1e6, 60),
        None: Cost(0.05, 1),
    }


def assume_looking_costs() -> dict[ItemType | None, Cost]:
    """Return what a look for text at a thumbnail is assumed to cost before any was looked at."""
    return {ItemType.IMAGE: Cost(0.005, 1)}


def assume_reading_costs() -> dict[ItemType | None, Cost]:
    """Return what reading the text in images is assumed to cost before any was read."""
    return {
        ItemType.IMAGE: Cost(0.5, 1),
        ItemType.DOCUMENT: Cost(5.0, 1),
        ItemType.VIDEO: Cost(4.0, 20, 10e6, 20),
    }


def sort_by_kind(files: Iterable[FileFacts]) -> list[FileFacts]:
    """Return files in the order in which they are indexed: images first, recordings last."""
    return sorted(files, key=lambda file: ORDER.index(file.type))


class TimeEstimate:
    """Estimates how long the files that are not finished take. Not thread-safe.

    Files are indexed kind by kind, so the time between two steps is what the kind of the second one costs.
    """

    def __init__(
        self,
        files: Iterable[FileFacts],
        costs: Mapping[ItemType | None, Cost] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the estimate.

        Args:
            files: The files of the run.
            costs: What files cost in earlier runs, by kind; None to assume it.
            clock: Returns the time in seconds.
        """
        self._costs = dict(costs) if costs is not None else assume_costs()
        self._clock = clock
        self._left = {file.path: file for file in files}
        self._positions: dict[str, float] = {}
        self._sizes: dict[ItemType | None, int] = {}
        self._counts: dict[ItemType | None, int] = {}
        for file in self._left.values():
            self._sizes[file.type] = self._sizes.get(file.type, 0) + file.size
            self._counts[file.type] = self._counts.get(file.type, 0) + 1
        self._last = clock()

    def advance(self, file: FileFacts, position: float) -> None:
        """Note that a recording was read up to a position in seconds."""
        before = self._positions.get(file.path, 0.0)
        if file.type in TIMED and position > before and file.path in self._left:
            self._positions[file.path] = position
            self._measure(file.type, position - before)

    def finish(self, file: FileFacts, length: float | None, is_measured: bool = True) -> None:
        """Note that a file is done.

        Args:
            file: The file.
            length: The length of a recording in seconds, if it is known.
            is_measured: Whether what it cost says something about other files; false for copies and failures.
        """
        if self._left.pop(file.path, None) is None:
            return
        self._sizes[file.type] -= file.size
        self._counts[file.type] -= 1
        position = self._positions.pop(file.path, 0.0)
        if not is_measured:
            self._last = self._clock()
        elif file.type not in TIMED:
            self._measure(file.type, 1)
        elif length:
            self._measure(file.type, max(0.0, length - position))
            self._costs[file.type].size += file.size
            self._costs[file.type].length += length

    @property
    def file_count(self) -> int:
        """The number of files that are not finished."""
        return len(self._left)

    @property
    def seconds_left(self) -> float:
        """The estimated time for the files that are not finished, in seconds."""
        left = sum(self._count_units(kind) * self._get_price(kind) for kind in self._counts)
        return max(0.0, left - (self._clock() - self._last))

    def _measure(self, kind: ItemType | None, units: float) -> None:
        now = self._clock()
        cost = self._costs[kind]
        cost.seconds += now - self._last
        cost.units += units
        self._last = now

    def _count_units(self, kind: ItemType | None) -> float:
        """Return the units of the unfinished files of a kind. The length of recordings is estimated by their size."""
        if kind not in TIMED:
            return self._counts[kind]
        cost = self._costs[kind]
        read = sum(seconds for path, seconds in self._positions.items() if self._left[path].type == kind)
        return max(0.0, self._sizes[kind] * cost.length / cost.size - read)

    def _get_price(self, kind: ItemType | None) -> float:
        return self._costs[kind].seconds / self._costs[kind].units


def find_position(message: FileMessage) -> float:
    """Return up to which time a recording was read, in seconds; 0 for messages that do not tell."""
    if isinstance(message, PendingSpeech):
        return message.start
    segment = message.segment if isinstance(message, PreparedImage) else message
    return (segment.start or 0.0) if isinstance(segment, Segment) else 0.0


def check_each(results: Iterable[T], check: Callable[[], None]) -> Iterator[T]:
    """Yield results, and check before each whether the run should go on."""
    for result in results:
        check()
        yield result
