"""OpenDocument (ODT, ODS, ODP): everything that a reader sees, in reading order."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from indexer.decode.document.archive import PASSWORD_MESSAGE, Archive, get_attribute, get_name, join_path
from indexer.decode.document.docx import CELL_SEPARATOR
from indexer.decode.document.text import Text
from indexer.decode.document.xlsx import MAX_ROWS
from search.errors import UnreadableMediaError

if TYPE_CHECKING:
    from lxml.etree import _Element

# Deleted text, fields that are the same everywhere, cells that a merged cell covers, and pronunciations.
NOT_SHOWN = {
    "tracked-changes", "forms", "page-number", "page-count", "sheet-name", "note-citation", "covered-table-cell",
    "ruby-text", "creator", "date", "sender-initials",
}  # fmt: skip
PARAGRAPHS = {"p", "h"}
# What is placed at a paragraph or in it, but is not part of its text.
ATTACHED = {"note", "annotation", "frame", "custom-shape", "text-box"}
SPACES = {"tab": "\t", "line-break": "\n"}
MAX_SPACES = 100


def read_odf(body: bytes) -> Iterator[Text]:
    """Yield an OpenDocument text, or its sheets or slides, each as a page."""
    with Archive(body) as archive:
        _refuse_encrypted(archive)
        reader = _Reader(archive)
        content = archive.read_xml("content.xml")
        meta, styles = archive.find_xml("meta.xml"), archive.find_xml("styles.xml")
        title = _find_text(meta, "title")
        root = next((element for element in content.iter() if get_name(element) == "body"), content)
        kind = next((child for child in root if get_name(child) in {"spreadsheet", "presentation"}), None)
        pages = [child for child in kind if get_name(child) in {"table", "page"}] if kind is not None else []
        for number, page in enumerate(pages, 1):
            names = [get_attribute(page, "name") or ""] if get_name(page) == "table" else []
            lines = list(reader.read(page))
            yield Text("\n\n".join([*names, *lines]) if lines else "", title, number)
        headers, footers = (list(_read_edges(reader, styles, name)) for name in ("header", "footer"))
        if not pages:
            yield Text("\n\n".join([*headers, *reader.read(root), *footers]), title)
        elif get_name(kind) == "spreadsheet" and (headers or footers):
            yield Text("\n\n".join([*headers, *footers]), title, 1)


def _refuse_encrypted(archive: Archive) -> None:
    manifest = archive.find_xml("META-INF/manifest.xml")
    if manifest is not None and any(get_name(element) == "encryption-data" for element in manifest.iter()):
        raise UnreadableMediaError(PASSWORD_MESSAGE)


def _find_text(root: "_Element | None", name: str) -> str | None:
    elements = root.iter() if root is not None else ()
    return next((element.text for element in elements if get_name(element) == name and element.text), None)


def _read_edges(reader: "_Reader", styles: "_Element | None", name: str) -> Iterator[str]:
    """Yield the texts of the headers or footers of all page styles, each once."""
    edges = [element for element in styles.iter() if get_name(element).startswith(name)] if styles is not None else []
    texts = [text for edge in edges if get_name(edge.getparent()) == "master-page" for text in reader.read(edge)]
    yield from (text for text in dict.fromkeys(texts) if text.strip("?"))


class _Reader:
    """Reads the elements of one document."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def read(self, root: "_Element") -> Iterator[str]:
        """Yield the paragraphs and rows of tables in an element."""
        rows = 0
        for element in root:
            name = get_name(element)
            if name in PARAGRAPHS:
                yield from self._read_paragraph(element)
            elif name == "table-row":
                rows += 1
                yield from self._read_row(element) if rows <= MAX_ROWS else ()
            elif name == "object":
                yield from self._read_object(element)
            elif name not in NOT_SHOWN:
                yield from self.read(element)

    def _read_paragraph(self, paragraph: "_Element") -> Iterator[str]:
        """Yield the text of a paragraph, then the notes, comments and text boxes that belong to it."""
        pieces: list[str] = []
        attached: list[str] = []
        self._collect(paragraph, pieces, attached)
        yield from (text for text in ("".join(pieces).strip(), *attached) if text)

    def _collect(self, element: "_Element", pieces: list[str], attached: list[str]) -> None:
        pieces.append(element.text or "")
        for child in element:
            name = get_name(child)
            if name in SPACES:
                pieces.append(SPACES[name])
            elif name == "s":
                count = get_attribute(child, "c") or "1"
                pieces.append(" " * min(int(count) if count.isdigit() else 1, MAX_SPACES))
            elif name in ATTACHED:
                attached += self.read(child)
            elif name and name not in NOT_SHOWN:
                self._collect(child, pieces, attached)
            pieces.append(child.tail or "")

    def _read_row(self, row: "_Element") -> Iterator[str]:
        """Yield a row of a table as one text, then the comments and drawings in its cells."""
        cells: list[str] = []
        attached: list[str] = []
        for cell in (child for child in row if get_name(child) == "table-cell"):
            lines = [text for child in cell if get_name(child) not in ATTACHED for text in self.read([child])]
            attached += [text for child in cell if get_name(child) in ATTACHED for text in self.read(child)]
            cells.append(" ".join(lines) or self._show_value(cell))
        yield from (text for text in (CELL_SEPARATOR.join(cell for cell in cells if cell), *attached) if text)

    @staticmethod
    def _show_value(cell: "_Element") -> str:
        """Return the value of a cell that has no text, as some programs write them."""
        names = ("date-value", "time-value", "string-value", "boolean-value", "value")
        return next((value for name in names if (value := get_attribute(cell, name))), "")

    def _read_object(self, element: "_Element") -> Iterator[str]:
        """Yield the titles of a chart or the text of another embedded document."""
        name = join_path("", f"{get_attribute(element, 'href') or ''}/content.xml")
        root = self._archive.find_xml(name)
        if root is not None:
            yield from (text for text in dict.fromkeys(self.read(root)) if text)
