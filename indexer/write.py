"""Write complete files to the catalog, several in one transaction, with their segments and vectors."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from indexer.decode.content import Failed, Finished, Postponed, PreparedImage
from indexer.embed import Copied, FileMessage, ImageEmbedder, PendingItem, PendingSpeech, TextEmbedder
from indexer.places import add_place
from indexer.summary import Profile
from indexer.transcribe import TranscriptionQueue
from search.errors import CrossmodalError, HomeError, find_reason
from search.open_home import OpenHome
from search.paths import name_file, write_atomically
from search.records import FileFacts, MediaFacts, Record, Segment, SegmentEmbedding, SegmentKind, State
from search.storage.ledger import Ledger

# The maximum number of files in one transaction.
MAX_GROUP_SIZE = 32
# The maximum time that a complete file waits for more files to be written with it.
MAX_WRITE_DELAY_SECONDS = 0.5
# The maximum time that a segment waits for its batch to fill while more segments arrive.
MAX_BATCH_DELAY_SECONDS = 10.0


class Writer:
    """Assembles items from the messages of the decoders, embeds their segments and writes complete items.

    Use it from one thread only.
    """

    def __init__(self, library: OpenHome, transcription: TranscriptionQueue, profile: Profile) -> None:
        self._library = library
        self._transcription = transcription
        self._profile = profile
        self._images = ImageEmbedder(library.models.image_encoder, profile)
        self._texts = TextEmbedder(library.models.text_encoder, profile)
        self._decoding: dict[str, PendingItem] = {}
        self._decoded: list[PendingItem] = []
        self._written_at = time.monotonic()

    @property
    def is_empty(self) -> bool:
        """True when every completely decoded file is written."""
        return not self._decoded

    def add(self, file: FileFacts, message: FileMessage) -> None:
        """Add the next message of a file."""
        item = self._decoding.setdefault(file.path, PendingItem(file))
        if isinstance(message, PreparedImage):
            self._images.add(item, message)
        elif isinstance(message, Segment):
            self._texts.add(item, message)
        elif isinstance(message, PendingSpeech):
            item.speech.append(message)
        else:
            item.finish(message)
            self._decoded.append(self._decoding.pop(file.path))

    def write_complete(self, is_last: bool, has_more: bool = False) -> Iterator[list[PendingItem]]:
        """Write the files that are complete, in groups.

        Args:
            is_last: No more messages will come: embed and write everything.
            has_more: More messages are arriving, so wait for full batches: partial batches are much slower.

        Yields:
            Each group, after it was written.

        Raises:
            HomeError: A transcript or thumbnail cannot be written.
        """
        for item in self._decoded:
            for segment in item.take_speech():
                self._texts.add(item, segment)
        is_due = is_last or time.monotonic() - self._written_at > MAX_WRITE_DELAY_SECONDS
        self._embed(is_last, is_due and not has_more)
        if is_due:
            self._written_at = time.monotonic()
        complete = [item for item in self._decoded if item.is_complete]
        for start in range(0, len(complete), MAX_GROUP_SIZE):
            group = complete[start : start + MAX_GROUP_SIZE]
            if len(group) < MAX_GROUP_SIZE and not is_due:
                return
            self._write(group)
            self._decoded = [item for item in self._decoded if item not in group]
            self._written_at = time.monotonic()
            yield group

    def close(self) -> None:
        """Stop embedding."""
        self._images.close()
        self._texts.close()

    def _embed(self, is_last: bool, is_starved: bool) -> None:
        """Embed partial batches if nothing will fill them, or they waited too long."""
        for embedder in (self._images, self._texts):
            embedder.collect()
            # While a batch is embedded, the next one can still fill.
            is_overdue = embedder.idle_seconds > MAX_BATCH_DELAY_SECONDS
            if is_last or (embedder.is_idle and (is_starved or is_overdue)):
                embedder.flush()
        if is_last:
            for embedder in (self._images, self._texts):
                embedder.collect(max_running=0)

    def _write(self, group: Sequence[PendingItem]) -> None:
        with self._profile.measure("writing", len(group)):
            for item, item_id in self._save(group):
                assert isinstance(item.end, Finished | Copied)
                if item.end.thumbnail is not None:
                    _write_thumbnail(self._library.home.thumbnail(item_id), item.end.thumbnail)
                self._transcription.discard(_get_hash(item.end))
            for item in group:
                if isinstance(item.end, Failed):
                    ledger = Ledger(self._library.database)
                    ledger.mark_failed(item.file, item.end.reason, item.end.is_temporary)
                elif isinstance(item.end, Postponed):
                    Ledger(self._library.database).mark([item.file], State.PENDING, item.end.reason)

    def _save(self, items: Sequence[PendingItem]) -> list[tuple[PendingItem, int]]:
        """Write the complete items in one transaction and return them with their ids.

        If that fails for one of them, the others are written separately.
        """
        complete = [item for item in items if isinstance(item.end, Finished | Copied)]
        try:
            records = [add_place(self._make_record(item)) for item in complete]
            item_ids = self._library.catalog.save_items(records)
            return list(zip(complete, item_ids, strict=True))
        except CrossmodalError:
            raise
        except Exception as error:
            if len(complete) > 1:
                return [pair for item in complete for pair in self._save([item])]
            logging.getLogger("crossmodal").exception("cannot store %s", complete[0].file.path)
            complete[0].fail(f"cannot be stored: {find_reason(error)}")
            return []

    def _make_record(self, item: PendingItem) -> Record:
        end = item.end
        if isinstance(end, Copied):
            return end.record
        assert isinstance(end, Finished)
        spaces = self._library.indexes
        media = replace(end.facts, language=item.language or end.facts.language)
        return Record(
            file=replace(item.file, type=end.type or item.file.type),
            content_hash=end.content_hash,
            media=media,
            # The name is not embedded: the lexical retriever finds it, and it is rarely a meaningful sentence.
            segments=[*item.segments, make_name_segment(item.file, media)],
            embeddings=[
                SegmentEmbedding(position, spaces[retriever].space_id, vector)
                for position, (retriever, vector) in sorted(item.vectors.items())
            ],
            remark=end.remark,
        )


def _get_hash(end: Finished | Copied) -> str:
    return end.record.content_hash if isinstance(end, Copied) else end.content_hash


def make_name_segment(file: FileFacts, media: MediaFacts) -> Segment:
    """Return the segment with the name of a file and its folder, and with the title, names and tags in its metadata."""
    # The word "Apple" is left out: it would make every photo of a phone a result for the fruit.
    camera = (media.camera or "").removeprefix("Apple ")
    names = [name for name in (media.title, media.artist, media.album, ", ".join(media.tags), camera) if name]
    return Segment(SegmentKind.NAME, "\n".join([name_file(file.path), *names]))


def _write_thumbnail(path: Path, body: bytes) -> None:
    try:
        write_atomically(path, body)
    except OSError as error:
        raise HomeError(f"Cannot write {path}: {error.strerror}. Check the permissions and the free space.") from error
