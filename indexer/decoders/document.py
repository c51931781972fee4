"""Documents: text with its pages."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer.decoders.content import Outline, Parts, Shot
from indexer.passages import cut_passages
from search.errors import UnreadableMediaError
from search.media.picture import THUMBNAIL_SIZE, Picture
from search.records import MediaFacts, Segment, SegmentKind

SIZE_LIMIT = 512 * 1024 * 1024
UNPACKED_LIMIT = 256 * 1024 * 1024
PAGE_LIMIT = 10_000
XML_DECLARATION = re.compile(rb"\s*<\?xml[^>]*\?>")
XML_ENCODING = re.compile(rb"encoding=[\"']([\w.-]+)[\"']")


@dataclass(frozen=True)
class Text:
    """The text of a document without pages."""

    content: str
    title: str | None = None


def decode_document(path: Path) -> Parts:
    """Read a document's text and cut it into passages; subtitles keep their times."""
    size = path.stat().st_size
    if size > SIZE_LIMIT:
        raise UnreadableMediaError(f"document of more than {SIZE_LIMIT // 2**20} MiB")
    body = path.read_bytes()
    if not body.strip():
        raise UnreadableMediaError("empty document")
    suffix = path.suffix.lower()
    if suffix in {".srt", ".vtt"}:
        yield from _read_subtitles(_decode_text(body))
        yield Outline(MediaFacts())
        return
    if suffix == ".pdf":
        yield from _decode_pdf(body)
        return
    text = READERS.get(suffix, _read_plain)(body)
    passages = cut_passages(text.content)
    if not passages:
        raise UnreadableMediaError("no text in the document")
    yield from passages
    yield Outline(MediaFacts(title=text.title))


def _decode_text(body: bytes) -> str:
    import charset_normalizer

    if b"\0" in body[:4096] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableMediaError("not a text: its content is binary")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        matches = charset_normalizer.from_bytes(body)
    best = matches.best()
    if best is None:
        raise UnreadableMediaError("not a text in any known character encoding")
    # Several Latin encodings read alike; the commonest wins where it reads no worse.
    common = [
        one
        for one in matches
        if one.encoding == "cp1252" and one.coherence >= best.coherence and one.chaos <= best.chaos + 0.02
    ]
    return str(common[0] if common else best)


def _read_plain(body: bytes) -> Text:
    return Text(_decode_text(body))


def _read_markdown(body: bytes) -> Text:
    from markdown_it import MarkdownIt

    return _read_html(MarkdownIt("commonmark").render(_decode_text(body)).encode())


def _read_html(body: bytes) -> Text:
    from bs4 import BeautifulSoup

    # XHTML begins with an XML declaration; read as HTML, which is more forgiving, it must not.
    declared = XML_DECLARATION.match(body)
    named = XML_ENCODING.search(declared[0]) if declared else None
    encoding = named[1].decode("ascii", "replace") if named else None
    soup = BeautifulSoup(body[declared.end() :] if declared else body, "lxml", from_encoding=encoding)
    title = soup.title.get_text(" ", strip=True) if soup.title else None
    heading = soup.find("h1")
    for hidden in soup(["script", "style", "noscript", "template", "head"]):
        hidden.decompose()
    for block in soup(["p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "dd", "dt"]):
        block.append("\n\n")
    title = title or (heading.get_text(" ", strip=True) if heading else None)
    return Text(soup.get_text(" "), title or None)


def _decode_pdf(body: bytes) -> Parts:
    """Give the text of every page, and of pages without text their picture: they were scanned, or drawn."""
    import pypdfium2

    offset, found = 0, False
    cover: Picture | None = None
    try:
        with pypdfium2.PdfDocument(body) as document:
            if len(document) > PAGE_LIMIT:
                raise UnreadableMediaError(f"PDF of more than {PAGE_LIMIT} pages")
            for number in range(len(document)):
                page = document[number]
                textpage = page.get_textpage()
                text = textpage.get_text_bounded()
                textpage.close()
                passages = cut_passages(text, number + 1, offset)
                yield from passages
                offset += len(text) + 1
                if cover is None or not passages:
                    picture = page.render(scale=THUMBNAIL_SIZE[0] / max(page.get_size())).to_pil().convert("RGB")
                    cover = cover or picture
                    if not passages and _shows_something(picture):
                        found = True
                        yield Shot(Segment(SegmentKind.PICTURE, page=number + 1), picture)
                found = found or bool(passages)
                page.close()
            title = document.get_metadata_value("Title") or None
    except pypdfium2.PdfiumError as error:
        raise UnreadableMediaError(f"damaged or protected PDF: {error}") from error
    if not found:
        raise UnreadableMediaError("PDF of empty pages")
    yield Outline(MediaFacts(title=title), cover)


def _shows_something(picture: Picture) -> bool:
    return bool(np.ptp(np.asarray(picture)))


def _read_docx(body: bytes) -> Text:
    from docx import Document
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > UNPACKED_LIMIT:
            raise UnreadableMediaError(f"unpacks to more than {UNPACKED_LIMIT // 2**20} MiB")
        document = Document(io.BytesIO(body))
        parts = [paragraph.text for paragraph in document.paragraphs]
        for table in document.tables:
            parts += [" | ".join(cell.text for cell in row.cells) for row in table.rows]
        title = document.core_properties.title or None
    except (OpcError, zipfile.BadZipFile, KeyError, ValueError, LxmlError, NotImplementedError) as error:
        raise UnreadableMediaError(f"not a DOCX document, or damaged: {error}") from error
    return Text("\n\n".join(parts), title)


def _read_subtitles(text: str) -> list[Segment]:
    import pysubs2

    try:
        lines = pysubs2.SSAFile.from_string(text)
    except (pysubs2.exceptions.Pysubs2Error, ValueError) as error:
        raise UnreadableMediaError(f"not subtitles, or damaged: {error}") from error
    segments = [
        Segment(SegmentKind.PASSAGE, line.plaintext.replace("\n", " ").strip(), line.start / 1000, line.end / 1000)
        for line in lines
        if line.plaintext.strip()
    ]
    if not segments:
        raise UnreadableMediaError("no line of subtitles in the file")
    return segments


READERS: dict[str, Callable[[bytes], Text]] = {
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
    ".xhtml": _read_html,
    ".docx": _read_docx,
}
