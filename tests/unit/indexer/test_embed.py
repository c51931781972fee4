"""Images of many files are embedded in batches, and every vector reaches its file."""

import threading
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import pytest

from indexer.decode.content import PreparedImage
from indexer.embed import TEXT_BATCH_SIZE, ImageEmbedder, PendingItem, TextEmbedder
from indexer.summary import Profile
from search.records import FileFacts, ItemType, Segment, SegmentKind


@dataclass
class Encoder:
    """Replaces a model: the vector of an image is its brightness."""

    batch: int = 2
    sizes: list[int] = field(default_factory=list)
    meeting: threading.Barrier | None = None
    failure: Exception | None = None

    def encode_images(self, prepared):
        self.sizes.append(len(prepared))
        if self.meeting is not None:
            self.meeting.wait(10)
        if self.failure is not None:
            raise self.failure
        return np.array([[float(pixels.flat[0])] for pixels in prepared], np.float32)

    def encode_passages(self, texts):
        if self.meeting is not None:
            self.meeting.wait(10)
        return np.array([[float(text)] for text in texts], np.float32)


def make_draft(number):
    return PendingItem(FileFacts(f"/m/{number}.jpg", 1, ItemType.IMAGE, 1, 1))


def add(embedder, draft, value):
    embedder.add(draft, PreparedImage(Segment(SegmentKind.IMAGE), np.full((1, 1, 3), value, np.uint8)))


def flush(embedder):
    embedder.flush()
    embedder.collect(0)


def test_every_image_gets_its_vector_from_any_batch():
    pending_items = [make_draft(number) for number in range(3)]
    encoder = Encoder()
    with closing(ImageEmbedder(encoder, Profile())) as embedder:
        for value in range(7):
            add(embedder, pending_items[value % 3], value)
        flush(embedder)
    found = [[draft.vectors[at][1][0] for at in range(len(draft.segments))] for draft in pending_items]
    assert found == [[0, 3, 6], [1, 4], [2, 5]]
    assert sorted(encoder.sizes) == [1, 2, 2, 2]


def test_two_batches_go_through_a_model_side_by_side():
    draft = make_draft(0)
    with closing(ImageEmbedder(Encoder(meeting=threading.Barrier(2)), Profile())) as embedder:
        for value in range(4):
            add(embedder, draft, value)
        embedder.collect(0)
    assert len(draft.vectors) == 4


def test_what_a_model_raises_is_not_lost():
    with closing(ImageEmbedder(Encoder(failure=MemoryError("too large")), Profile())) as embedder:
        add(embedder, make_draft(0), 1)
        with pytest.raises(MemoryError, match="too large"):
            flush(embedder)


def test_the_next_passages_are_embedded_before_those_before_are_done():
    draft = make_draft(0)
    with closing(TextEmbedder(Encoder(meeting=threading.Barrier(2)), Profile())) as embedder:
        for value in range(2 * TEXT_BATCH_SIZE):
            embedder.add(draft, Segment(SegmentKind.PASSAGE, str(value)))
        embedder.collect(0)
    assert [draft.vectors[at][1][0] for at in range(2 * TEXT_BATCH_SIZE)] == list(range(2 * TEXT_BATCH_SIZE))
