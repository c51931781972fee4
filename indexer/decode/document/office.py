"""Documents of office programs: DOCX, PPTX, XLSX, ODT, ODS and ODP."""

import io
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from indexer.decode.document.text import Text
from search.errors import UnreadableMediaError

if TYPE_CHECKING:
    from lxml.etree import _Element

UNPACKED_LIMIT = 256 * 1024 * 1024
# Rows of a sheet beyond these are data, not text that someone looks for.
MAX_ROWS = 50_000
ODF = "{urn:oasis:names:tc:opendocument:xmlns:"
ODF_PAGES = {f"{ODF}drawing:1.0}}page", f"{ODF}table:1.0}}table"}
ODF_LINES = {f"{ODF}text:1.0}}p", f"{ODF}text:1.0}}h"}


def open_archive(body: bytes) -> zipfile.ZipFile:
    """Open a document that is a ZIP archive. Raises UnreadableMediaError when it would unpack to too much."""
    archive = zipfile.ZipFile(io.BytesIO(body))
    if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_LIMIT:
        raise UnreadableMediaError(f"unpacks to more than {UNPACKED_LIMIT // 2**20} MiB")
    return archive


def read_docx(body: bytes) -> Iterator[Text]:
    """Read paragraphs and tables of a DOCX."""
    from docx import Document

    open_archive(body)
    document = Document(io.BytesIO(body))
    parts = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        parts += [" | ".join(cell.text for cell in row.cells) for row in table.rows]
    yield Text("\n\n".join(parts), document.core_properties.title or None)


def read_pptx(body: bytes) -> Iterator[Text]:
    """Read the slides of a PPTX, each a page, with its notes."""
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
    """Read the sheets of an XLSX, each a page, a line for each row."""
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
    """Read an OpenDocument text, or the sheets or slides of one, each a page."""
    from lxml import etree

    with open_archive(body) as archive:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        content = etree.fromstring(archive.read("content.xml"), parser)
        meta = etree.fromstring(archive.read("meta.xml"), parser) if "meta.xml" in archive.namelist() else None
    title = meta.findtext(".//{http://purl.org/dc/elements/1.1/}title") if meta is not None else None
    pages = [one for one in content.iter() if one.tag in ODF_PAGES]
    for number, page in enumerate(pages, 1):
        yield Text(_join_lines(page), title, number)
    if not pages:
        yield Text(_join_lines(content), title)


def _join_lines(root: "_Element") -> str:
    lines = ("".join(one.itertext()) for one in root.iter() if one.tag in ODF_LINES)
    return "\n\n".join(line for line in lines if line.strip())
