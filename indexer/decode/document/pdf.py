"""PDF: the text of its pages, and the picture of those without. Home of pypdfium2."""

import numpy as np

from indexer.decode.content import DecodedImage, FileSummary, Parts
from indexer.decode.passages import cut_passages
from search.errors import UnreadableMediaError
from search.media.image.picture import THUMBNAIL_SIZE, Picture
from search.records import MediaFacts, Segment, SegmentKind

PAGE_LIMIT = 10_000


def decode_pdf(body: bytes) -> Parts:
    """Return the text of every page, and of pages without text their picture: they were scanned, or drawn."""
    import pypdfium2

    offset, found = 0, False
    cover: Picture | None = None
    try:
        with pypdfium2.PdfDocument(body) as document:
            if len(document) > PAGE_LIMIT:
                raise UnreadableMediaError(f"PDF of more than {PAGE_LIMIT} pages")
            for number in range(len(document)):
                page = document[number]
                textpage = page.get_textpage()
                text = textpage.get_text_bounded()
                textpage.close()
                passages = cut_passages(text, number + 1, offset)
                yield from passages
                offset += len(text) + 1
                if cover is None or not passages:
                    picture = page.render(scale=THUMBNAIL_SIZE[0] / max(page.get_size())).to_pil().convert("RGB")
                    cover = cover or picture
                    if not passages and _shows_something(picture):
                        found = True
                        yield DecodedImage(Segment(SegmentKind.IMAGE, page=number + 1), picture)
                found = found or bool(passages)
                page.close()
            title = document.get_metadata_value("Title") or None
    except pypdfium2.PdfiumError as error:
        raise UnreadableMediaError(f"damaged or protected PDF: {error}") from error
    if not found:
        raise UnreadableMediaError("PDF of empty pages")
    yield FileSummary(MediaFacts(title=title), cover)


def _shows_something(picture: Picture) -> bool:
    return bool(np.ptp(np.asarray(picture)))
