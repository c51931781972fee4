"""Documents of office programs: DOCX, PPTX, XLSX, ODT, ODS and ODP."""

import io
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from indexer.decode.content import Parts
from indexer.decode.document.text import Text, cut_texts
from indexer.decode.family import DocumentFormat
from search.errors import UnreadableMediaError

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_UNPACKED_BYTES = 256 * 1024 * 1024
# Only the first rows of longer sheets are indexed: such sheets are data, not text.
MAX_ROWS = 50_000
ODF = "{urn:oasis:names:tc:opendocument:xmlns:"
ODF_PAGES = {f"{ODF}drawing:1.0}}page", f"{ODF}table:1.0}}table"}
ODF_LINES = {f"{ODF}text:1.0}}p", f"{ODF}text:1.0}}h"}


def open_archive(body: bytes) -> zipfile.ZipFile:
    """Open a document that is a ZIP archive.

    Raises:
        UnreadableMediaError: The unpacked members would be too large.
    """
    archive = zipfile.ZipFile(io.BytesIO(body))
    if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_BYTES:
        raise UnreadableMediaError(f"larger than the limit of {MAX_UNPACKED_BYTES // 2**20} MiB when unpacked")
    return archive


def read_docx(body: bytes) -> Iterator[Text]:
    """Yield the paragraphs and tables of a DOCX as one text."""
    from docx import Document

    open_archive(body)
    document = Document(io.BytesIO(body))
    parts = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        parts += [" | ".join(cell.text for cell in row.cells) for row in table.rows]
    yield Text("\n\n".join(parts), document.core_properties.title or None)


def read_pptx(body: bytes) -> Iterator[Text]:
    """Yield the slides of a PPTX with their notes, each as a page."""
    from pptx import Presentation

    open_archive(body)
    document = Presentation(io.BytesIO(body))
    title = document.core_properties.title or None
    for number, slide in enumerate(document.slides, 1):
        parts = []
        for shape in slide.shapes:
            if shape.has_text_frame:
                parts.append(shape.text_frame.text)
            elif shape.has_table:
                parts += [" | ".join(cell.text for cell in row.cells) for row in shape.table.rows]
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            parts.append(slide.notes_slide.notes_text_frame.text)
        yield Text("\n\n".join(parts), title, number)


def read_xlsx(body: bytes) -> Iterator[Text]:
    """Yield the sheets of an XLSX, each as a page with one line per row."""
    import openpyxl

    open_archive(body)
    book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True)
    title = book.properties.title or None
    for number, sheet in enumerate(book.worksheets, 1):
        lines = [str(sheet.title)]
        for row in sheet.iter_rows(max_row=MAX_ROWS, values_only=True):
            cells = [str(cell) for cell in row if cell is not None and str(cell).strip()]
            if cells:
                lines.append(" | ".join(cells))
        if len(lines) > 1:
            yield Text("\n".join(lines), title, number)


def read_odf(body: bytes) -> Iterator[Text]:
    """Yield an OpenDocument text, or its sheets or slides, each as a page."""
    from lxml import etree

    with open_archive(body) as archive:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        content = etree.fromstring(archive.read("content.xml"), parser)
        meta = etree.fromstring(archive.read("meta.xml"), parser) if "meta.xml" in archive.namelist() else None
    title = meta.findtext(".//{http://purl.org/dc/elements/1.1/}title") if meta is not None else None
    pages = [element for element in content.iter() if element.tag in ODF_PAGES]
    for number, page in enumerate(pages, 1):
        yield Text(_join_lines(page), title, number)
    if not pages:
        yield Text(_join_lines(content), title)


def _join_lines(root: "_Element") -> str:
    lines = ("".join(element.itertext()) for element in root.iter() if element.tag in ODF_LINES)
    return "\n\n".join(line for line in lines if line.strip())


def _decode_office(name: str, read: Callable[[bytes], Iterator[Text]], body: bytes) -> Parts:
    """Yield the parts of a document of an office program.

    Raises:
        UnreadableMediaError: The document is damaged, or of another format.
    """
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError
    from openpyxl.utils.exceptions import InvalidFileException
    from pptx.exc import PythonPptxError

    damage = (OpcError, PythonPptxError, InvalidFileException, zipfile.BadZipFile, LxmlError)
    try:
        yield from cut_texts(read(body))
    except (*damage, KeyError, ValueError, TypeError, AttributeError, IndexError, NotImplementedError) as error:
        raise UnreadableMediaError(f"damaged or not a {name} document: {error or type(error).__name__}") from error


def _declare_ooxml(name: str, folder: str, read: Callable[[bytes], Iterator[Text]]) -> DocumentFormat:
    return DocumentFormat((f".{name.lower()}",), partial(_decode_office, name, read), archive_folder=folder)


def _declare_odf(name: str, kind: str) -> DocumentFormat:
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    return DocumentFormat((f".{name.lower()}",), partial(_decode_office, name, read_odf), mimetype=mimetype)


OFFICE_FORMATS = (
    _declare_ooxml("DOCX", "word/", read_docx),
    _declare_ooxml("PPTX", "ppt/", read_pptx),
    _declare_ooxml("XLSX", "xl/", read_xlsx),
    _declare_odf("ODT", "text"),
    _declare_odf("ODS", "spreadsheet"),
    _declare_odf("ODP", "presentation"),
)
