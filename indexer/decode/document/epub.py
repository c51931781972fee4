"""EPUB books: their chapters in the order of reading, and the cover."""

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from indexer.decode.document.office import open_archive
from indexer.decode.document.text import Text, read_html
from search.errors import UnreadableMediaError
from search.media.image.picture import USEFUL_SIDE, Picture, open_image

if TYPE_CHECKING:
    from lxml.etree import _Element

CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"


@dataclass(frozen=True)
class Book:
    """What a book says of itself. language: ISO 639."""

    title: str | None
    author: str | None
    language: str | None
    cover: Picture | None
    chapters: tuple[str, ...]


def open_book(body: bytes) -> Book:
    """Read a book's package document. Raises UnreadableMediaError when there is none."""
    with open_archive(body) as archive:
        container = _parse(archive, "META-INF/container.xml")
        root = container.find(f".//{CONTAINER}rootfile")
        place = root.get("full-path") if root is not None else None
        if not place:
            raise UnreadableMediaError("damaged EPUB: it names no package document")
        package = _parse(archive, place)
        folder = posixpath.dirname(place)
        files = {
            one.get("id"): posixpath.normpath(posixpath.join(folder, unquote(one.get("href") or "")))
            for one in package.iter(f"{OPF}item")
        }
        chapters = tuple(files[one.get("idref")] for one in package.iter(f"{OPF}itemref") if one.get("idref") in files)
        language = (package.findtext(f".//{DC}language") or "").split("-")[0].lower() or None
        return Book(
            title=package.findtext(f".//{DC}title") or None,
            author=package.findtext(f".//{DC}creator") or None,
            language=language,
            cover=_read_cover(archive, package, files),
            chapters=chapters,
        )


def read_chapters(body: bytes, book: Book) -> Iterator[Text]:
    """Return the text of the chapters in the order of reading."""
    with open_archive(body) as archive:
        names = set(archive.namelist())
        for name in book.chapters:
            if name in names:
                yield Text(read_html(archive.read(name)).content, book.title)


def _parse(archive: zipfile.ZipFile, name: str) -> "_Element":
    from lxml import etree

    try:
        return etree.fromstring(archive.read(name), etree.XMLParser(resolve_entities=False, no_network=True))
    except (KeyError, etree.XMLSyntaxError) as error:
        raise UnreadableMediaError(f"damaged EPUB: {name}: {error}") from error


def _read_cover(archive: zipfile.ZipFile, package: "_Element", files: dict[str | None, str]) -> Picture | None:
    marked = [one.get("id") for one in package.iter(f"{OPF}item") if "cover-image" in (one.get("properties") or "")]
    marked += [one.get("content") for one in package.iter(f"{OPF}meta") if one.get("name") == "cover"]
    for name in (files.get(one) for one in marked):
        if name in archive.namelist():
            try:
                return open_image(archive.read(name), USEFUL_SIDE)[0]
            except UnreadableMediaError:
                return None  # a book without its cover is still a book
    return None
