"""Plain text, Markdown and HTML, in any character encoding."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from indexer.decode.content import FileSummary, Parts
from indexer.decode.family import DocumentFormat, split_suffixes
from indexer.decode.passages import cut_passages
from search.errors import UnreadableMediaError
from search.records import MediaFacts

XML_DECLARATION = re.compile(rb"\s*<\?xml[^>]*\?>")
XML_ENCODING = re.compile(rb"encoding=[\"']([\w.-]+)[\"']")
BLOCK_TAGS = ["p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "dd", "dt"]
HIDDEN_TAGS = ["script", "style", "noscript", "template", "head"]
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# cp1252 is preferred if its disorder (`chaos` of charset_normalizer) exceeds that of the best match by at most this.
CP1252_CHAOS_MARGIN = 0.02


@dataclass(frozen=True)
class Text:
    """A whole document without pages, or one page, slide, sheet or chapter.

    Attributes:
        content: The text.
        title: The title of the document, if it has one.
        page: The number of the page, from 1.
    """

    content: str
    title: str | None = None
    page: int | None = None


def decode_text(body: bytes) -> str:
    """Decode a text, detecting its character encoding.

    Raises:
        UnreadableMediaError: The content is binary, or in an unknown encoding.
    """
    import charset_normalizer

    if b"\0" in body[:4096] and not body.startswith(UTF16_MARKS):
        raise UnreadableMediaError("not a text: the content is binary")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        matches = charset_normalizer.from_bytes(body)
    best = matches.best()
    if best is None:
        raise UnreadableMediaError("not a text in any known character encoding")
    # Several Latin encodings fit equally well; prefer the most common one.
    common = [
        match
        for match in matches
        if match.encoding == "cp1252"
        and match.coherence >= best.coherence
        and match.chaos <= best.chaos + CP1252_CHAOS_MARGIN
    ]
    return str(common[0] if common else best)


def read_plain(body: bytes) -> Text:
    """Return a plain text unchanged."""
    return Text(decode_text(body))


def read_markdown(body: bytes) -> Text:
    """Return the visible text of a Markdown document."""
    from markdown_it import MarkdownIt

    return read_html(MarkdownIt("commonmark").render(decode_text(body)).encode())


def read_html(body: bytes) -> Text:
    """Return the visible text of an HTML page."""
    from bs4 import BeautifulSoup

    # The HTML parser is more forgiving than an XML parser, but does not accept the XML declaration of XHTML.
    declaration = XML_DECLARATION.match(body)
    encoding_match = XML_ENCODING.search(declaration[0]) if declaration else None
    encoding = encoding_match[1].decode("ascii", "replace") if encoding_match else None
    soup = BeautifulSoup(body[declaration.end() :] if declaration else body, "lxml", from_encoding=encoding)
    title = soup.title.get_text(" ", strip=True) if soup.title else None
    heading = soup.find("h1")
    for hidden in soup(HIDDEN_TAGS):
        hidden.decompose()
    for block in soup(BLOCK_TAGS):
        block.append("\n\n")
    title = title or (heading.get_text(" ", strip=True) if heading else None)
    return Text(soup.get_text(" "), title or None)


def cut_texts(texts: Iterable[Text], facts: MediaFacts | None = None, has_image: bool = False) -> Parts:
    """Yield the passages of the texts of one document, then its summary.

    Args:
        texts: The texts in order.
        facts: Metadata for the summary. None: only the title, from the first text that has a title.
        has_image: The document has an image, so it may have no text.

    Raises:
        UnreadableMediaError: There is neither text nor an image.
    """
    offset, title, is_empty = 0, None, not has_image
    for text in texts:
        title = title or text.title
        for passage in cut_passages(text.content, text.page, offset):
            is_empty = False
            yield passage
        offset += len(text.content) + 1
    if is_empty:
        raise UnreadableMediaError("no text in the document")
    yield FileSummary(facts or MediaFacts(title=title))


PLAIN = DocumentFormat(
    suffixes=split_suffixes(
        "txt text rst csv tsv json yaml yml toml ini cfg log tex org "
        "py js java c h cpp hpp cs go rs rb php sh sql r swift kt css"
    ),
    decode=lambda body: cut_texts([read_plain(body)]),
)
MARKDOWN = DocumentFormat(split_suffixes("md markdown"), decode=lambda body: cut_texts([read_markdown(body)]))
HTML = DocumentFormat(split_suffixes("html htm xhtml"), decode=lambda body: cut_texts([read_html(body)]))
