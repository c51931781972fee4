"""PDF: the text of the pages, and images of pages without text. A home of pypdfium2, with `pdf_page`."""

import ctypes
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from indexer.decode.content import DecodedImage, FileSummary, Parts
from indexer.decode.document.archive import get_name, parse_xml
from indexer.decode.document.pdf_page import is_scan, read_text
from indexer.decode.document.text import clean_text
from indexer.decode.family import DocumentFormat, Format
from indexer.decode.passages import cut_passages
from search.errors import UnreadableMediaError
from search.media.document.pdf_file import open_pdf
from search.media.image.pillow import THUMBNAIL_SIZE, PilImage
from search.records import MediaFacts, Segment, SegmentKind

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

# Text is read in a page whose longer side has this many pixels: about 170 per inch of A4.
TEXT_SIDE = 2_000
# The number of damaged pages that a remark names.
MAX_NAMED_PAGES = 20
# Forms in XFA have no pages, only one with this notice for programs that do not support them.
XFA_NOTICE = "If this message is not eventually replaced"
# Elements of such a form that are shown, and elements whose texts are not.
XFA_TEXTS, XFA_HIDDEN = {"text", "exData"}, {"items", "extras", "desc", "script", "event", "connectionSet"}


def decode_pdf(body: bytes) -> Parts:
    """Yield the text of every page, and an image of each page without text: it was scanned or drawn.

    Raises:
        UnreadableMediaError: The PDF is damaged, protected, too long or empty.
    """
    with open_pdf(body) as document:
        yield from _decode_pages(document)


def render_scans(body: bytes) -> Iterator[tuple[int, PilImage]]:
    """Yield the number of each page without text, from 1, and its image, at the size at which text in it is read.

    Raises:
        UnreadableMediaError: The PDF is damaged or protected.
    """
    from pypdfium2 import PdfiumError

    with open_pdf(body) as document:
        for number in range(len(document)):
            with suppress(PdfiumError):
                page = document[number]
                text = _read_page(document, page)
                if not text or is_scan(page, text):
                    yield number + 1, _render(page, TEXT_SIDE)
                page.close()


def _decode_pages(document: "PdfDocument") -> Parts:
    from pypdfium2 import PdfiumError

    offset, is_empty = 0, True
    cover: PilImage | None = None
    damage: PdfiumError | None = None
    left_out: list[str] = []
    for number in range(len(document)):
        try:
            page = document[number]
        except PdfiumError as error:  # the other pages can be read
            damage = error
            left_out.append(str(number + 1))
            continue
        text = _read_page(document, page)
        passages = cut_passages(text, number + 1, offset)
        yield from passages
        offset += len(text) + 1
        is_empty = is_empty and not passages
        needs_image = not passages or is_scan(page, text)
        if cover is None or needs_image:
            image = _render(page)
            cover = cover or image
            if needs_image and not _is_blank(image):
                is_empty = False
                yield DecodedImage(Segment(SegmentKind.IMAGE, page=number + 1), image)
        page.close()
    if is_empty:
        raise damage or UnreadableMediaError("all pages of the PDF are empty")
    remark = f"damaged pages were left out: {', '.join(left_out[:MAX_NAMED_PAGES])}" if left_out else None
    title = clean_text(document.get_metadata_value("Title")) or None
    yield FileSummary(MediaFacts(title=title), cover, remark=remark)


def _read_page(document: "PdfDocument", page: "PdfPage") -> str:
    """Return the text of a page, or of the whole form if the page only has a notice in place of it."""
    text = clean_text(read_text(page))
    if XFA_NOTICE in " ".join(text.split()) and (form := "\n\n".join(_read_xfa(document))):
        text = form
    return text.strip()


def _read_xfa(document: "PdfDocument") -> Iterator[str]:
    """Yield the texts of a form in XFA, then the values that were filled in."""
    packets = _read_packets(document)
    template, data = packets.get("template"), packets.get("datasets")
    if template:
        waiting = [parse_xml(template, "template")]
        while waiting:
            element = waiting.pop()
            if get_name(element) in XFA_TEXTS:
                yield " ".join("".join(element.itertext()).split())
            elif get_name(element) not in XFA_HIDDEN:
                waiting += reversed(element)
    if data:
        for element in parse_xml(data, "datasets").iter():
            if not len(element) and get_name(element) and (element.text or "").strip():
                yield element.text.strip()


def _read_packets(document: "PdfDocument") -> dict[str, bytes]:
    """Return the parts of the XML of a form by their names."""
    from pypdfium2 import raw

    packets: dict[str, bytes] = {}
    size = ctypes.c_ulong()
    for number in range(max(raw.FPDF_GetXFAPacketCount(document.raw), 0)):
        name = ctypes.create_string_buffer(max(raw.FPDF_GetXFAPacketName(document.raw, number, None, 0), 1))
        raw.FPDF_GetXFAPacketName(document.raw, number, name, len(name))
        raw.FPDF_GetXFAPacketContent(document.raw, number, None, 0, size)
        content = ctypes.create_string_buffer(max(size.value, 1))
        raw.FPDF_GetXFAPacketContent(document.raw, number, content, size.value, size)
        packets[name.value.decode("ascii", "replace")] = content.raw[: size.value]
    return packets


def _render(page: "PdfPage", side: int = THUMBNAIL_SIZE[0]) -> PilImage:
    scale = side / max(*page.get_size(), 1)
    image: PilImage = page.render(scale=scale).to_pil().convert("RGB")
    return image


def _is_blank(image: PilImage) -> bool:
    return not np.ptp(np.asarray(image))


PDF = DocumentFormat(
    Format(
        "PDF",
        (".pdf",),
        "the text by columns, values of forms and comments; pages without text, and scans with a stamp, as images",
        "checkboxes; documents that need a password",
    ),
    decode_pdf,
    signature=b"%PDF-",
)
