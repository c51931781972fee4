"""Fill an embedding space with the vectors of a new model, while the current space is searched."""

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from indexer.decode.content import Failed, Finished, Messages, PreparedImage, Scope
from indexer.decode.decode_pool import DecodePool
from indexer.decode.decoder import Decoder
from indexer.embed import MAX_BATCHES_AHEAD, TEXT_BATCH_SIZE, ImageEmbedder, PendingItem
from indexer.pipeline import Options, open_decoders
from indexer.progress import Progress
from indexer.summary import Profile
from search.encoders.adapter import AdaptedImageEncoder, Adapter
from search.encoders.registry import Models
from search.open_home import OpenHome
from search.paths import explain_read_error
from search.records import FileFacts, Retriever
from search.storable import clamp_integer
from search.storage.spaces import Space


@dataclass
class ChangeResult:
    """The result of a model change.

    Attributes:
        model: The name of the new model.
        filled: How many vectors the new space has.
        is_speech: Whether it is a speech model, which has no space.
        seconds: How long it took.
        unread: Reasons by path of files that could not be read.
        has_changes: False when the change turned out to be done already.
    """

    model: str
    filled: int = 0
    is_speech: bool = False
    seconds: float = 0.0
    unread: dict[str, str] = field(default_factory=dict)
    has_changes: bool = True

    def describe(self, max_failures: int | None = None) -> dict[str, Any]:
        """Return the result as a JSON document, with at most `max_failures` unreadable files (None for all)."""
        unreadable = [{"path": path, "reason": reason} for path, reason in list(self.unread.items())[:max_failures]]
        return {
            "model": self.model,
            "filled": self.filled,
            "unread": len(self.unread),
            "unreadable": unreadable,
            "seconds": round(self.seconds, 2),
        }


@dataclass
class SpaceFiller:
    """Fills one space.

    Attributes:
        library: The library.
        active: The space that is searched.
        space: The space to fill.
        models: The models of the library, with the new one.
        options: How to decode, and when to stop.
        progress: Called with the number done, the number of all, and a text.
        max_running: Batches that may be embedded while the run rests.
    """

    library: OpenHome
    active: Space
    space: Space
    models: Models
    options: Options
    progress: Progress
    max_running: int = MAX_BATCHES_AHEAD

    def fill(self, outcome: ChangeResult) -> None:
        """Fill the space in the fastest way that is possible; files that cannot be read are added to `outcome`."""
        encoder = self.models.image_encoder
        if self.active.retriever is not Retriever.VISUAL:
            self.fill_texts()
        elif isinstance(encoder, AdaptedImageEncoder) and encoder.base.fingerprint == self.active.fingerprint:
            self.fill_adapted(encoder.adapter)
        else:
            self.fill_images(outcome)

    def fill_texts(self) -> None:
        """Embed the texts in the catalog."""
        spaces = self.library.spaces
        total, done = spaces.count_unembedded(self.active.id, self.space.id), 0
        for block in spaces.iterate_unembedded(self.active.id, self.space.id):
            for start in range(0, len(block), TEXT_BATCH_SIZE):
                self.options.check()
                batch = block[start : start + TEXT_BATCH_SIZE]
                vectors = self.models.text_encoder.encode_passages([segment.text or "" for segment in batch])
                ids = [segment.segment_id for segment in batch]
                spaces.fill(self.space.id, list(zip(ids, vectors, strict=True)))
                done += len(batch)
                self.progress(done, total, f"{done} texts")

    def fill_adapted(self, adapter: Adapter) -> None:
        """Apply an adapter to the vectors of the active space: no image has to be decoded."""
        spaces, dimension = self.library.spaces, self.active.dimension
        total, done = spaces.count_unembedded(self.active.id, self.space.id), 0
        for block in spaces.iterate_unembedded(self.active.id, self.space.id):
            self.options.check()
            active_vectors = spaces.read_vectors(self.active.id, [segment.segment_id for segment in block], dimension)
            vectors = adapter.apply(np.stack(list(active_vectors.values())))
            spaces.fill(self.space.id, list(zip(active_vectors, vectors, strict=True)))
            done += len(block)
            self.progress(done, total, f"{done} vectors")

    def fill_images(self, outcome: ChangeResult) -> None:
        """Decode and embed all images again; files that cannot be read are added to `outcome`."""
        lacking = self.library.spaces.list_unembedded_files(self.active.id, self.space.id)
        item_ids = {file.path: item_id for item_id, file in lacking}
        files = [file for _, file in lacking]
        decoders = open_decoders(self.models.image_encoder.transform, len(files), self.options)
        decoding: dict[str, PendingItem] = {}
        decoded: list[PendingItem] = []
        done = 0
        with (
            closing(ImageEmbedder(self.models.image_encoder, Profile())) as embedder,
            closing(DecodePool(_read_images, files, decoders)) as pool,
        ):
            while not (pool.is_over and not decoded):
                self.options.check()
                for file, message in pool.take():
                    item = decoding.setdefault(file.path, PendingItem(file))
                    if isinstance(message, PreparedImage):
                        embedder.add(item, message)
                    elif isinstance(message, Finished | Failed):
                        item.finish(message)
                        decoded.append(decoding.pop(file.path))
                if pool.is_over:
                    embedder.flush()
                embedder.collect(0 if pool.is_over else self.max_running)
                for item in [item for item in decoded if item.is_complete]:
                    decoded.remove(item)
                    reason = self._write(item_ids[item.file.path], item)
                    if reason:
                        outcome.unread[item.file.path] = reason
                    done += 1
                    self.progress(done, len(files), item.file.path)

    def _write(self, item_id: int, item: PendingItem) -> str | None:
        """Write the vectors of an item. Return the reason if that is not possible, else None."""
        if isinstance(item.end, Failed):
            return item.end.reason
        lacking = self.library.spaces.list_unembedded(self.active.id, self.space.id, item_id)
        # Segments are matched by time and page. The images of an animation have neither: they are matched in order.
        positions: defaultdict[tuple[float | None, int | None], list[int]] = defaultdict(list)
        for position, segment in enumerate(item.segments):
            positions[segment.start, segment.page].append(position)
        if any(not positions[stored.start, stored.page] for stored in lacking):
            return "decoded content changed: the file will be indexed again by the next run"
        vectors = []
        for stored in lacking:
            matching = positions[stored.start, stored.page]
            position = matching.pop(0) if len(matching) > 1 else matching[0]
            vectors.append((stored.segment_id, item.vectors[position][1]))
        self.library.spaces.fill(self.space.id, vectors)
        return None


def _read_images(decoder: Decoder, file: FileFacts) -> Messages:
    """Yield the images of a file, unless it changed since it was indexed."""
    try:
        facts = Path(file.path).stat()
    except OSError as error:
        yield Failed(explain_read_error(error))
        return
    if (facts.st_size, clamp_integer(facts.st_mtime_ns)) != (file.size, file.mtime_ns):
        yield Failed("the file changed since it was indexed: it will be indexed again by the next run")
        return
    yield from decoder.decode(file, Scope.IMAGES)
