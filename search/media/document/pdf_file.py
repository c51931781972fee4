"""Opening PDFs. Home of pypdfium2, with `pages` and the decoder of PDFs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from search.errors import UnreadableMediaError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MAX_PAGES = 10_000


@contextmanager
def open_pdf(source: Path | bytes) -> "Iterator[PdfDocument]":
    """Open a PDF, with the values of its form, for a `with` block. Errors of the library in the block are converted.

    Args:
        source: The file, or its content.

    Raises:
        UnreadableMediaError: The PDF is damaged, protected or too long.
    """
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(source) as document:
            if len(document) > MAX_PAGES:
                raise UnreadableMediaError(f"the PDF has more pages than the limit of {MAX_PAGES}")
            document.init_forms()
            yield document
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise UnreadableMediaError("the PDF is protected with a password. Save a copy without it") from error
        raise UnreadableMediaError(f"damaged PDF: {error}") from error
