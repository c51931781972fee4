"""DOCX: everything that a reader sees, in reading order."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from indexer.decode.document.archive import Archive, get_attribute, get_name
from indexer.decode.document.ooxml import HIDDEN_BRANCH, Package
from indexer.decode.document.text import Text, read_html

if TYPE_CHECKING:
    from lxml.etree import _Element

# Deleted and moved text, codes of fields, properties, and pronunciations, which would cut words in two.
NOT_SHOWN = {"del", "moveFrom", "instrText", "delText", "delInstrText", "pPr", "rPr", "tblPr", "rt", HIDDEN_BRANCH}
SPACES = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
# Notes by the element that refers to them, with the kind of the part that contains them.
NOTES = {"footnoteReference": "footnotes", "commentReference": "comments", "endnoteReference": "endnotes"}
OFF = {"0", "false", "off"}
CELL_SEPARATOR = " | "


def read_docx(body: bytes) -> Iterator[Text]:
    """Yield the text of a DOCX: headers, the body with its notes and comments in place, endnotes and footers."""
    with Archive(body) as archive:
        reader = _Reader(Package(archive))
        yield Text("\n\n".join(reader.read_all()), reader.package.read_title())


class _Reader:
    """Reads one document."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self._main = package.find_main("word/document.xml")
        self._notes = {element: self._read_notes(kind) for element, kind in NOTES.items()}

    def read_all(self) -> list[str]:
        """Return the paragraphs of the document in order; a repeated header or footer only once."""
        body = self.package.archive.read_xml(self._main)
        related = self.package.find_related
        headers, footers = (
            [text for part in related(self._main, kind) for text in self._read_part(part)]
            for kind in ("header", "footer")
        )
        texts = [*dict.fromkeys(headers), *self._read_blocks(body, self._main)]
        texts += [text for note in self._notes["endnoteReference"].values() for text in note]
        return texts + [text for text in dict.fromkeys(footers) if text not in headers]

    def _read_part(self, part: str) -> list[str]:
        root = self.package.archive.find_xml(part)
        return list(self._read_blocks(root, part)) if root is not None else []

    def _read_notes(self, kind: str) -> dict[str, list[str]]:
        """Return the notes of a kind by their ids; separator lines have a type and are left out."""
        notes: dict[str, list[str]] = {}
        for part in self.package.find_related(self._main, kind):
            root = self.package.archive.find_xml(part)
            for note in root if root is not None else ():
                if (get_attribute(note, "type") or "normal") == "normal":
                    notes[get_attribute(note, "id") or ""] = list(self._read_blocks(note, part))
        return notes

    def _read_blocks(self, root: "_Element", part: str) -> Iterator[str]:
        """Yield the paragraphs and rows of tables in an element."""
        for element in root:
            name = get_name(element)
            if name == "p":
                yield from self._read_paragraph(element, part)
            elif name == "tbl":
                yield from self._read_table(element, part)
            elif name == "altChunk":
                yield from self._read_chunk(element, part)
            elif name not in NOT_SHOWN:
                yield from self._read_blocks(element, part)

    def _read_table(self, table: "_Element", part: str) -> Iterator[str]:
        """Yield the rows of a table, each as one text."""
        for row in _find_nearest(table, "tr"):
            cells = [" ".join(self._read_blocks(cell, part)) for cell in _find_nearest(row, "tc")]
            if any(cells):
                yield CELL_SEPARATOR.join(cell for cell in cells if cell)

    def _read_chunk(self, element: "_Element", part: str) -> Iterator[str]:
        """Yield the text of an embedded file in HTML, in which some converters write the whole document."""
        wanted = get_attribute(element, "id")
        for relation in self.package.list_relations(part):
            if relation.id == wanted and relation.target.lower().endswith(("html", "htm", "xhtml")):
                yield read_html(self.package.archive.read(relation.target)).content

    def _read_paragraph(self, paragraph: "_Element", part: str) -> Iterator[str]:
        """Yield the text of a paragraph, then the text boxes, charts, footnotes and comments that belong to it."""
        pieces: list[str] = []
        attached: list[str] = []
        self._collect(paragraph, part, pieces, attached)
        yield from (text for text in ("".join(pieces).strip(), *attached) if text)

    def _collect(self, element: "_Element", part: str, pieces: list[str], attached: list[str]) -> None:
        for child in element:
            name = get_name(child)
            if name == "t":
                pieces.append(child.text or "")
            elif name in SPACES:
                pieces.append(SPACES[name])
            elif name == "txbxContent":
                attached += self._read_blocks(child, part)
            elif name in {"chart", "relIds"}:
                attached += self.package.read_drawing(child, part)
            elif name in {"footnoteReference", "commentReference"}:
                attached += self._notes[name].get(get_attribute(child, "id") or "", [])
            elif name not in NOT_SHOWN and not (name == "r" and _is_hidden(child)):
                self._collect(child, part, pieces, attached)


def _find_nearest(element: "_Element", name: str) -> Iterator["_Element"]:
    """Yield the nearest descendants of a name, for example also those in content controls."""
    for child in element:
        if get_name(child) == name:
            if not _is_deleted(child):
                yield child
        elif get_name(child) not in {"tbl", *NOT_SHOWN}:
            yield from _find_nearest(child, name)


def _is_deleted(row: "_Element") -> bool:
    """Return whether a row of a table was deleted while changes were tracked."""
    properties = (child for child in row if get_name(child) == "trPr")
    return any(get_name(mark) == "del" for one in properties for mark in one)


def _is_hidden(run: "_Element") -> bool:
    """Return whether a run has the format "hidden"."""
    marks = (mark for properties in run if get_name(properties) == "rPr" for mark in properties)
    return any(get_name(mark) == "vanish" and get_attribute(mark, "val") not in OFF for mark in marks)
