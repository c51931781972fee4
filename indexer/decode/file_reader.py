"""One file on its way to the models: hashed, looked for among what is known, and decoded if it is new."""

from collections.abc import Container
from dataclasses import dataclass

from indexer.decode.content import AudioChunk
from indexer.decode.preprocess import Failed, Finished, Message, Messages
from indexer.decode.sandbox import Decoder
from indexer.pending import PendingItem
from indexer.plan import hash_content
from indexer.profile import Profile
from indexer.transcribe import TranscriptionQueue
from indexer.write import name_segment
from search.library import Library
from search.records import MediaFacts, Record, SegmentKind


@dataclass(frozen=True)
class FileReader:
    """Reads files for a feed.

    reindex: what is known of a file with the same content is not to be taken over; shared: the sizes that more than one
    file has, None where they were not looked for.
    """

    library: Library
    listener: TranscriptionQueue
    profile: Profile
    reindex: bool = False
    shared: Container[int] | None = None

    def read(self, decoder: Decoder, draft: PendingItem) -> Messages:
        """Return what the models need of a file; its sound is given to the listener."""
        file = draft.file
        if file.size == 0:
            yield Failed("empty file: it has no content")
            return
        try:
            with self.profile.measure("hashing"):
                draft.content_hash = hash_content(file)
        except OSError as error:
            yield Failed(f"cannot be read: {error.strerror or error}")
            return
        copied = self._copy(draft)
        if copied is not None:
            yield copied
            return
        for message in self.profile.follow("decoding", decoder.decode(file), lambda one: isinstance(one, Finished)):
            if isinstance(message, AudioChunk):
                draft.heard.append((message.start, self.listener.listen(draft.content_hash, message)))
            else:
                yield message

    def _copy(self, draft: PendingItem) -> Message | None:
        """Take over what is known of another file with the same content."""
        file = draft.file
        if file.type is None or self.reindex or (self.shared is not None and file.size not in self.shared):
            return None
        other = self.library.catalog.find_copy(draft.content_hash, file.type)
        if other is None:
            return None
        record = self.library.catalog.read_record(other, file)
        rest = [segment for segment in record.segments if segment.kind is not SegmentKind.NAME]
        if list(record.segments[: len(rest)]) != rest:
            return None  # the name comes last in all that is written here
        segments = [*rest, name_segment(file, record.media)]
        draft.record = Record(file, record.content_hash, record.media, segments, record.embeddings)
        thumbnail = self.library.home.thumbnail(other)
        return Finished(MediaFacts(), thumbnail.read_bytes() if thumbnail.exists() else None)
