"""Pages, texts and books: words stay whole, and everything that is shown is read in order."""

import pytest

from indexer.decode.document.text import join_hyphenated, read_html, read_plain
from search.errors import UnreadableMediaError
from search.records import ItemType
from tests.support.formats import read, zip_files

FONTS = (
    "<e><d><EncryptionMethod Algorithm='http://www.idpf.org/2008/embedding'/>"
    "<CipherReference URI='OEBPS/font.otf'/></d></e>"
)
CONTAINER = '<container><rootfiles><rootfile full-path="{}"/></rootfiles></container>'


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p><span>T</span>he un<b>believ</b>able <i>harvest</i>.</p>", "The unbelievable harvest."),
        ("<div>one<p>two</p>three<br>four</div>five", "one two three four five"),
        ("<table><tr><td>a<td>b<tr><th>c</table>d", "a b c d"),
        ("<ruby>東<rt>とう</rt>京<rp>(</rp><rt>きょう</rt></ruby>", "東京"),
        ("<?xml version='1.0' encoding='utf-8'?><html><body>plain</body></html>", "plain"),
        ("<meta charset=gbk><p>预算报告", "预算报告"),
    ],
)
def test_a_page_is_read_as_it_is_shown(page, text):
    assert " ".join(read_html(page.encode()).content.split()) == text


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("a multi-\nmodal engine", "a multimodal engine"),
        ("a multi-\r\n  modal engine", "a multimodal engine"),
        ("Haupt-\nund Nebenfach", "Haupt- und Nebenfach"),
        ("well-known, and well-\nknown", "well-known, and well-known"),
        ("- one\n- two", "- one\n- two"),
        ("1-\n2", "1-\n2"),
        ("a list -\nof things", "a list -\nof things"),
    ],
)
def test_divided_words_of_a_text_are_joined(text, joined):
    assert join_hyphenated(text) == joined
    assert read_plain(text.encode()).content == joined


def make_epub(chapter="<p>The har\xadvest was good.</p>", spine="text/Chapter%201.xhtml", **files):
    package = f"""{files.pop("declaration", "")}<package xmlns:dc="http://purl.org/dc/elements/1.1/">
        <metadata><dc:title>The year</dc:title>{files.pop("cover", "")}</metadata>
        <manifest><item id="a" href="{spine}" media-type="application/xhtml+xml"/></manifest>
        <spine><itemref idref="{files.pop("reference", "a")}"/></spine></package>"""
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER.format("OEBPS/book.opf"),
        "OEBPS/book.opf": package,
        "OEBPS/Text/chapter 1.xhtml": chapter,
    }
    return zip_files(members | files.pop("members", {}))


@pytest.mark.parametrize(
    "body",
    [
        make_epub(),
        make_epub(spine="Text\\chapter 1.xhtml"),
        make_epub(reference="wrong"),
        make_epub(declaration='<?xml version="1.1" encoding="utf-8"?>'),
        make_epub(cover="<meta name='cover' content='Images/missing.png'/>"),
        make_epub(cover="<item id='x' href='css/a.css'/><item id='y' href='css/a.css'/>&nbsp;"),
        make_epub(members={"META-INF/container.xml": CONTAINER.format("missing.opf")}),
        make_epub(members={"META-INF/container.xml": "<container"}),
        make_epub('<?xml version="1.0" encoding="gbk"?><html><body>The har<b>vest</b> was good.</body></html>'),
        make_epub(members={"META-INF/encryption.xml": FONTS}),
    ],
    ids=[
        "case",
        "backslash",
        "empty spine",
        "XML 1.1",
        "missing cover",
        "repeated file",
        "wrong package",
        "damaged container",
        "wrong encoding",
        "fonts",
    ],
)
def test_books_with_common_errors_are_read(tmp_path, body):
    (tmp_path / "a.epub").write_bytes(body)
    content = read(tmp_path / "a.epub", ItemType.DOCUMENT)
    assert [passage.text for passage in content.passages] == ["The harvest was good."]
    assert content.facts.title == "The year"


def test_a_book_with_copy_protection_is_named(tmp_path):
    entry = (
        "<e><d><EncryptionMethod Algorithm='http://www.w3.org/2001/04/xmlenc#aes128-cbc'/>"
        "<CipherReference URI='OEBPS/Text/chapter 1.xhtml'/></d></e>"
    )
    (tmp_path / "a.epub").write_bytes(make_epub(members={"META-INF/encryption.xml": entry}))
    with pytest.raises(UnreadableMediaError, match="copy protection"):
        read(tmp_path / "a.epub", ItemType.DOCUMENT)
