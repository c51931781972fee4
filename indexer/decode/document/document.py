"""Documents: passages of text with their pages, and the pictures of pages that have none."""

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from indexer.decode.content import DecodedImage, FileSummary, Parts
from indexer.decode.document.epub import open_book, read_chapters
from indexer.decode.document.office import read_docx, read_odf, read_pptx, read_xlsx
from indexer.decode.document.pdf import decode_pdf
from indexer.decode.document.subtitles import read_subtitles
from indexer.decode.document.text import Text, read_html, read_markdown, read_plain
from indexer.decode.file_types import SUBTITLES, find_zipped
from indexer.decode.passages import cut_passages
from search.errors import UnreadableMediaError
from search.records import MediaFacts, Segment, SegmentKind

SIZE_LIMIT = 512 * 1024 * 1024
TEXTS: dict[str, Callable[[bytes], Text]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
}
OFFICE: dict[str, Callable[[bytes], Iterable[Text]]] = {
    ".docx": read_docx,
    ".pptx": read_pptx,
    ".xlsx": read_xlsx,
    ".odt": read_odf,
    ".ods": read_odf,
    ".odp": read_odf,
}


def decode_document(path: Path) -> Parts:
    """Read a document's text and cut it into passages; subtitles keep their times."""
    size = path.stat().st_size
    if size > SIZE_LIMIT:
        raise UnreadableMediaError(f"document of more than {SIZE_LIMIT // 2**20} MiB")
    body = path.read_bytes()
    if not body.strip():
        raise UnreadableMediaError("empty document")
    suffix = _find_format(path, body)
    if suffix == ".pdf":
        yield from decode_pdf(body)
    elif suffix == ".epub":
        yield from _decode_book(body)
    elif suffix in OFFICE:
        yield from _decode_office(body, suffix)
    elif suffix in SUBTITLES:
        yield from read_subtitles(body)
        yield FileSummary(MediaFacts())
    else:
        yield from _cut([TEXTS.get(suffix, read_plain)(body)])


def _find_format(path: Path, body: bytes) -> str:
    """Return the suffix that the content deserves."""
    if body.startswith(b"%PDF-"):
        return ".pdf"
    suffix = path.suffix.lower()
    if body.startswith(b"PK\x03\x04"):
        return find_zipped(path) or suffix
    return suffix


def _cut(texts: Iterable[Text], facts: MediaFacts | None = None, found: bool = False) -> Parts:
    """Return the passages of texts that follow one another, and the outline. found: something else was given before."""
    offset, title = 0, None
    for text in texts:
        title = title or text.title
        for passage in cut_passages(text.content, text.page, offset):
            found = True
            yield passage
        offset += len(text.content) + 1
    if not found:
        raise UnreadableMediaError("no text in the document")
    yield FileSummary(facts or MediaFacts(title=title))


def _decode_office(body: bytes, suffix: str) -> Parts:
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError
    from openpyxl.utils.exceptions import InvalidFileException
    from pptx.exc import PythonPptxError

    damage = (OpcError, PythonPptxError, InvalidFileException, zipfile.BadZipFile, LxmlError)
    try:
        yield from _cut(OFFICE[suffix](body))
    except (*damage, KeyError, ValueError, TypeError, AttributeError, IndexError, NotImplementedError) as error:
        name = suffix[1:].upper()
        raise UnreadableMediaError(f"not a {name} document, or damaged: {error or type(error).__name__}") from error


def _decode_book(body: bytes) -> Parts:
    try:
        book = open_book(body)
        if book.cover is not None:
            yield DecodedImage(Segment(SegmentKind.IMAGE), book.cover)
        facts = MediaFacts(title=book.title, artist=book.author, language=book.language)
        for part in _cut(read_chapters(body, book), facts, book.cover is not None):
            yield FileSummary(part.facts, book.cover) if isinstance(part, FileSummary) else part
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError) as error:
        raise UnreadableMediaError(f"not an EPUB document, or damaged: {error}") from error
