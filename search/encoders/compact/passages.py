"""Embed passages with the 8-bit graph of the text encoder, a window on each thread."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from search.encoders.compact.e5 import WIDTH, E5Weights
from search.encoders.compact.files import PASSAGE_GRAPH, CompactFiles, normalize
from search.encoders.compact.quantized import list_quantized_initializers
from search.encoders.onnx import open_session
from search.encoders.parallel import ParallelStreams
from search.records import Vectors


class PassageGraph:
    """The 8-bit graph, loaded. Thread-safe.

    Each window is a run of one thread. There is nothing to pad, the data of a thread stays in its cache, and a
    vector does not depend on the passages that are embedded with it.
    """

    def __init__(self, files: CompactFiles, weights: E5Weights, threads: int) -> None:
        """Load the graph.

        Args:
            files: The files of `compact`.
            weights: The weights and the tokenizer.
            threads: The number of windows that are run at once.

        Raises:
            ModelError: A file is missing or damaged.
        """
        self._weights = weights
        tensors = list_quantized_initializers(weights, files.calibration)
        self._session: Any = open_session(files.verify(PASSAGE_GRAPH), 1, tensors, is_7_bit=True)
        self._streams = ParallelStreams(threads)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; for one longer than 512 tokens, the mean of its windows, weighted by their length.

        Args:
            texts: The passages.

        Returns:
            Shape (n, 384), float32, unit length; not centered.
        """
        windows = self._weights.cut_texts(texts, "passage: ")
        rows = self._streams.run(self._run, [window for text_windows in windows for window in text_windows])
        return pool_windows(windows, np.concatenate([np.empty((0, WIDTH), np.float32), *rows]))

    def _run(self, window: list[int]) -> Vectors:
        ids = np.array([window], np.int64)
        rows: Vectors = self._session.run(None, {"words": self._weights.read_words(ids)})[0]
        return rows


def pool_windows(windows: Sequence[Sequence[Sequence[int]]], rows: Vectors) -> Vectors:
    """Return the vectors of texts: for a text of several windows their mean, weighted by their length.

    Args:
        windows: The token ids of the windows of each text.
        rows: The vectors of all windows, in order, shape (w, 384).

    Returns:
        Shape (n, 384), float32, unit length.
    """
    vectors = np.empty((len(windows), WIDTH), np.float32)
    start = 0
    for index, text_windows in enumerate(windows):
        end = start + len(text_windows)
        lengths = np.array([len(window) for window in text_windows], np.float32)
        vectors[index] = rows[start] if end == start + 1 else normalize(lengths @ rows[start:end])
        start = end
    return vectors
