"""Pictures on their way through a model, and their vectors on the way into the drafts of their files."""

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from indexer.decode.preprocess import PreparedImage
from indexer.pending import PendingItem
from indexer.profile import Profile
from search.encoders.encoder import ImageEncoder
from search.records import Pixels, Retriever, Vectors

# Batches on their way besides the one that is gathered. They go through a model side by side, so that the end of one,
# which no longer keeps all its threads busy, is the beginning of another.
AHEAD = 1

# A picture of a file, with the place of its segment.
Pictured = tuple[PendingItem, int, Pixels]


class ImageEmbedder:
    """Gathers pictures across files, and embeds them a batch at a time while the next are gathered.

    Used by one thread; a model's own errors are raised where its vectors are collected.
    """

    def __init__(self, encoder: ImageEncoder, profile: Profile) -> None:
        self._encoder = encoder
        self._profile = profile
        self._gathered: list[Pictured] = []
        self._pool = ThreadPoolExecutor(1 + AHEAD, thread_name_prefix="embed")
        self._running: deque[tuple[Future[Vectors], list[Pictured]]] = deque()
        self._last = time.monotonic()

    @property
    def is_idle(self) -> bool:
        """True when the model has nothing to do, whatever is gathered."""
        return not self._running

    @property
    def waited(self) -> float:
        """Seconds since vectors were last collected: from the end of a batch, for one may take long itself."""
        return time.monotonic() - self._last

    def add(self, draft: PendingItem, prepared: PreparedImage) -> None:
        """Take a picture in as the next segment of its file, and embed what is gathered when it fills a batch."""
        self._gathered.append((draft, len(draft.segments), prepared.pixels))
        draft.segments.append(prepared.segment)
        if len(self._gathered) >= self._encoder.batch:
            self.flush()

    def flush(self) -> None:
        """Embed what is gathered, though it may fill no batch."""
        batch, self._gathered = self._gathered, []
        if batch:
            self._running.append((self._pool.submit(self._encode, batch), batch))
            self.collect()

    def collect(self, ahead: int = AHEAD) -> None:
        """Return the drafts their vectors; wait while more than so many batches are on their way."""
        while self._running and (len(self._running) > ahead or self._running[0][0].done()):
            future, batch = self._running.popleft()
            for (draft, place, _), row in zip(batch, future.result(), strict=True):
                draft.vectors[place] = (Retriever.VISUAL, row)
            self._last = time.monotonic()

    def close(self) -> None:
        """Stop."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _encode(self, batch: list[Pictured]) -> Vectors:
        with self._profile.measure("pictures", len(batch)):
            return self._encoder.encode_images([pixels for _, _, pixels in batch])
