"""Documents of office programs: DOCX, PPTX, XLSX, ODT, ODS and ODP."""

import zipfile
from collections.abc import Callable, Iterator
from functools import partial

from indexer.decode.content import Parts
from indexer.decode.document.docx import read_docx
from indexer.decode.document.odf import read_odf
from indexer.decode.document.pptx import read_pptx
from indexer.decode.document.text import Text, cut_texts
from indexer.decode.document.xlsx import read_xlsx
from indexer.decode.family import DocumentFormat, Format
from search.errors import UnreadableMediaError
from search.media.document.office import OFFICE_SUFFIXES

# How damaged content shows itself: an element, member or value that is missing, wrong or nested too deep.
DAMAGE = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    NotImplementedError,
    OverflowError,
    RecursionError,
)


def _decode_office(name: str, read: Callable[[bytes], Iterator[Text]], body: bytes) -> Parts:
    """Yield the parts of a document of an office program.

    Raises:
        UnreadableMediaError: The document is damaged, protected with a password, or of another format.
    """
    try:
        yield from cut_texts(read(body))
    except DAMAGE as error:
        raise UnreadableMediaError(f"damaged or not a {name} document: {error or type(error).__name__}") from error


def _declare_ooxml(entry: Format, folder: str, read: Callable[[bytes], Iterator[Text]]) -> DocumentFormat:
    return DocumentFormat(entry, partial(_decode_office, entry.name, read), archive_folder=folder)


def _declare_odf(entry: Format, kind: str) -> DocumentFormat:
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    return DocumentFormat(entry, partial(_decode_office, entry.name, read_odf), mimetype=mimetype)


WORD_READS = "everything that a reader sees, in order: headers, footers, notes, comments, text boxes, tables, charts"
WORD_OMITS = "deleted and hidden text; images; documents with a password"
SLIDES_READS = "the text of each slide as a page, tables, charts, speaker notes, comments"
SHEETS_READS = "all cells by row, dates as dates, formulas without values as formulas, comments"
SHEETS_OMITS = "number formats other than dates and percent; charts' images"
OFFICE_FORMATS = (
    _declare_ooxml(Format("DOCX", OFFICE_SUFFIXES["DOCX"], WORD_READS, WORD_OMITS), "word/", read_docx),
    _declare_ooxml(Format("PPTX", OFFICE_SUFFIXES["PPTX"], SLIDES_READS, "images"), "ppt/", read_pptx),
    _declare_ooxml(Format("XLSX", OFFICE_SUFFIXES["XLSX"], SHEETS_READS, SHEETS_OMITS), "xl/", read_xlsx),
    _declare_odf(Format("ODT", OFFICE_SUFFIXES["ODT"], WORD_READS, WORD_OMITS), "text"),
    _declare_odf(Format("ODS", OFFICE_SUFFIXES["ODS"], SHEETS_READS, SHEETS_OMITS), "spreadsheet"),
    _declare_odf(Format("ODP", OFFICE_SUFFIXES["ODP"], SLIDES_READS, "images"), "presentation"),
)
