"""Plain text, Markdown and HTML, in any character encoding."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from indexer.decode.content import FileSummary, Parts
from indexer.decode.document.charset import decode_declared, decode_text
from indexer.decode.family import DocumentFormat, Format, split_suffixes
from indexer.decode.passages import cut_passages
from search.errors import UnreadableMediaError
from search.records import MediaFacts

XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
DECLARED_ENCODING = re.compile(rb"<(?:\?xml[^>]*?encoding|meta[^>]*?charset)\s*=\s*[\"']?([\w.-]+)", re.IGNORECASE)
# The encoding is declared at the beginning of a page.
DECLARATION_BYTES = 8192
# Elements that begin and end a paragraph. Others, such as `<b>`, can be within a word.
BLOCK_TAGS = [
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
]  # fmt: skip
# Elements that separate words.
SPACE_TAGS = ["br", "button", "img", "input", "option", "select", "td", "textarea", "th"]
# `rt` and `rp` are pronunciations, which would cut words in two.
HIDDEN_TAGS = ["script", "style", "noscript", "template", "head", "rt", "rp"]
# Marks that are not shown, such as soft hyphens within words.
INVISIBLE = re.compile("[\0\xad\u2060\ufeff]")
# A hyphen at the end of a line, between two parts of a word. The word after a suspended hyphen is not a part of it.
DIVIDED_WORD = re.compile(r"(?<=[^\W\d_])([-\u2010])[ \t]*\r?\n[ \t]*(?=([^\W\d_]+))")
MAX_WORD_LENGTH = 60
SUSPENDED = {"and", "or", "und", "oder", "bzw", "sowie", "et", "ou", "y", "o", "e", "en", "of", "och", "eller", "og"}
SURROGATES = re.compile("[\ud800-\udfff]")


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


def read_plain(body: bytes) -> Text:
    """Return a plain text; words that are divided at line ends are joined."""
    return Text(join_hyphenated(decode_text(body)))


def read_markdown(body: bytes) -> Text:
    """Return the visible text of a Markdown document."""
    from markdown_it import MarkdownIt

    return read_html(MarkdownIt("commonmark").render(decode_text(body)).encode())


def read_html(body: bytes) -> Text:
    """Return the visible text of an HTML page."""
    from bs4 import BeautifulSoup

    declared = DECLARED_ENCODING.search(body[:DECLARATION_BYTES])
    page = decode_declared(body, declared[1].decode("ascii", "replace") if declared else None)
    # The HTML parser is more forgiving than an XML parser, but does not accept the XML declaration of XHTML.
    start = XML_DECLARATION.match(page)
    soup = BeautifulSoup(page[start.end() :] if start else page, "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else None
    heading = soup.find("h1")
    title = title or (heading.get_text(" ", strip=True) if heading else None)
    for hidden in soup(HIDDEN_TAGS):
        hidden.decompose()
    for block in soup(BLOCK_TAGS):
        block.insert(0, "\n\n")
        block.append("\n\n")
    for separator in soup(SPACE_TAGS):
        separator.insert_after(" ")
    return Text(soup.get_text(), title or None)


def join_hyphenated(text: str) -> str:
    """Return a text in which words that were divided at line ends are whole; compounds with a hyphen keep it."""
    if not DIVIDED_WORD.search(text):
        return text
    words = Counter(re.findall(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*", text.casefold()))

    def join(match: re.Match[str]) -> str:
        ending = match[2]
        first = re.split(r"[\W\d_]", text[max(0, match.start() - MAX_WORD_LENGTH) : match.start()])[-1]
        if ending in SUSPENDED:
            return "- "
        is_compound = words[f"{first}-{ending}".casefold()] and not words[f"{first}{ending}".casefold()]
        return "-" if is_compound or not ending[0].islower() else ""

    return DIVIDED_WORD.sub(join, text)


def clean_text(text: str) -> str:
    """Return a text without marks that are not shown and without characters that cannot be stored."""
    text = INVISIBLE.sub("", text)
    if SURROGATES.search(text):  # two halves are joined to a character
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


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
        title = title or clean_text(text.title or "").strip() or None
        content = clean_text(text.content)
        for passage in cut_passages(content, text.page, offset):
            is_empty = False
            yield passage
        offset += len(content) + 1
    if is_empty:
        raise UnreadableMediaError("no text in the document")
    yield FileSummary(facts or MediaFacts(title=title))


PLAIN = DocumentFormat(
    Format(
        "Plain text, tables, settings and source code",
        split_suffixes(
            "txt text rst csv tsv json yaml yml toml ini cfg log tex org "
            "py js java c h cpp hpp cs go rs rb php sh sql r swift kt css"
        ),
        "the text, in any common encoding",
    ),
    decode=lambda body: cut_texts([read_plain(body)]),
)
MARKDOWN = DocumentFormat(
    Format("Markdown", split_suffixes("md markdown"), "the text", "addresses of links; images"),
    decode=lambda body: cut_texts([read_markdown(body)]),
)
HTML = DocumentFormat(
    Format("HTML", split_suffixes("html htm xhtml"), "the text and the title", "scripts; images"),
    decode=lambda body: cut_texts([read_html(body)]),
)
