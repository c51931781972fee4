"""EPUB books: the cover, and the chapters in reading order."""

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.decode.content import DecodedImage, FileSummary, Parts
from indexer.decode.document.archive import Archive, get_attribute, get_name, join_path, make_key
from indexer.decode.document.text import Text, cut_texts, read_html
from indexer.decode.family import DocumentFormat, Format
from search.errors import UnreadableMediaError
from search.media.image.pillow import USEFUL_SIDE, PilImage, open_image
from search.records import MediaFacts, Segment, SegmentKind

if TYPE_CHECKING:
    from lxml.etree import _Element

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
# Encryption of fonts only, which does not keep the text from being read.
FONT_OBFUSCATION = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


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


def open_book(archive: Archive) -> Book:
    """Read the package document of a book.

    Raises:
        UnreadableMediaError: There is no package document, it is damaged, or the book is encrypted.
    """
    name = _find_package(archive)
    package, folder = archive.read_xml(name), posixpath.dirname(name)
    items = [element for element in package.iter() if get_name(element) == "item"]
    files = {item.get("id"): join_path(folder, item.get("href") or "") for item in items}
    references = [element.get("idref") for element in package.iter() if get_name(element) == "itemref"]
    chapters = [files[reference] for reference in references if reference in files]
    # A book whose spine is empty or wrong is read in the order of its list of files.
    if not any(chapter in archive for chapter in chapters):
        chapters = [files[item.get("id")] for item in items if "html" in (item.get("media-type") or "")]
    _refuse_encrypted(archive, chapters)
    return Book(
        title=_find_text(package, "title"),
        author=_find_text(package, "creator"),
        language=(_find_text(package, "language") or "").split("-")[0].lower() or None,
        cover=_read_cover(archive, package, files),
        chapters=tuple(chapters),
    )


def read_chapters(archive: Archive, book: Book) -> Iterator[Text]:
    """Yield the text of the chapters in reading order; a chapter that is missing or damaged is left out."""
    for name in book.chapters:
        try:
            yield Text(read_html(archive.read(name)).content, book.title)
        except (KeyError, UnreadableMediaError):
            continue


def _find_package(archive: Archive) -> str:
    """Return the name of the package document."""
    container = archive.find_xml(CONTAINER)
    roots = [root for root in container.iter() if get_name(root) == "rootfile"] if container is not None else []
    names = [join_path("", get_attribute(root, "full-path") or "") for root in roots]
    names += [name for name in archive.names.values() if name.lower().endswith(".opf")]
    for name in names:
        if name in archive:
            return name
    raise UnreadableMediaError("damaged EPUB: the package document is missing")


def _refuse_encrypted(archive: Archive, chapters: list[str]) -> None:
    """Raise UnreadableMediaError if chapters are encrypted, as in books with copy protection."""
    encryption, protected = archive.find_xml(ENCRYPTION), {make_key(chapter) for chapter in chapters}
    for entry in encryption if encryption is not None else ():
        parts = {get_name(element): element for element in entry.iter()}
        method, reference = parts.get("EncryptionMethod"), parts.get("CipherReference")
        name = join_path("", (reference.get("URI") or "") if reference is not None else "")
        is_font = method is not None and (method.get("Algorithm") or "") in FONT_OBFUSCATION
        if make_key(name) in protected and not is_font:
            raise UnreadableMediaError("the book has copy protection (DRM). Only a copy without it can be indexed")


def _find_text(package: "_Element", name: str) -> str | None:
    texts = ((element.text or "").strip() for element in package.iter() if get_name(element) == name)
    return next((text for text in texts if text), None)


def _read_cover(archive: Archive, package: "_Element", files: dict[str | None, str]) -> PilImage | None:
    elements = list(package.iter())
    covers = [element.get("id") for element in elements if "cover-image" in (element.get("properties") or "").split()]
    covers += [element.get("content") for element in elements if element.get("name") == "cover"]
    for name in (files.get(cover, cover or "") for cover in covers):
        if name in archive:
            try:
                return open_image(archive.read(name), USEFUL_SIDE)[0]
            except UnreadableMediaError:
                return None  # the book is indexed without a cover
    return None


def decode_epub(body: bytes) -> Parts:
    """Yield the cover and the text of a book.

    Raises:
        UnreadableMediaError: The book is damaged, protected, or not an EPUB.
    """
    try:
        with Archive(body) as archive:
            book = open_book(archive)
            if book.cover is not None:
                yield DecodedImage(Segment(SegmentKind.IMAGE), book.cover)
            facts = MediaFacts(title=book.title, artist=book.author, language=book.language)
            for part in cut_texts(read_chapters(archive, book), facts, has_image=book.cover is not None):
                yield FileSummary(part.facts, book.cover) if isinstance(part, FileSummary) else part
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RecursionError) as error:
        raise UnreadableMediaError(f"damaged or not an EPUB document: {error}") from error


EPUB = DocumentFormat(
    Format("EPUB", (".epub",), "the text in reading order; the cover", "books with copy protection; other images"),
    decode_epub,
    mimetype="application/epub+zip",
)
