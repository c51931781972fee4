"""EPUB books: the cover, and the chapters in reading order."""

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from indexer.decode.content import DecodedImage, FileSummary, Parts
from indexer.decode.document.office import open_archive
from indexer.decode.document.text import Text, cut_texts, read_html
from indexer.decode.family import DocumentFormat
from search.errors import UnreadableMediaError
from search.media.image.pillow import USEFUL_SIDE, PilImage, open_image
from search.records import MediaFacts, Segment, SegmentKind

if TYPE_CHECKING:
    from lxml.etree import _Element

CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"


@dataclass(frozen=True)
class Book:
    """The declarations of the package document of a book.

    Attributes:
        title: The title.
        author: The first author.
        language: ISO 639 code.
        cover: The decoded cover.
        chapters: Names of archive members in reading order.
    """

    title: str | None
    author: str | None
    language: str | None
    cover: PilImage | None
    chapters: tuple[str, ...]


def open_book(body: bytes) -> Book:
    """Read the package document of a book.

    Raises:
        UnreadableMediaError: There is no package document, or it is damaged.
    """
    with open_archive(body) as archive:
        container = _parse(archive, "META-INF/container.xml")
        root = container.find(f".//{CONTAINER}rootfile")
        package_name = root.get("full-path") if root is not None else None
        if not package_name:
            raise UnreadableMediaError("damaged EPUB: the package document is missing")
        package = _parse(archive, package_name)
        folder = posixpath.dirname(package_name)
        files = {
            item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
            for item in package.iter(f"{OPF}item")
        }
        references = [reference.get("idref") for reference in package.iter(f"{OPF}itemref")]
        chapters = tuple(files[reference] for reference in references if reference in files)
        language = (package.findtext(f".//{DC}language") or "").split("-")[0].lower() or None
        return Book(
            title=package.findtext(f".//{DC}title") or None,
            author=package.findtext(f".//{DC}creator") or None,
            language=language,
            cover=_read_cover(archive, package, files),
            chapters=chapters,
        )


def read_chapters(body: bytes, book: Book) -> Iterator[Text]:
    """Yield the text of the chapters in reading order."""
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


def _read_cover(archive: zipfile.ZipFile, package: "_Element", files: dict[str | None, str]) -> PilImage | None:
    covers = [item.get("id") for item in package.iter(f"{OPF}item") if "cover-image" in (item.get("properties") or "")]
    covers += [meta.get("content") for meta in package.iter(f"{OPF}meta") if meta.get("name") == "cover"]
    for name in (files.get(cover) for cover in covers):
        if name in archive.namelist():
            try:
                return open_image(archive.read(name), USEFUL_SIDE)[0]
            except UnreadableMediaError:
                return None  # the book is indexed without a cover
    return None


def decode_epub(body: bytes) -> Parts:
    """Yield the cover and the text of a book.

    Raises:
        UnreadableMediaError: The book is damaged, or not an EPUB.
    """
    try:
        book = open_book(body)
        if book.cover is not None:
            yield DecodedImage(Segment(SegmentKind.IMAGE), book.cover)
        facts = MediaFacts(title=book.title, artist=book.author, language=book.language)
        for part in cut_texts(read_chapters(body, book), facts, has_image=book.cover is not None):
            yield FileSummary(part.facts, book.cover) if isinstance(part, FileSummary) else part
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError) as error:
        raise UnreadableMediaError(f"damaged or not an EPUB document: {error}") from error


EPUB = DocumentFormat((".epub",), decode_epub, mimetype="application/epub+zip")
