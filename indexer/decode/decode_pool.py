"""Files becoming messages, many at once: a thread for each decoder."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence

from indexer.decode.preprocess import Message, Messages
from indexer.decode.sandbox import Decoder
from indexer.pending import PendingItem
from search.records import FileFacts

# Pieces of decoded files waiting for the models: enough to fill a batch, few enough to bound memory.
LOOK_AHEAD = 48
# How often what is waiting is looked at when nothing new arrives, in seconds.
TICK = 0.1

Read = Callable[[Decoder, PendingItem], Messages]


class DecodePool:
    """Gives the messages of many files at once, a thread for each decoder."""

    def __init__(self, read: Read, todo: Sequence[FileFacts], decoders: Sequence[Decoder]) -> None:
        """Start the threads. read: gives the messages of one file, by the decoder of its thread."""
        self._read = read
        self._todo = iter(todo)
        self._decoders = decoders
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._queue: queue.Queue[tuple[PendingItem, Message]] = queue.Queue(LOOK_AHEAD)
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

    def take(self) -> Iterator[tuple[PendingItem, Message]]:
        """Return the messages that are there, no more than fit at once, waiting a moment for the first."""
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
                self._feed(decoder, PendingItem(file))
        except BaseException as error:
            self._failure = error

    def _next(self) -> FileFacts | None:
        with self._lock:
            return None if self._stop.is_set() else next(self._todo, None)

    def _feed(self, decoder: Decoder, draft: PendingItem) -> None:
        for message in self._read(decoder, draft):
            self._put(draft, message)
            if self._stop.is_set():
                return

    def _put(self, draft: PendingItem, message: Message) -> None:
        while not self._stop.is_set():
            try:
                self._queue.put((draft, message), timeout=TICK)
            except queue.Full:
                continue
            return
