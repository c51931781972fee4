"""Encode a window once: faster-whisper encodes the first window to detect the language, and again to decode it."""

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Features = np.ndarray[Any, np.dtype[np.float32]]
# The window for the language has one frame of padding more than that for the text.
MAX_DIFFERENT_FRAMES = 1


@dataclass(frozen=True)
class _Entry:
    features: Features
    output: Any


class LastEncoding:
    """An encoder that returns its last output again for the same window. Thread-safe: each thread has its own.

    It replaces the method `encode` of a `WhisperModel`.
    """

    def __init__(self, encode: Callable[[Features], Any]) -> None:
        """Wrap a method without keeping its object alive.

        Args:
            encode: Returns the encoder's output for features of shape (mels, n) or (windows, mels, n).
        """
        self._encode = weakref.WeakMethod(encode)
        self._local = threading.local()

    def __call__(self, features: Features) -> Any:
        """Return the encoder's output for a window."""
        last: _Entry | None = getattr(self._local, "last", None)
        if last is not None and is_same_window(last.features, features):
            return last.output
        encode = self._encode()
        assert encode is not None
        output = encode(features)
        self._local.last = _Entry(features, output)
        return output


def is_same_window(one: Features, other: Features) -> bool:
    """Return whether the features of two windows are equal, except for a frame of padding."""
    if one.shape != other.shape or one.ndim != 2:
        return False
    return int((one != other).any(axis=0).sum()) <= MAX_DIFFERENT_FRAMES
