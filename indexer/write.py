"""Files on their way into the catalog: pieces are embedded across files, whole files are written in groups."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from indexer.decode.preprocess import Failed, Finished, Message, PreparedImage
from indexer.embed import ImageEmbedder
from indexer.pending import PendingItem
from indexer.profile import Profile
from indexer.transcribe import TranscriptionQueue
from search.errors import HomeError
from search.library import Library
from search.paths import write_atomically
from search.records import (
    FileFacts,
    MediaFacts,
    Record,
    Retriever,
    Segment,
    SegmentEmbedding,
    SegmentKind,
    State,
)
from search.storage.ledger import Ledger

# Passages embedded at once.
BATCH = 16
# Files are written together, as many as are ready but no more than this; and none waits longer, in seconds.
GROUP = 32
TIMEOUT_SECONDS = 0.5
# What does not fill a batch waits for more that arrives, but no longer than this, in seconds.
LONG = 10.0


class Writer:
    """Collects what arrives, embeds it, and writes what is whole. Used by one thread."""

    def __init__(self, library: Library, listener: TranscriptionQueue, profile: Profile) -> None:
        self._library = library
        self._listener = listener
        self._profile = profile
        self._pictures = ImageEmbedder(library.models.image_encoder, profile)
        self._texts: list[tuple[PendingItem, int]] = []
        self._waiting: list[PendingItem] = []
        self._last = self._texts_done = time.monotonic()

    @property
    def is_empty(self) -> bool:
        """True when every file that came to its end is written."""
        return not self._waiting

    def add(self, draft: PendingItem, message: Message) -> None:
        """Take a piece of a file in."""
        if isinstance(message, PreparedImage):
            self._pictures.add(draft, message)
        elif isinstance(message, Segment):
            self._add_text(draft, message)
        elif isinstance(message, Finished | Failed):
            draft.end = message
            self._waiting.append(draft)

    def take_whole(self, ending: bool, has_more: bool = False) -> Iterator[list[PendingItem]]:
        """Write what is whole and give it, group by group; at the end of the run, all there is.

        has_more: pieces still arrive, so that batches will fill: a model is slower by far at less than a batch.
        """
        for draft in self._waiting:
            for segment in draft.take_heard():
                self._add_text(draft, segment)
        self._pictures.collect()
        overdue = ending or time.monotonic() - self._last > TIMEOUT_SECONDS
        at_once = ending or (overdue and not has_more)
        # While a batch is embedded, what does not fill the next goes on waiting.
        if ending or (self._pictures.is_idle and (at_once or self._pictures.waited > LONG)):
            self._pictures.flush()
        if at_once or time.monotonic() - self._texts_done > LONG:
            self._embed_texts()
        if ending:
            self._pictures.collect(0)
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

    def _add_text(self, draft: PendingItem, segment: Segment) -> None:
        self._texts.append((draft, len(draft.segments)))
        draft.segments.append(segment)
        if len(self._texts) >= BATCH:
            self._embed_texts()

    def close(self) -> None:
        """Stop embedding."""
        self._pictures.close()

    def _embed_texts(self) -> None:
        batch, self._texts = self._texts, []
        if not batch:
            return
        with self._profile.measure("texts", len(batch)):
            rows = self._library.models.text_encoder.encode_passages(
                [draft.segments[place].text or "" for draft, place in batch]
            )
        for (draft, place), row in zip(batch, rows, strict=True):
            draft.vectors[place] = (Retriever.SEMANTIC, row)
        self._texts_done = time.monotonic()

    def _write(self, group: Sequence[PendingItem]) -> None:
        good = [draft for draft in group if isinstance(draft.end, Finished)]
        with self._profile.measure("writing", len(group)):
            ids = self._library.catalog.save_items([draft.record or self._make_record(draft) for draft in good])
            for draft in group:
                if isinstance(draft.end, Failed):
                    Ledger(self._library.database).mark([draft.file], State.FAILED, draft.end.reason)
            for draft, item_id in zip(good, ids, strict=True):
                if isinstance(draft.end, Finished) and draft.end.thumbnail is not None:
                    _write_thumbnail(self._library.home.thumbnail(item_id), draft.end.thumbnail)
                self._listener.forget(draft.content_hash)

    def _make_record(self, draft: PendingItem) -> Record:
        assert isinstance(draft.end, Finished)
        spaces = self._library.indexes
        media = replace(draft.end.facts, language=draft.language or draft.end.facts.language)
        return Record(
            file=replace(draft.file, type=draft.end.kind or draft.file.type),
            content_hash=draft.content_hash,
            media=media,
            # A name is matched by its words; as a sentence it would mean little.
            segments=[*draft.segments, name_segment(draft.file, media)],
            embeddings=[
                SegmentEmbedding(at, spaces[retriever].space_id, row)
                for at, (retriever, row) in sorted(draft.vectors.items())
            ],
        )


def name_segment(file: FileFacts, media: MediaFacts) -> Segment:
    """Make the file's own and its folder's name findable, with the names and tags that it gives itself."""
    path = Path(file.path)
    said = [name for name in (media.title, media.artist, media.album, ", ".join(media.tags)) if name]
    return Segment(SegmentKind.NAME, "\n".join([f"{path.parent.name}/{path.name}", *said]))


def _write_thumbnail(path: Path, body: bytes) -> None:
    try:
        write_atomically(path, body)
    except OSError as error:
        raise HomeError(f"cannot write {path}: {error.strerror}") from error
