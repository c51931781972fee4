"""The small network that finds where a picture looks most like text: it takes a millisecond, reading takes seconds.

`training/fit_text_presence.py` trains it. Together with `probe.py` it skips nearly all photos without text, and a few
with little of it: `docs/evaluation.md` has the figures.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from search.encoders.lazy import LazyModel
from search.encoders.onnx import open_session
from search.encoders.runtime import Machine
from search.records import Pixels

MODEL = Path(__file__).with_name("presence.onnx")
# The side of a cell in pixels, and the cells in a row that are averaged: one letter is no text.
CELL_SIDE, CELLS = 16, 3
# The probability is kept this far from 0 and 1.
MARGIN = 1e-6
WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Spot:
    """The place in an image that looks most like text.

    Attributes:
        log_odds: The log-odds that there is text.
        x: The center, in pixels from the left.
        y: The center, in pixels from the top.
    """

    log_odds: float
    x: int
    y: int


class TextPresence:
    """A model of whether, and where, a picture contains text. Thread-safe."""

    def __init__(self, machine: Machine) -> None:
        self._session: LazyModel[Any] = LazyModel(lambda: open_session(MODEL, threads=1), machine.idle)

    def find(self, image: Pixels) -> Spot:
        """Return the place that looks most like text.

        Args:
            image: RGB, shape (height, width, 3), uint8; about as large as a thumbnail.
        """
        gray = (image @ WEIGHTS).astype(np.uint8)
        with self._session.use() as session:
            logits: npt.NDArray[np.float32] = session.run(None, {"pixels": gray[None]})[0][0]
        rows = np.pad(1 / (1 + np.exp(-logits)), ((0, 0), (0, max(0, CELLS - logits.shape[1]))))
        means = np.lib.stride_tricks.sliding_window_view(rows, CELLS, axis=1).mean(-1)
        y, x = np.unravel_index(means.argmax(), means.shape)
        probability = float(means[y, x].clip(MARGIN, 1 - MARGIN))
        log_odds = float(np.log(probability / (1 - probability)))
        return Spot(log_odds, round((int(x) + CELLS / 2) * CELL_SIDE), round((int(y) + 0.5) * CELL_SIDE))


def cut_around(image: Pixels, spot: Spot, side: int) -> Pixels:
    """Return the square part of an image around a spot, as far as the image reaches.

    Args:
        image: RGB, shape (height, width, 3), uint8.
        spot: The place in it.
        side: The length of the sides in pixels.
    """
    top = max(0, min(spot.y - side // 2, image.shape[0] - side))
    left = max(0, min(spot.x - side // 2, image.shape[1] - side))
    return image[top : top + side, left : left + side]
