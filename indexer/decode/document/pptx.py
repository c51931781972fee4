"""PPTX: the texts of the slides, with their charts, tables, diagrams, speaker notes and comments."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from indexer.decode.document.archive import Archive, get_attribute, get_name
from indexer.decode.document.docx import CELL_SEPARATOR
from indexer.decode.document.ooxml import HIDDEN_BRANCH, Package, iterate_visible, read_paragraphs
from indexer.decode.document.text import Text

if TYPE_CHECKING:
    from lxml.etree import _Element

# Placeholders of notes that repeat what is on the slide, and of slides that are the same everywhere.
REPEATED_PLACEHOLDERS = {"sldNum", "sldImg"}
TITLE_PLACEHOLDERS = {"title", "ctrTitle"}


def read_pptx(body: bytes) -> Iterator[Text]:
    """Yield the slides of a PPTX, each as a page."""
    with Archive(body) as archive:
        package = Package(archive)
        main = package.find_main("ppt/presentation.xml")
        title = package.read_title()
        targets = {relation.id: relation.target for relation in package.list_relations(main)}
        root = archive.read_xml(main)
        references = [element for element in root.iter() if get_name(element) == "sldId"]
        slides = [targets.get(_get_relation_id(reference), "") for reference in references]
        for number, slide in enumerate(slides, 1):
            if slide in archive:
                yield Text("\n\n".join(_read_slide(package, slide)), title, number)


def _get_relation_id(element: "_Element") -> str:
    """Return the id of the relation of a slide; its attribute has a namespace, unlike the id of the slide."""
    return next((str(value) for key, value in element.attrib.items() if str(key).endswith("}id")), "")


def _read_slide(package: Package, slide: str) -> list[str]:
    """Return the texts of a slide: its title, its shapes, the notes and the comments."""
    root = package.archive.find_xml(slide)
    if root is None:
        return []
    shapes = sorted(_find_shapes(root), key=lambda shape: _get_placeholder(shape) not in TITLE_PLACEHOLDERS)
    texts = [text for shape in shapes for text in _read_shape(package, shape, slide)]
    for part in package.find_related(slide, "notesSlide"):
        notes = package.archive.find_xml(part)
        texts += [text for shape in _find_shapes(notes) for text in read_paragraphs(shape)] if notes is not None else []
    for part in package.find_related(slide, "comments"):
        texts += _read_comments(package.archive.find_xml(part))
    return texts


def _find_shapes(root: "_Element") -> Iterator["_Element"]:
    """Yield the shapes of a slide, also those in groups, in the order in which they are drawn."""
    for element in root:
        name = get_name(element)
        if name in {"sp", "graphicFrame", "cxnSp", "pic"}:
            if _get_placeholder(element) not in REPEATED_PLACEHOLDERS:
                yield element
        elif name != HIDDEN_BRANCH:
            yield from _find_shapes(element)


def _get_placeholder(shape: "_Element") -> str | None:
    """Return the type of a placeholder, None for another shape."""
    properties = (child for child in shape if get_name(child) == "nvSpPr")
    marks = (mark for one in properties for mark in one.iter() if get_name(mark) == "ph")
    return next((get_attribute(mark, "type") or "body" for mark in marks), None)


def _read_shape(package: Package, shape: "_Element", slide: str) -> Iterator[str]:
    tables = [element for element in iterate_visible(shape) if get_name(element) == "tbl"]
    if not tables:
        yield from read_paragraphs(shape)
        yield from package.read_drawing(shape, slide)
    for row in (element for table in tables for element in table if get_name(element) == "tr"):
        cells = (" ".join(read_paragraphs(cell)) for cell in row if get_name(cell) == "tc")
        if joined := CELL_SEPARATOR.join(cell for cell in cells if cell):
            yield joined


def _read_comments(root: "_Element | None") -> Iterator[str]:
    """Yield the comments of a slide: texts of older programs, paragraphs of newer ones."""
    if root is not None:
        yield from ((element.text or "").strip() for element in root.iter() if get_name(element) == "text")
        yield from read_paragraphs(root)
