"""Filling a space by another model, beside the one that is searched."""

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from indexer.decode.decode_pool import DecodePool
from indexer.decode.preprocess import Failed, Finished, Messages, PreparedImage
from indexer.decode.sandbox import Decoder
from indexer.embed import AHEAD, ImageEmbedder
from indexer.pending import PendingItem
from indexer.pipeline import Options, Progress, open_decoders
from indexer.profile import Profile
from indexer.write import BATCH
from search.encoders.adapter import AdaptedImageEncoder, Adapter
from search.encoders.registry import Models
from search.library import Library
from search.records import Retriever
from search.storage.spaces import Space


@dataclass
class Outcome:
    """What a change of model came to. filled: vectors in the new space; unread: reasons by path.

    has_changes: False when an update was found to be done already.
    """

    model: str
    filled: int = 0
    is_speech: bool = False
    seconds: float = 0.0
    unread: dict[str, str] = field(default_factory=dict)
    has_changes: bool = True

    def describe(self, most: int | None = None) -> dict[str, Any]:
        """Return what it came to as a document, with at most so many of the files that could not be read."""
        unread = [{"path": path, "reason": reason} for path, reason in list(self.unread.items())[:most]]
        return {
            "model": self.model,
            "filled": self.filled,
            "unread": len(self.unread),
            "unreadable": unread,
            "seconds": round(self.seconds, 2),
        }


@dataclass
class Filling:
    """One filling of a space.

    active: the one that is searched; space: the one to fill; ahead: batches that may be on their way while it rests.
    """

    library: Library
    active: Space
    space: Space
    models: Models
    options: Options
    progress: Progress
    ahead: int = AHEAD

    def fill(self, outcome: Outcome) -> None:
        """Fill it, by the shortest way there is."""
        encoder = self.models.image_encoder
        if self.active.retriever is not Retriever.VISUAL:
            self.fill_texts()
        elif isinstance(encoder, AdaptedImageEncoder) and encoder.base.fingerprint == self.active.fingerprint:
            self.fill_by_vectors(encoder.adapter)
        else:
            self.fill_images(outcome)

    def fill_texts(self) -> None:
        """Embed the texts that are in the catalog."""
        recorded = self.library.spaces
        total, done = recorded.count_lacking(self.active.id, self.space.id), 0
        for block in recorded.iterate_lacking(self.active.id, self.space.id):
            for start in range(0, len(block), BATCH):
                self.options.check()
                part = block[start : start + BATCH]
                rows = self.models.text_encoder.encode_passages([one.text or "" for one in part])
                recorded.fill(self.space.id, [(one.segment_id, row) for one, row in zip(part, rows, strict=True)])
                done += len(part)
                self.progress(done, total, f"{done} texts")

    def fill_by_vectors(self, adapter: Adapter) -> None:
        """Move the vectors that are there: an adapter needs no picture."""
        recorded, dimension = self.library.spaces, self.active.dimension
        total, done = recorded.count_lacking(self.active.id, self.space.id), 0
        for block in recorded.iterate_lacking(self.active.id, self.space.id):
            self.options.check()
            known = recorded.read_vectors(self.active.id, [one.segment_id for one in block], dimension)
            rows = adapter.apply(np.stack(list(known.values())))
            recorded.fill(self.space.id, list(zip(known, rows, strict=True)))
            done += len(block)
            self.progress(done, total, f"{done} vectors")

    def fill_images(self, outcome: Outcome) -> None:
        """Decode the pictures again and embed them; what cannot be read is noted in what it came to."""
        found = self.library.spaces.list_lacking_files(self.active.id, self.space.id)
        ids = {file.path: item_id for item_id, file in found}
        todo = [file for _, file in found]
        decoders = open_decoders(self.models.image_encoder.transform, len(todo), self.options)
        waiting: list[PendingItem] = []
        done = 0
        with (
            closing(ImageEmbedder(self.models.image_encoder, Profile())) as embedder,
            closing(DecodePool(_read_images, todo, decoders)) as feed,
        ):
            while not (feed.is_over and not waiting):
                self.options.check()
                for draft, message in feed.take():
                    if isinstance(message, PreparedImage):
                        embedder.add(draft, message)
                    elif isinstance(message, Finished | Failed):
                        draft.end = message
                        waiting.append(draft)
                if feed.is_over:
                    embedder.flush()
                embedder.collect(0 if feed.is_over else self.ahead)
                whole = [draft for draft in waiting if draft.is_whole]
                waiting = [draft for draft in waiting if not draft.is_whole]
                for draft in whole:
                    reason = self._write(ids[draft.file.path], draft)
                    if reason:
                        outcome.unread[draft.file.path] = reason
                    done += 1
                    self.progress(done, len(todo), draft.file.path)

    def _write(self, item_id: int, draft: PendingItem) -> str | None:
        """Write the vectors of an item; give why it cannot be done, if so."""
        if isinstance(draft.end, Failed):
            return draft.end.reason
        lacking = self.library.spaces.list_lacking(self.active.id, self.space.id, item_id)
        # The pictures of an animation have neither time nor page: they are told by their order.
        places: defaultdict[tuple[float | None, int | None], list[int]] = defaultdict(list)
        for at, segment in enumerate(draft.segments):
            places[segment.start, segment.page].append(at)
        if any(not places[one.start, one.page] for one in lacking):
            return "it is decoded otherwise than when it was indexed: it is read anew by the next run"
        rows = []
        for one in lacking:
            same = places[one.start, one.page]
            rows.append((one.segment_id, draft.vectors[same.pop(0) if len(same) > 1 else same[0]][1]))
        self.library.spaces.fill(self.space.id, rows)
        return None


def _read_images(decoder: Decoder, draft: PendingItem) -> Messages:
    """Return the pictures of a file as it is now."""
    try:
        facts = Path(draft.file.path).stat()
    except OSError as error:
        yield Failed(f"cannot be read: {error.strerror or error}")
        return
    if (facts.st_size, facts.st_mtime_ns) != (draft.file.size, draft.file.mtime_ns):
        yield Failed("it has changed since it was indexed: it is read anew by the next run")
        return
    yield from decoder.decode(draft.file, images_only=True)
