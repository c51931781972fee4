# ruff: noqa: E501 (elements that belong together are in one line)
"""Office documents are read completely, in the order in which they are read by people."""

import datetime
import io
import re
import zipfile

import docx
import openpyxl
import pytest

from indexer.decode.document import archive
from search.errors import UnreadableMediaError
from search.records import ItemType
from tests.support.formats import read, save, zip_files
from tests.support.office import (
    CHART,
    DRAWING,
    NAMESPACES,
    SHEET,
    STRICT_WORD,
    make_book,
    make_open_document,
    make_paragraph,
    make_shape,
    make_slides,
    make_word,
)


@pytest.fixture
def decode(tmp_path):
    """Return a function from a suffix and a body to the texts of the passages, by page."""

    def decode(suffix, body):
        path = tmp_path / f"a.{suffix}"
        path.write_bytes(body)
        return [passage.text for passage in read(path, ItemType.DOCUMENT).passages]

    return decode


def test_word_is_read_in_order_with_all_that_is_seen(decode):
    box = f"<w:txbxContent>{make_paragraph('Boxed.')}</w:txbxContent>"
    body = (
        make_paragraph("First.")
        + f"<w:tbl><w:tr><w:tc>{make_paragraph('Left')}</w:tc><w:tc>{make_paragraph('Right.')}</w:tc></w:tr></w:tbl>"
        + "<w:p><w:r><w:t>Kept</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        + "<w:ins><w:r><w:t> inserted.</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>away</w:t></w:r></w:moveFrom></w:p>"
        + f"<w:sdt><w:sdtContent>{make_paragraph('Chosen.')}</w:sdtContent></w:sdt>"
        + "<w:p><w:r><w:t>Noted</w:t><w:footnoteReference w:id='2'/><w:commentReference w:id='0'/></w:r>"
        + "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:t>.</w:t></w:r></w:p>"
        + f"<w:p><w:r><mc:AlternateContent><mc:Choice><wps:txbx>{box}</wps:txbx></mc:Choice>"
        + f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
        + "<w:p><w:r><c:chart r:id='r5'/></w:r></w:p>"
        + "<w:p><w:r><w:t>Ended.</w:t><w:endnoteReference w:id='3'/></w:r></w:p>"
    )
    notes = "<w:footnotes {0}><w:footnote w:type='separator' w:id='0'>{1}</w:footnote><w:footnote w:id='2'>{2}</w:footnote></w:footnotes>"
    chart = (
        f"<c:chartSpace xmlns:c='{CHART}' xmlns:a='{DRAWING}'><c:title><a:p><a:r><a:t>Harvest.</a:t></a:r></a:p></c:title>"
        "<c:strCache><c:pt><c:v>Wheat.</c:v></c:pt></c:strCache><c:numCache><c:pt><c:v>17</c:v></c:pt></c:numCache></c:chartSpace>"
    )
    parts = [
        ("header", "header1.xml", f"<w:hdr {NAMESPACES}>{make_paragraph('Above.')}</w:hdr>"),
        ("header", "header2.xml", f"<w:hdr {NAMESPACES}>{make_paragraph('Above.')}</w:hdr>"),
        ("footer", "footer1.xml", f"<w:ftr {NAMESPACES}>{make_paragraph('Below.')}</w:ftr>"),
        ("footnotes", "notes.xml", notes.format(NAMESPACES, make_paragraph("line"), make_paragraph("Footnote."))),
        ("chart", "chart.xml", chart),
        (
            "comments",
            "c.xml",
            f"<w:comments {NAMESPACES}><w:comment w:id='0'>{make_paragraph('Why?')}</w:comment></w:comments>",
        ),
        (
            "endnotes",
            "e.xml",
            f"<w:endnotes {NAMESPACES}><w:endnote w:id='3'>{make_paragraph('Endnote.')}</w:endnote></w:endnotes>",
        ),
    ]
    (text,) = decode("docx", make_word(body, parts))
    assert text == (
        "Above. First. Left | Right. Kept inserted. Chosen. Noted. Footnote. Why? Boxed. Harvest. Wheat. Ended. "
        "Endnote. Below."
    )


@pytest.mark.parametrize(
    "body",
    [
        make_word(make_paragraph("The harvest."), main="word/document2.xml"),
        make_word(make_paragraph("The harvest."), separator="\\"),
        make_word(make_paragraph("The harvest."), namespace=STRICT_WORD),
        make_word("<w:altChunk r:id='r1'/>", [("aFChunk", "chunk.html", "<p>The <b>har</b>vest.</p>")]),
        make_word(
            "<w:p><w:hyperlink><w:r><w:t>The har</w:t></w:r></w:hyperlink><w:smartTag><w:r><w:t>vest.</w:t></w:r></w:smartTag></w:p>"
        ),
        make_word(
            "<w:p><w:ruby><w:rt><w:r><w:t>xx</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>The </w:t></w:r></w:rubyBase></w:ruby><w:r><w:t>harvest.</w:t></w:r></w:p>"
        ),
        make_word("<w:p><w:r><w:t>The</w:t><w:tab/><w:t>har\xadvest.</w:t></w:r></w:p>"),
        make_word(make_paragraph("The harvest.&undefined;")),
    ],
    ids=["main part", "backslashes", "strict variant", "embedded page", "link", "ruby", "soft hyphen", "damaged XML"],
)
def test_unusual_word_files_are_read(decode, body):
    assert decode("docx", body) == ["The harvest."]


def test_a_deleted_row_is_not_read_and_a_nested_table_is(decode):
    deleted = f"<w:tr><w:trPr><w:del/></w:trPr><w:tc>{make_paragraph('gone')}</w:tc></w:tr>"
    inner = f"<w:tbl><w:tr><w:tc>{make_paragraph('a')}</w:tc><w:tc>{make_paragraph('b')}</w:tc></w:tr></w:tbl>"
    wrapped = f"<w:sdt><w:sdtContent><w:tr><w:tc>{inner}</w:tc><w:tc>{make_paragraph('c')}</w:tc></w:tr></w:sdtContent></w:sdt>"
    assert decode("docx", make_word(f"<w:tbl>{deleted}{wrapped}</w:tbl>")) == ["a | b | c"]


def test_cells_that_are_merged_are_read_once(decode):
    document = docx.Document()
    table = document.add_table(2, 3)
    table.cell(0, 0).merge(table.cell(0, 2)).text = "wide"
    table.cell(1, 0).text = "left"
    assert decode("docx", save(document)) == ["wide left"]


def test_slides_are_read_with_groups_tables_charts_notes_and_comments(decode):
    grouped = f"<p:grpSp>{make_shape('Grouped.')}</p:grpSp>"
    cell = "<a:tc><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
    table = f"<p:graphicFrame><a:tbl><a:tr>{cell.format('Left')}{cell.format('Right.')}</a:tr></a:tbl></p:graphicFrame>"
    chart = "<p:graphicFrame><c:chart r:id='r1'/></p:graphicFrame>"
    shapes = make_shape("Text.") + grouped + table + chart + make_shape("7", "sldNum") + make_shape("Title.", "title")
    chart_part = f"<c:chartSpace xmlns:c='{CHART}' xmlns:a='{DRAWING}'><c:title><a:p><a:r><a:t>Charted.</a:t></a:r></a:p></c:title></c:chartSpace>"
    notes = f"<p:notes {NAMESPACES}><p:cSld><p:spTree>{make_shape('Spoken.', 'body')}{make_shape('1', 'sldNum')}</p:spTree></p:cSld></p:notes>"
    comments = f"<p:cmLst {NAMESPACES}><p:cm><p:text>Remarked.</p:text></p:cm></p:cmLst>"
    parts = [("chart", "c.xml", chart_part), ("notesSlide", "n.xml", notes), ("comments", "k.xml", comments)]
    first, second = decode("pptx", make_slides([shapes, make_shape("Last.")], parts=parts))
    assert first == "Title. Text. Grouped. Left | Right. Charted. Spoken. Remarked."
    assert second == "Last."


def test_all_cells_are_read_whatever_size_a_sheet_claims(decode):
    book = openpyxl.Workbook()
    for number in range(20):
        book.active.append([f"row{number}", f"word{number}"])
    for pattern in (b'<dimension ref="A1"/>', b""):
        source = zipfile.ZipFile(io.BytesIO(save(book)))
        files = {name: source.read(name) for name in source.namelist()}
        sheet = files["xl/worksheets/sheet1.xml"]
        files["xl/worksheets/sheet1.xml"] = re.sub(b"<dimension[^>]*>", pattern, sheet)
        (text,) = decode("xlsx", zip_files(files))
        assert "row15 | word15 row16 | word16" in text


def test_cells_are_read_as_they_are_shown(decode):
    book = openpyxl.Workbook()
    book.active.append([datetime.date(2024, 5, 31), datetime.datetime(2024, 5, 31, 14, 30), datetime.time(9, 15)])
    book.active.append([0.1 + 0.2, 1_234_567, True, "=SUM(A1:A2)", "#N/A"])
    book.active.append([0.25])
    book.active["A3"].number_format = "0%"
    book.active["A4"] = "merged"
    book.active.merge_cells("A4:C5")
    book.active["A6"] = 44927
    book.active["A6"].number_format = '[$-407]d. mmmm yyyy "Uhr"'
    book.active["A7"] = 5
    book.active["A7"].number_format = '0 "days"'
    (text,) = decode("xlsx", save(book))
    assert text == (
        "Sheet 2024-05-31 | 2024-05-31 14:30:00 | 09:15:00 0.3 | 1234567 | TRUE | =SUM(A1:A2) 25% merged 2023-01-01 5"
    )


def test_dates_are_counted_from_the_day_that_the_book_names(decode):
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    sheet = '<sheetData><row><c s="1"><v>59</v></c><c s="1"><v>61</v></c></row></sheetData>'
    assert decode("xlsx", make_book(sheet, styles=styles)) == ["Costs 1900-02-28 | 1900-03-01"]
    old = '<workbookPr date1904="1"/>'
    assert decode("xlsx", make_book(sheet, styles=styles, workbook=old)) == ["Costs 1904-02-29 | 1904-03-02"]


def test_a_sheet_is_read_with_its_drawings_comments_and_edges(decode):
    sheet = (
        '<sheetData><row><c t="s"><v>0</v></c><c t="inlineStr"><is><t>inline</t></is></c><c t="s"><v>9</v></c></row>'
        '</sheetData><headerFooter><oddHeader>&amp;L&amp;"Arial,Bold"&amp;12Secret &amp;P</oddHeader>'
        "<oddFooter>&amp;CBelow &amp;&amp; beyond</oddFooter></headerFooter>"
    )
    strings = "<si><r><t>rich_x0009_</t></r><r><t>text</t></r><rPh><t>xx</t></rPh></si>"
    drawing = f"<d xmlns:a='{DRAWING}'><a:p><a:r><a:t>Boxed</a:t></a:r></a:p></d>"
    comments = f'<comments xmlns="{SHEET}"><commentList><comment><text><t>Checked</t></text></comment></commentList></comments>'
    parts = [("drawing", "d.xml", drawing), ("comments", "c.xml", comments)]
    (text,) = decode("xlsx", make_book(sheet, strings, parts=parts))
    assert text == "Costs rich text | inline Boxed Checked Secret Below & beyond"


def test_open_documents_are_read_in_order_without_deleted_text(decode):
    body = (
        "<office:text><text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:h>First.</text:h>"
        "<text:p>Some<text:s text:c='2'/>text<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>Footnote.</text:p></text:note-body></text:note><office:annotation><dc:creator>Ann</dc:creator>"
        "<text:p>Why?</text:p></office:annotation> goes on.<draw:frame><draw:text-box><text:p>Boxed.</text:p>"
        "</draw:text-box></draw:frame></text:p><table:table><table:table-row><table:table-cell><text:p>Left</text:p>"
        "</table:table-cell><table:table-cell><text:p>Right.</text:p></table:table-cell></table:table-row></table:table>"
        "<text:p><draw:frame><draw:object xlink:href='./Object 1'/></draw:frame></text:p></office:text>"
    )
    styles = "<style:master-page><style:header><text:p>Above.</text:p></style:header><style:footer><text:p>Below.</text:p></style:footer></style:master-page>"
    chart = "<office:document-content {declared}><office:body><text:p>Charted.</text:p></office:body></office:document-content>"
    (text,) = decode("odt", make_open_document("text", body, styles, {"Object 1/content.xml": chart}))
    assert text == "Above. First. Some text goes on. Footnote. Why? Boxed. Left | Right. Charted. Below."


def test_sheets_of_open_documents_show_merged_cells_once_and_dates(decode):
    body = (
        "<office:spreadsheet><table:table table:name='Costs'><table:table-row><table:table-cell><text:p>merged</text:p>"
        "<office:annotation><text:p>Checked</text:p></office:annotation></table:table-cell><table:covered-table-cell>"
        "<text:p>covered</text:p></table:covered-table-cell><table:table-cell office:date-value='2024-05-31'/>"
        "</table:table-row></table:table></office:spreadsheet>"
    )
    assert decode("ods", make_open_document("spreadsheet", body)) == ["Costs merged | 2024-05-31 Checked"]


def test_slides_of_open_documents_have_pages_and_notes(decode):
    page = "<draw:page draw:name='p'><draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>{}</draw:page>"
    notes = "<presentation:notes><draw:frame><draw:text-box><text:p>Spoken.</text:p></draw:text-box></draw:frame></presentation:notes>"
    body = f"<office:presentation>{page.format('One.', notes)}{page.format('Two.', '')}</office:presentation>"
    assert decode("odp", make_open_document("presentation", body)) == ["One. Spoken.", "Two."]


PROTECTED_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")


@pytest.mark.parametrize(
    ("suffix", "body", "message"),
    [
        ("docx", PROTECTED_FILE, "protected with a password"),
        ("xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "older, binary format"),
        (
            "odt",
            make_open_document("text", "", files={"META-INF/manifest.xml": "<m><encryption-data/></m>"}),
            "protected with a password",
        ),
        ("docx", make_word("<w:sdt>" * 3000), "damaged"),
        ("docx", zip_files({"word/other.xml": "<x/>"}), "document.xml is missing"),
    ],
    ids=["password", "binary", "open document", "nested", "incomplete"],
)
def test_documents_that_cannot_be_read_have_a_clear_reason(decode, suffix, body, message):
    with pytest.raises(UnreadableMediaError, match=message):
        decode(suffix, body)


def make_empty_fill():
    """Return a workbook as several exporters write it: with empty fills, which openpyxl refuses."""
    styles = '<fills count="1"><fill/></fills><cellXfs><xf numFmtId="0"/></cellXfs>'
    return make_book("<sheetData><row><c><v>1</v></c></row></sheetData>", styles=styles)


def remove_part(body, name):
    source = zipfile.ZipFile(io.BytesIO(body))
    return zip_files({one: source.read(one) for one in source.namelist() if one != name})


@pytest.mark.parametrize(
    "body",
    [
        make_empty_fill(),
        remove_part(make_empty_fill(), "xl/styles.xml"),
        remove_part(make_empty_fill(), "xl/sharedStrings.xml"),
        remove_part(make_empty_fill(), "_rels/.rels"),
    ],
    ids=["empty fill", "no styles", "no strings", "no relations"],
)
def test_workbooks_with_damaged_or_missing_parts_are_read(decode, body):
    assert decode("xlsx", body) == ["Costs 1"]


CONTROL = "<w:sdt><w:sdtPr><w:alias w:val='hidden'/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"


@pytest.mark.parametrize(
    "body",
    [
        CONTROL.format(make_paragraph("inside")),
        f"<w:p>{CONTROL.format('<w:r><w:t>inside</w:t></w:r>')}</w:p>",
        CONTROL.format(f"<w:tbl><w:tr><w:tc>{make_paragraph('inside')}</w:tc></w:tr></w:tbl>"),
        "<w:tbl>" + CONTROL.format(f"<w:tr><w:tc>{make_paragraph('inside')}</w:tc></w:tr>") + "</w:tbl>",
        f"<w:tbl><w:tr><w:tc>{CONTROL.format(make_paragraph('inside'))}</w:tc></w:tr></w:tbl>",
    ],
    ids=["body", "paragraph", "table", "row", "cell"],
)
def test_content_controls_are_read_wherever_they_are(decode, body):
    assert decode("docx", make_word(body)) == ["inside"]


def test_a_document_whose_text_is_all_in_a_note_or_shape_is_read(decode):
    note = f"<w:footnotes {NAMESPACES}><w:footnote w:id='1'>{make_paragraph('Noted.')}</w:footnote></w:footnotes>"
    reference = "<w:p><w:r><w:footnoteReference w:id='1'/></w:r></w:p>"
    assert decode("docx", make_word(reference, [("footnotes", "n.xml", note)])) == ["Noted."]
    shape = f"<w:p><w:r><w:drawing><wps:txbx><w:txbxContent>{make_paragraph('Shaped.')}</w:txbxContent></wps:txbx></w:drawing></w:r></w:p>"
    assert decode("docx", make_word(shape)) == ["Shaped."]


def test_large_pictures_in_a_document_do_not_count(decode, monkeypatch):
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 100_000)
    stream = io.BytesIO(make_word(make_paragraph("The harvest.")))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/media/film.mp4", bytes(200_000))
    assert decode("docx", stream.getvalue()) == ["The harvest."]
    with pytest.raises(UnreadableMediaError, match="when unpacked"):
        decode("docx", make_word(make_paragraph("a" * 200_000)))


def test_half_characters_in_a_cell_are_joined(decode):
    (text,) = decode(
        "xlsx",
        make_book("<sheetData><row><c t='s'><v>0</v></c></row></sheetData>", "<si><t>_xD83D__xDE00_ _xDE00_</t></si>"),
    )
    assert text == "Costs \U0001f600 \ufffd"
