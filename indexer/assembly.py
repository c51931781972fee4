"""Files on their way into the catalogue: pieces are embedded across files, whole files are written in groups."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer.preparing import Failed, Finished, Message, Prepared
from indexer.profile import Profile
from indexer.speech import Listener
from indexer.utterances import cut_utterances
from search.errors import HomeError
from search.library import Library
from search.paths import keep_file
from search.records import (
    FileFacts,
    Lane,
    MediaFacts,
    Pixels,
    Record,
    Segment,
    SegmentKind,
    State,
    Transcript,
    Vectors,
)

# Passages embedded at once.
BATCH = 16
# Batches of pictures that wait while one is embedded.
AHEAD = 1
# Files are written together, as many as are ready but no more than this; and none waits longer, in seconds.
GROUP = 32
PATIENCE = 0.5
# What does not fill a batch waits for more that arrives, but no longer than this, in seconds.
LONG = 10.0


@dataclass(eq=False)
class Draft:
    """A file of which pieces arrive. vectors: of its segments, by place; heard: what is being listened to, by start."""

    file: FileFacts
    content_hash: str = ""
    segments: list[Segment] = field(default_factory=list)
    vectors: dict[int, tuple[Lane, Vectors]] = field(default_factory=dict)
    heard: list[tuple[float, "Future[Transcript]"]] = field(default_factory=list)
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
        """Give what has been heard since the last time, in order; a failure fails the file."""
        found = []
        while self.heard and self.heard[0][1].done():
            start, future = self.heard.pop(0)
            error = future.exception()
            if isinstance(error, OSError):
                raise HomeError(f"what was heard cannot be kept: {error}")
            if error is not None:
                self.end = Failed(f"its speech could not be recognised: {type(error).__name__}: {error}")
                continue
            heard = future.result()
            self.language = self.language or heard.language
            found += cut_utterances(start, heard)
        return found


# A picture of a file, with the place of its segment.
Pictured = tuple[Draft, int, Pixels]


class Assembly:
    """Collects what arrives, embeds it, and writes what is whole. Used by one thread."""

    def __init__(self, library: Library, listener: Listener, profile: Profile) -> None:
        self._library = library
        self._listener = listener
        self._profile = profile
        self._pictures: list[Pictured] = []
        # Pictures are embedded while the next are taken in, and what is whole is written.
        self._embedder = ThreadPoolExecutor(1, thread_name_prefix="embed")
        self._embedding: deque[tuple[Future[Vectors], list[Pictured]]] = deque()
        self._texts: list[tuple[Draft, int]] = []
        self._waiting: list[Draft] = []
        self._last = self._pictures_done = self._texts_done = time.monotonic()

    @property
    def is_empty(self) -> bool:
        """True when every file that came to its end is written."""
        return not self._waiting

    def add(self, draft: Draft, message: Message) -> None:
        """Take a piece of a file in."""
        if isinstance(message, Prepared):
            self._pictures.append((draft, len(draft.segments), message.pixels))
            draft.segments.append(message.segment)
            if len(self._pictures) >= self._library.models.picture.batch:
                self._embed_pictures()
        elif isinstance(message, Segment):
            self._add_text(draft, message)
        elif isinstance(message, Finished | Failed):
            draft.end = message
            self._waiting.append(draft)

    def take_whole(self, ending: bool, has_more: bool = False) -> Iterator[list[Draft]]:
        """Write what is whole and give it, group by group; at the end of the run, all there is.

        has_more: pieces still arrive, so that batches will fill: a model is slower by far at less than a batch.
        """
        for draft in self._waiting:
            for segment in draft.take_heard():
                self._add_text(draft, segment)
        self._collect_pictures(AHEAD)
        overdue = ending or time.monotonic() - self._last > PATIENCE
        at_once = ending or (overdue and not has_more)
        # While a batch is embedded, what does not fill the next goes on waiting.
        if ending or (not self._embedding and (at_once or time.monotonic() - self._pictures_done > LONG)):
            self._embed_pictures()
        if at_once or time.monotonic() - self._texts_done > LONG:
            self._embed_texts()
        if ending:
            self._collect_pictures(0)
        if overdue:
            self._last = time.monotonic()
        whole = [draft for draft in self._waiting if draft.is_whole]
        for start in range(0, len(whole), GROUP):
            group = whole[start : start + GROUP]
            if len(group) < GROUP and not overdue:
                return
            self._write(group)
            self._waiting = [draft for draft in self._waiting if draft not in group]
            self._last = time.monotonic()
            yield group

    def _add_text(self, draft: Draft, segment: Segment) -> None:
        self._texts.append((draft, len(draft.segments)))
        draft.segments.append(segment)
        if len(self._texts) >= BATCH:
            self._embed_texts()

    def close(self) -> None:
        """Stop embedding."""
        self._embedder.shutdown(wait=True, cancel_futures=True)

    def _embed_pictures(self) -> None:
        batch, self._pictures = self._pictures, []
        if batch:
            self._embedding.append((self._embedder.submit(self._encode, batch), batch))
            self._collect_pictures(AHEAD)

    def _encode(self, batch: Sequence[Pictured]) -> Vectors:
        with self._profile.measure("pictures", len(batch)):
            return self._library.models.picture.encode_pictures([pixels for _, _, pixels in batch])

    def _collect_pictures(self, ahead: int) -> None:
        """Take in what is embedded; wait while more than so many batches are not."""
        while self._embedding and (len(self._embedding) > ahead or self._embedding[0][0].done()):
            future, batch = self._embedding.popleft()
            for (draft, place, _), row in zip(batch, future.result(), strict=True):
                draft.vectors[place] = (Lane.PICTURE, row)
            # From the end of a batch: one may itself take longer than anything is to wait.
            self._pictures_done = time.monotonic()

    def _embed_texts(self) -> None:
        batch, self._texts = self._texts, []
        if not batch:
            return
        with self._profile.measure("texts", len(batch)):
            rows = self._library.models.meaning.encode_passages(
                [draft.segments[place].text or "" for draft, place in batch]
            )
        for (draft, place), row in zip(batch, rows, strict=True):
            draft.vectors[place] = (Lane.MEANING, row)
        self._texts_done = time.monotonic()

    def _write(self, group: Sequence[Draft]) -> None:
        good = [draft for draft in group if isinstance(draft.end, Finished)]
        with self._profile.measure("writing", len(group)):
            ids = self._library.catalogue.save_items([draft.record or self._make_record(draft) for draft in good])
            for draft in group:
                if isinstance(draft.end, Failed):
                    self._library.catalogue.mark([draft.file], State.FAILED, draft.end.reason)
            for draft, item_id in zip(good, ids, strict=True):
                if isinstance(draft.end, Finished) and draft.end.thumbnail is not None:
                    _write_thumbnail(self._library.home.thumbnail(item_id), draft.end.thumbnail)
                self._listener.forget(draft.content_hash)

    def _make_record(self, draft: Draft) -> Record:
        assert isinstance(draft.end, Finished)
        spaces = self._library.spaces
        media = replace(draft.end.facts, language=draft.language or draft.end.facts.language)
        return Record(
            file=replace(draft.file, type=draft.end.kind or draft.file.type),
            content_hash=draft.content_hash,
            media=media,
            # A name is matched by its words; as a sentence it would mean little.
            segments=[*draft.segments, name_segment(draft.file, media)],
            embeddings=[(at, spaces[lane].space_id, row) for at, (lane, row) in sorted(draft.vectors.items())],
        )


def name_segment(file: FileFacts, media: MediaFacts) -> Segment:
    """Make the file's own and its folder's name findable, with the names and tags that it gives itself."""
    path = Path(file.path)
    said = [name for name in (media.title, media.artist, media.album, ", ".join(media.tags)) if name]
    return Segment(SegmentKind.NAME, "\n".join([f"{path.parent.name}/{path.name}", *said]))


def _write_thumbnail(path: Path, body: bytes) -> None:
    try:
        keep_file(path, body)
    except OSError as error:
        raise HomeError(f"cannot write {path}: {error.strerror}") from error
