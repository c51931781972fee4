"""A file of which the pieces arrive one after another."""

from concurrent.futures import Future
from dataclasses import dataclass, field

from indexer.decode.preprocess import Failed, Finished
from indexer.utterances import cut_utterances
from search.errors import HomeError
from search.records import FileFacts, Record, Retriever, Segment, Transcript, Vectors


@dataclass(eq=False)
class PendingItem:
    """A file of which pieces arrive. vectors: of its segments, by place; heard: what is being listened to, by start."""

    file: FileFacts
    content_hash: str = ""
    segments: list[Segment] = field(default_factory=list)
    vectors: dict[int, tuple[Retriever, Vectors]] = field(default_factory=dict)
    heard: list[tuple[float, Future[Transcript]]] = field(default_factory=list)
    language: str | None = None
    end: Finished | Failed | None = None
    record: Record | None = None

    @property
    def is_whole(self) -> bool:
        """True when nothing more is to come."""
        if self.end is None:
            return False
        return isinstance(self.end, Failed) or (len(self.vectors) == len(self.segments) and not self.heard)

    def take_heard(self) -> list[Segment]:
        """Return what has been heard since the last time, in order; a failure fails the file."""
        found = []
        while self.heard and self.heard[0][1].done():
            start, future = self.heard.pop(0)
            error = future.exception()
            if isinstance(error, OSError):
                raise HomeError(f"what was heard cannot be kept: {error}")
            if error is not None:
                self.end = Failed(f"its speech could not be recognized: {type(error).__name__}: {error}")
                continue
            heard = future.result()
            self.language = self.language or heard.language
            found += cut_utterances(start, heard)
        return found
