"""PDF: the text of the pages, and images of pages without text. Home of pypdfium2."""

from typing import TYPE_CHECKING

import numpy as np

from indexer.decode.content import DecodedImage, FileSummary, Parts
from indexer.decode.family import DocumentFormat
from indexer.decode.passages import cut_passages
from search.errors import UnreadableMediaError
from search.media.image.pillow import THUMBNAIL_SIZE, PilImage
from search.records import MediaFacts, Segment, SegmentKind

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

MAX_PAGES = 10_000


def decode_pdf(body: bytes) -> Parts:
    """Yield the text of every page, and an image of each page without text: it was scanned or drawn.

    Raises:
        UnreadableMediaError: The PDF is damaged, protected, too long or empty.
    """
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(body) as document:
            if len(document) > MAX_PAGES:
                raise UnreadableMediaError(f"the PDF has more pages than the limit of {MAX_PAGES}")
            yield from _decode_pages(document)
    except pypdfium2.PdfiumError as error:
        raise UnreadableMediaError(f"damaged or protected PDF: {error}") from error


def _decode_pages(document: "PdfDocument") -> Parts:
    offset, is_empty = 0, True
    cover: PilImage | None = None
    for number in range(len(document)):
        page = document[number]
        text = _read_text(page)
        passages = cut_passages(text, number + 1, offset)
        yield from passages
        offset += len(text) + 1
        is_empty = is_empty and not passages
        if cover is None or not passages:
            image = _render(page)
            cover = cover or image
            if not passages and not _is_blank(image):
                is_empty = False
                yield DecodedImage(Segment(SegmentKind.IMAGE, page=number + 1), image)
        page.close()
    if is_empty:
        raise UnreadableMediaError("all pages of the PDF are empty")
    yield FileSummary(MediaFacts(title=document.get_metadata_value("Title") or None), cover)


def _read_text(page: "PdfPage") -> str:
    textpage = page.get_textpage()
    text: str = textpage.get_text_bounded()
    textpage.close()
    return text


def _render(page: "PdfPage") -> PilImage:
    scale = THUMBNAIL_SIZE[0] / max(page.get_size())
    image: PilImage = page.render(scale=scale).to_pil().convert("RGB")
    return image


def _is_blank(image: PilImage) -> bool:
    return not np.ptp(np.asarray(image))


PDF = DocumentFormat((".pdf",), decode_pdf, signature=b"%PDF-")
