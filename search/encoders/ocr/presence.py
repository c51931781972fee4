"""The small network that tells whether a picture may contain text: it takes a millisecond, reading takes seconds.

`training/fit_text_presence.py` trains it. It skips nearly all photos without text, and a few with little of it:
`docs/evaluation.md` has the figures.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from search.encoders.lazy import LazyModel
from search.encoders.onnx import open_session
from search.encoders.runtime import Machine
from search.records import Pixels

MODEL = Path(__file__).with_name("presence.onnx")
# The probability of text in a few cells next to each other, of 16 x 16 pixels each.
MIN_PROBABILITY = 0.9
# The cells in a row that are averaged: one letter is no text.
CELLS = 3
WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)


class TextPresence:
    """A model of whether a picture contains text. Thread-safe."""

    def __init__(self, machine: Machine) -> None:
        self._session: LazyModel[Any] = LazyModel(lambda: open_session(MODEL, threads=1), machine.idle)

    def measure(self, image: Pixels) -> float:
        """Return the probability that there is text in the part of an image that looks most like it.

        Args:
            image: RGB, shape (height, width, 3), uint8; about as large as a thumbnail.
        """
        gray = (image @ WEIGHTS).astype(np.uint8)
        with self._session.use() as session:
            logits: npt.NDArray[np.float32] = session.run(None, {"pixels": gray[None]})[0][0]
        rows = np.pad(1 / (1 + np.exp(-logits)), ((0, 0), (0, max(0, CELLS - logits.shape[1]))))
        means = np.lib.stride_tricks.sliding_window_view(rows, CELLS, axis=1).mean(-1)
        return float(means.max(initial=0.0))
