"""Files becoming messages: threads that hash, look for copies, and have the rest decoded."""

import queue
import threading
import time
from collections.abc import Iterator, Sequence

from indexer.assembly import Draft, name_segment
from indexer.decoders.content import Sound
from indexer.ledger import hash_content
from indexer.preparing import Failed, Finished, Message
from indexer.profile import Profile
from indexer.sandbox import Decoder
from indexer.speech import Listener
from search.library import Library
from search.records import FileFacts, MediaFacts, Record, SegmentKind

# Pieces of decoded files waiting for the models: enough to fill a batch, few enough to bound memory.
LOOK_AHEAD = 48
# How often what is waiting is looked at when nothing new arrives, in seconds.
TICK = 0.1


class Feed:
    """Gives the messages of many files at once, a thread for each decoder."""

    def __init__(
        self,
        library: Library,
        listener: Listener,
        todo: Sequence[FileFacts],
        decoders: Sequence[Decoder],
        profile: Profile,
        again: bool = False,
    ) -> None:
        """Start the threads. again: what is known of a file with the same content is not to be taken over."""
        self._again = again
        self._library = library
        self._listener = listener
        self._profile = profile
        self._todo = iter(todo)
        self._decoders = decoders
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._queue: queue.Queue[tuple[Draft, Message]] = queue.Queue(LOOK_AHEAD)
        self._failure: BaseException | None = None
        self._threads = [threading.Thread(target=self._run, args=(decoder,)) for decoder in decoders]
        for thread in self._threads:
            thread.start()

    @property
    def is_over(self) -> bool:
        """True when every file was decoded and every message taken."""
        if self._failure is not None:
            raise self._failure
        return not any(thread.is_alive() for thread in self._threads) and self._queue.empty()

    def take(self) -> Iterator[tuple[Draft, Message]]:
        """Give the messages that are there, no more than fit at once, waiting a moment for the first."""
        try:
            yield self._queue.get(timeout=TICK)
            for _ in range(LOOK_AHEAD):
                yield self._queue.get_nowait()
        except queue.Empty:
            return

    def close(self) -> None:
        """Stop, whatever the threads are at."""
        self._stop.set()
        for decoder in self._decoders:
            decoder.close()
        while any(thread.is_alive() for thread in self._threads):
            for _ in self.take():  # a thread may be waiting for room
                pass
        for thread in self._threads:
            thread.join()
        for decoder in self._decoders:  # one may have been started meanwhile
            decoder.close()

    def _run(self, decoder: Decoder) -> None:
        try:
            while (file := self._next()) is not None:
                self._feed(decoder, Draft(file))
        except BaseException as error:
            self._failure = error

    def _next(self) -> FileFacts | None:
        with self._lock:
            return None if self._stop.is_set() else next(self._todo, None)

    def _feed(self, decoder: Decoder, draft: Draft) -> None:
        file = draft.file
        if file.size == 0:
            self._put(draft, Failed("empty file: it has no content"))
            return
        try:
            with self._profile.measure("hashing"):
                draft.content_hash = hash_content(file)
        except OSError as error:
            self._put(draft, Failed(f"cannot be read: {error.strerror or error}"))
            return
        if self._copy(draft):
            return
        began = time.perf_counter()
        for message in decoder.decode(file):
            self._profile.add("decoding", time.perf_counter() - began, int(isinstance(message, Finished)))
            if isinstance(message, Sound):
                draft.heard.append((message.start, self._listener.listen(draft.content_hash, message)))
            else:
                self._put(draft, message)
            if self._stop.is_set():
                return
            began = time.perf_counter()

    def _copy(self, draft: Draft) -> bool:
        """Take over what is known of another file with the same content."""
        file = draft.file
        if file.type is None or self._again:
            return False
        other = self._library.catalogue.find_copy(draft.content_hash, file.type)
        if other is None:
            return False
        record = self._library.catalogue.read_record(other, file)
        rest = [segment for segment in record.segments if segment.kind is not SegmentKind.NAME]
        if list(record.segments[: len(rest)]) != rest:
            return False  # the name comes last in all that is written here
        segments = [*rest, name_segment(file, record.media)]
        draft.record = Record(file, record.content_hash, record.media, segments, record.embeddings)
        thumbnail = self._library.home.thumbnail(other)
        self._put(draft, Finished(MediaFacts(), thumbnail.read_bytes() if thumbnail.exists() else None))
        return True

    def _put(self, draft: Draft, message: Message) -> None:
        while not self._stop.is_set():
            try:
                self._queue.put((draft, message), timeout=TICK)
            except queue.Full:
                continue
            return
