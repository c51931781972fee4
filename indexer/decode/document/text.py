"""Texts, Markdown and HTML, in whatever character encoding."""

import re
from dataclasses import dataclass

from search.errors import UnreadableMediaError

XML_DECLARATION = re.compile(rb"\s*<\?xml[^>]*\?>")
XML_ENCODING = re.compile(rb"encoding=[\"']([\w.-]+)[\"']")
BLOCKS = ["p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "dd", "dt"]


@dataclass(frozen=True)
class Text:
    """Text that stands together: a document without pages, or a page, slide, sheet or chapter of one."""

    content: str
    title: str | None = None
    page: int | None = None


def decode_text(body: bytes) -> str:
    """Return the characters of a text. Raises UnreadableMediaError when it is none."""
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


def read_plain(body: bytes) -> Text:
    """Read a text as it stands."""
    return Text(decode_text(body))


def read_markdown(body: bytes) -> Text:
    """Read what a reader of Markdown sees."""
    from markdown_it import MarkdownIt

    return read_html(MarkdownIt("commonmark").render(decode_text(body)).encode())


def read_html(body: bytes) -> Text:
    """Read what a reader of a page sees."""
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
    for block in soup(BLOCKS):
        block.append("\n\n")
    title = title or (heading.get_text(" ", strip=True) if heading else None)
    return Text(soup.get_text(" "), title or None)
