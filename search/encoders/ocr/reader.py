"""What reads the text in images: a quick look first, then one engine or two."""

import numpy as np

from search.encoders.ocr.engine import ImageTextReader, LineEngine, Quad, ReadLine, is_line_shaped
from search.encoders.ocr.presence import TextPresence, cut_around
from search.encoders.ocr.probe import DEFAULT_PRIOR
from search.encoders.ocr.rapid import RapidEngine, is_installed
from search.encoders.ocr.tesseract import find_tesseract
from search.encoders.runtime import Machine
from search.records import Pixels

# Increased when the same engines give other results, so that images are read again.
REVISION = 2
# The side of the square, in pixels of a thumbnail, in which lines are searched before the image is read.
LOOK_SIDE = 224
# A line that is read with less confidence is mostly a pattern that is no text.
MIN_CONFIDENCE = 0.6
# If the first engine is less sure than this of a line, the second one reads it as well: it may be in another script.
SURE_CONFIDENCE = 0.9
# If the second engine is less sure than this of a line, it may be upside down.
UPRIGHT_CONFIDENCE = 0.8


def choose_text_reader(machine: Machine) -> ImageTextReader | None:
    """Return what reads text in images; None if the extra `ocr` is not installed."""
    if not is_installed():
        return None
    return CascadedReader(RapidEngine(machine), find_tesseract(), TextPresence(machine), machine.threads)


class CascadedReader:
    """Reads with RapidOCR, and with Tesseract what may be in a script that the former does not know."""

    def __init__(self, engine: RapidEngine, second: LineEngine | None, presence: TextPresence, streams: int) -> None:
        """Join the parts.

        Args:
            engine: Reads Latin, Chinese and Japanese.
            second: Reads lines in other scripts; None if it is not installed.
            presence: Tells quickly whether there may be text.
            streams: The number of images that are read at the same time.
        """
        self._engine = engine
        self._second = second
        self._presence = presence
        self.streams = max(1, streams)

    @property
    def fingerprint(self) -> str:
        """What determines the result."""
        second = [] if self._second is None else [self._second.fingerprint]
        return ", ".join([str(REVISION), self._engine.fingerprint, *second])

    def may_have_text(self, image: Pixels, prior: float = DEFAULT_PRIOR) -> bool:
        """Return whether an image may contain text. See `ImageTextReader`."""
        spot = self._presence.find(image)
        return spot.log_odds + prior >= 0 and self._engine.has_line(cut_around(image, spot, LOOK_SIDE))

    def read(self, image: Pixels) -> list[ReadLine]:
        """Return the lines in any order. See `ImageTextReader`."""
        lines = self._engine.read(image)
        sure = [line for line in lines if line.text and line.confidence >= SURE_CONFIDENCE]
        unsure = [line for line in lines if line not in sure]
        if self._second is not None:
            short = [line for line in unsure if not is_line_shaped(line.quad)]
            long = [line for line in unsure if line not in short]
            unsure = [*short, *self._read_again(self._second, image, long)]
        return [*sure, *filter(_is_legible, unsure)]

    def _read_again(self, second: LineEngine, image: Pixels, lines: list[ReadLine]) -> list[ReadLine]:
        """Return lines as the second engine reads them; those that it does not read stay as they are.

        The first engine does not know which way up other scripts are, so lines may have to be turned.
        """
        read = self._read_quads(second, image, [line.quad for line in lines])
        doubtful = [number for number, line in enumerate(read) if line is None or line.confidence < UPRIGHT_CONFIDENCE]
        turned = self._read_quads(second, image, [np.roll(lines[number].quad, 2, axis=0) for number in doubtful])
        for number, line in zip(doubtful, turned, strict=True):
            upright = read[number]
            if line is not None and (upright is None or upright.confidence < line.confidence):
                read[number] = line
        return [old if new is None else new for old, new in zip(lines, read, strict=True)]

    def _read_quads(self, second: LineEngine, image: Pixels, quads: list[Quad]) -> list[ReadLine | None]:
        texts = second.read_lines(self._engine.cut(image, quads)) if quads else []
        return [
            None if found is None else ReadLine(quad, found.text, found.confidence)
            for quad, found in zip(quads, texts, strict=True)
        ]


def _is_legible(line: ReadLine) -> bool:
    return bool(line.text) and line.confidence >= MIN_CONFIDENCE
