"""Read the blocks of a response in threads, and close it when none of them reads it any more."""

import contextvars
import threading
from collections.abc import Callable, Iterator


class BlockReader:
    """Reads the blocks of one response, one call at a time, in any thread."""

    def __init__(self, blocks: Iterator[bytes], close: Callable[[], None], smallest: int) -> None:
        """Create the reader.

        Args:
            blocks: The blocks of the application.
            close: Ends the response of the application.
            smallest: Blocks are joined until they have this size in bytes.
        """
        self._blocks = blocks
        self._close = close
        self._smallest = smallest
        # Each call may run in another thread, but must see the same context variables.
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._is_reading = False
        self._is_over = False

    def read(self) -> bytes:
        """Return the next block; empty at the end, and after `close`."""
        with self._lock:
            if self._is_over:
                return b""
            self._is_reading = True
        try:
            return self._context.run(self._read)
        finally:
            with self._lock:
                self._is_reading = False
                must_close = self._is_over
            if must_close:
                self._close()

    def close(self) -> None:
        """End the response. If a thread is reading it, that thread ends it: a running generator cannot be closed."""
        with self._lock:
            self._is_over = True
            is_reading = self._is_reading
        if not is_reading:
            self._close()

    def _read(self) -> bytes:
        parts, size = [], 0
        for part in self._blocks:
            parts.append(part)
            size += len(part)
            if size >= self._smallest:
                break
        return b"".join(parts)
