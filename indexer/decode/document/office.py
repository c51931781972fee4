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
from indexer.decode.family import DocumentFormat
from search.errors import UnreadableMediaError

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


def _declare_ooxml(names: str, folder: str, read: Callable[[bytes], Iterator[Text]]) -> DocumentFormat:
    first, *_ = suffixes = names.split()
    decode = partial(_decode_office, first.upper(), read)
    return DocumentFormat(tuple(f".{suffix}" for suffix in suffixes), decode, archive_folder=folder)


def _declare_odf(name: str, kind: str) -> DocumentFormat:
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    return DocumentFormat((f".{name.lower()}",), partial(_decode_office, name, read_odf), mimetype=mimetype)


OFFICE_FORMATS = (
    _declare_ooxml("docx docm dotx dotm", "word/", read_docx),
    _declare_ooxml("pptx pptm ppsx potx", "ppt/", read_pptx),
    _declare_ooxml("xlsx xlsm xltx", "xl/", read_xlsx),
    _declare_odf("ODT", "text"),
    _declare_odf("ODS", "spreadsheet"),
    _declare_odf("ODP", "presentation"),
)
