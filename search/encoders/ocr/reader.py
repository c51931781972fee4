"""What reads the text in images: a quick look first, then one engine or two."""

from search.encoders.ocr.engine import ImageTextReader, ReadLine, TextEngine
from search.encoders.ocr.presence import MIN_PROBABILITY, TextPresence
from search.encoders.ocr.rapid import RapidEngine, is_installed
from search.encoders.ocr.tesseract import TesseractEngine, find_tesseract
from search.encoders.runtime import Machine
from search.records import Pixels

# Increased when the same engines give other results, so that images are read again.
REVISION = 1
# A line that is read with less confidence is mostly a pattern that is no text.
MIN_CONFIDENCE = 0.6
# If the first engine is less sure than this of a line, the second one reads as well: it may be in another script.
SURE_CONFIDENCE = 0.9


def choose_text_reader(machine: Machine) -> ImageTextReader | None:
    """Return what reads text in images; None if the extra `ocr` is not installed."""
    if not is_installed():
        return None
    return CascadedReader(RapidEngine(machine), find_tesseract(), TextPresence(machine), machine.threads)


class CascadedReader:
    """Reads with RapidOCR, and with Tesseract what may be in a script that the former does not know."""

    def __init__(
        self, engine: RapidEngine, second: TesseractEngine | None, presence: TextPresence, streams: int
    ) -> None:
        """Join the parts.

        Args:
            engine: Reads Latin, Chinese and Japanese.
            second: Reads other scripts; None if it is not installed.
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
        engines: list[TextEngine] = [self._engine, *([self._second] if self._second is not None else [])]
        return ", ".join([str(REVISION), *(engine.fingerprint for engine in engines)])

    def may_have_text(self, image: Pixels) -> bool:
        """Return whether an image may contain text. See `ImageTextReader`."""
        return self._presence.measure(image) >= MIN_PROBABILITY and self._engine.has_text(image)

    def read(self, image: Pixels) -> list[ReadLine]:
        """Return the lines in any order. See `ImageTextReader`."""
        lines = self._engine.read(image)
        legible = [line for line in lines if line.confidence >= MIN_CONFIDENCE]
        if self._second is None or all(line.confidence >= SURE_CONFIDENCE for line in lines):
            return legible
        return choose_lines(legible, self._second.read(image))


def choose_lines(lines: list[ReadLine], others: list[ReadLine]) -> list[ReadLine]:
    """Return the lines of two engines. Where both read a line, the one in a script of the second engine wins.

    Args:
        lines: What the first engine read.
        others: What the second engine read, only in its own scripts.
    """
    kept = [line for line in lines if not any(_overlap(line, other) for other in others)]
    return [*kept, *others]


def _overlap(first: ReadLine, second: ReadLine) -> bool:
    """Return whether the center of a line is in the box around the other one."""
    center = first.quad.mean(0)
    return bool((second.quad.min(0) <= center).all() and (center <= second.quad.max(0)).all())
