"""The protocols of what reads text in images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from search.records import Pixels

# The corners of a line in pixels, clockwise from where its text begins, shape (4, 2), float32.
Quad = npt.NDArray[np.float32]
# What is less long in proportion to its height is a pattern more often than a line.
MIN_LINE_RATIO = 1.5


@dataclass(frozen=True, eq=False)
class ReadLine:
    """A line of text in an image.

    Attributes:
        quad: Its corners.
        text: Its text, in the order in which it is written down; empty if nothing in it is legible.
        confidence: The mean probability of its characters, 0 to 1.
    """

    quad: Quad
    text: str
    confidence: float


@dataclass(frozen=True)
class ReadText:
    """The text of an image of one line.

    Attributes:
        text: The text, in the order in which it is written down.
        confidence: The mean probability of its words, 0 to 1.
    """

    text: str
    confidence: float


class TextEngine(Protocol):
    """Finds the lines of text in an image, and reads them. Thread-safe."""

    @property
    def fingerprint(self) -> str:
        """What determines the result: the program, its version and its models."""

    def read(self, image: Pixels) -> list[ReadLine]:
        """Return the lines in any order, also those that are not legible.

        Args:
            image: RGB, shape (height, width, 3), uint8.
        """

    def cut(self, image: Pixels, quads: Sequence[Quad]) -> list[Pixels]:
        """Return an upright image of each line.

        Args:
            image: RGB, shape (height, width, 3), uint8.
            quads: The corners of the lines.
        """


class LineEngine(Protocol):
    """Reads images of one line each. Thread-safe."""

    @property
    def fingerprint(self) -> str:
        """What determines the result: the program, its version and its languages."""

    def read_lines(self, lines: Sequence[Pixels]) -> list[ReadText | None]:
        """Return the text of each line; None where it is not legible.

        Args:
            lines: RGB, shape (height, width, 3) each, uint8.
        """


class ImageTextReader(Protocol):
    """Finds images with text, and reads them. Thread-safe."""

    @property
    def fingerprint(self) -> str:
        """What determines the result."""

    @property
    def streams(self) -> int:
        """The preferred number of images that are read at the same time."""

    def may_have_text(self, image: Pixels, prior: float = ...) -> bool:
        """Return whether an image may contain text, in a fraction of the time that it takes to read it.

        Args:
            image: RGB, shape (height, width, 3), uint8; about as large as a thumbnail.
            prior: What is known before the look, as log-odds: see `TextProbe.measure`.
        """

    def read(self, image: Pixels) -> list[ReadLine]:
        """Return the lines in any order.

        Args:
            image: RGB, shape (height, width, 3), uint8.
        """


def measure_sides(quad: Quad) -> tuple[float, float]:
    """Return the width and the height of a box in pixels."""
    width = max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[2] - quad[3]))
    height = max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2]))
    return float(width), float(height)


def is_line_shaped(quad: Quad) -> bool:
    """Return whether a box is long enough for a line of text, which may be vertical."""
    low, high = sorted(measure_sides(quad))
    return high >= MIN_LINE_RATIO * low
