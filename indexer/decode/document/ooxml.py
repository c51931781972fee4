"""What documents of Office Open XML have in common: parts with relations, and texts of drawings.

Elements are found by their names without namespaces, so that the strict and the transitional variant are alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.decode.document.archive import Archive, get_attribute, get_name, join_path
from search.errors import UnreadableMediaError

if TYPE_CHECKING:
    from lxml.etree import _Element

# Of an alternative, only what a current program shows; the other branch repeats it for older programs.
HIDDEN_BRANCH = "Fallback"


@dataclass(frozen=True)
class Relation:
    """A reference from one part of a document to another.

    Attributes:
        id: How the part refers to it.
        kind: The last word of its type, such as `footnotes`.
        target: The name of the other part; empty for a link to outside.
    """

    id: str
    kind: str
    target: str


class Package:
    """The parts of a document of Office Open XML."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._relations: dict[str, list[Relation]] = {}

    def find_main(self, default: str) -> str:
        """Return the name of the main part.

        Raises:
            UnreadableMediaError: There is none.
        """
        documents = [relation.target for relation in self.list_relations("") if relation.kind == "officeDocument"]
        for name in (*documents, default):
            if name in self.archive:
                return name
        raise UnreadableMediaError(f"damaged: {default} is missing")

    def read_title(self) -> str | None:
        """Return the title in the properties of the document."""
        for relation in self.list_relations(""):
            root = self.archive.find_xml(relation.target) if relation.kind == "core-properties" else None
            for element in root.iter() if root is not None else ():
                if get_name(element) == "title" and (element.text or "").strip():
                    return str(element.text).strip()
        return None

    def list_relations(self, part: str) -> list[Relation]:
        """Return the relations of a part; those of the package if the name is empty. They are read once."""
        if part not in self._relations:
            self._relations[part] = self._read_relations(part)
        return self._relations[part]

    def _read_relations(self, part: str) -> list[Relation]:
        folder, _, name = part.rpartition("/")
        root = self.archive.find_xml(f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels")
        relations = []
        for element in root if root is not None else ():
            target = "" if element.get("TargetMode") == "External" else element.get("Target") or ""
            kind = (element.get("Type") or "").rpartition("/")[2]
            relations.append(Relation(element.get("Id") or "", kind, join_path(folder, target) if target else ""))
        return relations

    def find_related(self, part: str, kind: str) -> list[str]:
        """Return the names of the parts that a part refers to by relations of a kind, as far as they exist."""
        relations = self.list_relations(part)
        return [one.target for one in relations if one.kind == kind and one.target in self.archive]

    def read_drawing(self, element: "_Element", part: str) -> Iterator[str]:
        """Yield the texts of the charts and diagrams that an element of a part refers to."""
        relations = {relation.id: relation for relation in self.list_relations(part)}
        for child in element.iter():
            reference = {"chart": "id", "relIds": "dm"}.get(get_name(child))
            relation = relations.get(get_attribute(child, reference) or "") if reference else None
            root = self.archive.find_xml(relation.target) if relation else None
            if root is not None:
                yield from read_chart(root) if get_name(root) == "chartSpace" else read_paragraphs(root)


def iterate_visible(element: "_Element") -> Iterator["_Element"]:
    """Yield an element and its descendants in order, without the branches for older programs."""
    waiting = [element]
    while waiting:
        current = waiting.pop()
        yield current
        waiting += (child for child in reversed(current) if get_name(child) != HIDDEN_BRANCH)


def read_paragraphs(root: "_Element") -> Iterator[str]:
    """Yield the paragraphs of a drawing, such as those of a slide."""
    for element in iterate_visible(root):
        if get_name(element) == "p" and (text := read_paragraph(element)):
            yield text


def read_paragraph(paragraph: "_Element") -> str:
    """Return the text of a paragraph of a drawing."""
    parts = []
    for element in iterate_visible(paragraph):
        name = get_name(element)
        if name == "t":
            parts.append(element.text or "")
        elif name in {"br", "tab"}:
            parts.append("\n" if name == "br" else "\t")
    return "".join(parts).strip()


def read_chart(root: "_Element") -> Iterator[str]:
    """Yield the titles of a chart, and the names of its series and categories, each once."""
    texts = list(read_paragraphs(root))
    for element in root.iter():
        if get_name(element) in {"strCache", "strLit", "lvl"}:
            texts += [(value.text or "").strip() for value in element.iter() if get_name(value) in {"v", "pt"}]
    yield from (text for text in dict.fromkeys(texts) if text)
