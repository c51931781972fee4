"""Pages of a PDF for people: an image of a page, and where words are on it.

The functions run in the processes of `search.media.processes`, so arguments and results can be pickled.
"""

import ctypes
import io
import math
import re
import unicodedata
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from search.errors import NotFoundError, UnreadableMediaError
from search.media.document.pdf_file import open_pdf
from search.records import Box
from search.text.analysis import is_unspaced

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

# The widths in which pages are drawn, in pixels; a few, so that browsers and the cache use an image again.
PAGE_WIDTHS = (640, 1024, 1600, 2400, 3200)
# A page that is much higher than wide is drawn smaller.
MAX_PAGE_PIXELS, MAX_PAGE_SIDE = 16_000_000, 16_000
# JPEG, since encoding WebP takes ten times as long. The color of letters is not reduced.
QUALITY, FULL_COLOR = 86, 0
# A PDF starts within this many bytes, as in other programs.
MAX_HEADER_BYTES = 1024
MAX_CHARACTERS = 100_000
# What PDFium writes for a hyphen at the end of a line.
LINE_HYPHEN = "\x02"
MAX_BOXES = 500
MAX_WORDS = 50
# Boxes are measured on a page of this many pixels in each direction.
GRID = 1_000_000


@dataclass(frozen=True)
class PageOutline:
    """What is known about a page before it is drawn.

    Attributes:
        page: The number of the page, from 1.
        pages: The number of pages of the document.
        width: The width in points of 1/72 inch.
        height: The height in points.
        boxes: Where the words are.
    """

    page: int
    pages: int
    width: float
    height: float
    boxes: tuple[Box, ...]


def draw_page(source: Path, number: int, width: int) -> bytes:
    """Return a page as a JPEG file.

    Args:
        source: The PDF.
        number: The number of the page, from 1.
        width: The width of the image in pixels; less for a page that is very high.

    Raises:
        NotFoundError: The file is not a PDF, or has no such page.
        UnreadableMediaError: The PDF or the page is damaged.
    """
    with _open_page(source, number) as (_, page):
        page_width, page_height = _measure(page)
        largest = math.sqrt(MAX_PAGE_PIXELS / (page_width * page_height))
        scale = min(width / page_width, MAX_PAGE_SIDE / page_height, largest)
        image = page.render(scale=scale).to_pil().convert("RGB")
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY, subsampling=FULL_COLOR)
    return stream.getvalue()


def outline_page(source: Path, number: int, words: Collection[str]) -> PageOutline:
    """Return the size of a page, and where words are on it.

    Args:
        source: The PDF.
        number: The number of the page, from 1.
        words: The words, in any case; whole ones are found.

    Raises:
        NotFoundError: The file is not a PDF, or has no such page.
        UnreadableMediaError: The PDF or the page is damaged.
    """
    with _open_page(source, number) as (document, page):
        width, height = _measure(page)
        return PageOutline(number, len(document), width, height, tuple(islice(_find_words(page, words), MAX_BOXES)))


@contextmanager
def _open_page(source: Path, number: int) -> Iterator[tuple["PdfDocument", "PdfPage"]]:
    """Yield a PDF and one of its pages: see `draw_page`."""
    _require_pdf(source)
    with open_pdf(source) as document:
        yield document, _get_page(document, number)


def _require_pdf(source: Path) -> None:
    with source.open("rb") as file:
        if b"%PDF-" not in file.read(MAX_HEADER_BYTES):
            raise NotFoundError(
                "Only PDFs, and office documents where LibreOffice is installed, have pages that can be drawn. "
                "/passages has the text of other documents."
            )


def _get_page(document: "PdfDocument", number: int) -> "PdfPage":
    if not 1 <= number <= len(document):
        raise NotFoundError(f"The document has no page {number}. It has {len(document)}.")
    return document[number - 1]


def _measure(page: "PdfPage") -> tuple[float, float]:
    """Return the width and the height of a page in points."""
    width, height = page.get_size()
    if not (width > 0 and height > 0 and math.isfinite(width * height)):
        raise UnreadableMediaError("the page has no size")
    return width, height


def _find_words(page: "PdfPage", words: Collection[str]) -> Iterator[Box]:
    """Yield where words are on a page: one box for each line that a word is on."""
    pattern = _make_pattern(words)
    if pattern is None:
        return
    textpage = page.get_textpage()
    try:
        text, places = _read_text(textpage)
        for match in pattern.finditer(text):
            first, last = places[match.start()], places[match.end() - 1]
            yield from _find_boxes(page, textpage, first, last - first + 1)
    finally:
        textpage.close()


def _make_pattern(words: Collection[str]) -> re.Pattern[str] | None:
    """Return a pattern of whole words, longest first; None without words."""
    # Scripts without spaces: a word may be a part of a longer run of letters.
    parts = {fold(word): is_unspaced(word) for word in list(words)[:MAX_WORDS] if fold(word)}
    if not parts:
        return None
    whole = [
        re.escape(word) if parts[word] else rf"(?<!\w){re.escape(word)}(?!\w)"
        for word in sorted(parts, key=len, reverse=True)
    ]
    return re.compile("|".join(whole))


def fold(text: str) -> str:
    """Return a text in lower case, without accents and ligatures."""
    letters = unicodedata.normalize("NFKD", text).lower()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _read_text(textpage: "PdfTextPage") -> tuple[str, list[int]]:
    """Return the folded text of a page, and for each of its letters the number of the character on the page."""
    from pypdfium2 import raw

    letters, places = [], []
    is_divided = False
    for place in range(min(textpage.count_chars(), MAX_CHARACTERS)):
        code = raw.FPDFText_GetUnicode(textpage.raw, place)
        character = chr(code) if 0 < code < 0x110000 else " "
        # A word that is divided at the end of a line is found too.
        if character == LINE_HYPHEN or (is_divided and character in "\r\n"):
            is_divided = True
            continue
        is_divided = False
        for letter in fold(character) or character:
            letters.append(letter)
            places.append(place)
    return "".join(letters), places


def _find_boxes(page: "PdfPage", textpage: "PdfTextPage", start: int, count: int) -> Iterator[Box]:
    """Yield the boxes of some characters in shares of the page as it is drawn, one for each line."""
    from pypdfium2 import raw

    edges = [ctypes.c_double() for _ in range(4)]
    for index in range(raw.FPDFText_CountRects(textpage.raw, start, count)):
        raw.FPDFText_GetRect(textpage.raw, index, *edges)
        left, top, right, bottom = (edge.value for edge in edges)
        first, second = _place(page, left, top), _place(page, right, bottom)
        x, y = min(first[0], second[0]), min(first[1], second[1])
        yield x, y, abs(first[0] - second[0]), abs(first[1] - second[1])


def _place(page: "PdfPage", x: float, y: float) -> tuple[float, float]:
    """Return a point of a page in shares of the page as it is drawn, which may be turned or cropped."""
    from pypdfium2 import raw

    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page.raw, 0, 0, GRID, GRID, 0, x, y, across, down)
    return across.value / GRID, down.value / GRID
