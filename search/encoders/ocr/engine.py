"""The protocols of what reads text in images."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from search.records import Pixels

# The corners of a line in pixels, clockwise from where its text begins, shape (4, 2), float32.
Quad = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ReadLine:
    """A line of text in an image.

    Attributes:
        quad: Its corners.
        text: Its text, in the order in which it is written down.
        confidence: The mean probability of its characters, 0 to 1.
    """

    quad: Quad
    text: str
    confidence: float


class TextEngine(Protocol):
    """Reads the lines of text in an image. Thread-safe."""

    @property
    def fingerprint(self) -> str:
        """What determines the result: the program, its version and its models."""

    def read(self, image: Pixels) -> list[ReadLine]:
        """Return the lines in any order.

        Args:
            image: RGB, shape (height, width, 3), uint8.
        """


class ImageTextReader(Protocol):
    """Finds images with text, and reads them. Thread-safe."""

    @property
    def fingerprint(self) -> str:
        """What determines the result."""

    @property
    def streams(self) -> int:
        """The preferred number of images that are read at the same time."""

    def may_have_text(self, image: Pixels) -> bool:
        """Return whether an image may contain text, in a fraction of the time that it takes to read it.

        Args:
            image: RGB, shape (height, width, 3), uint8; about as large as a thumbnail.
        """

    def read(self, image: Pixels) -> list[ReadLine]:
        """Return the lines in any order.

        Args:
            image: RGB, shape (height, width, 3), uint8.
        """
