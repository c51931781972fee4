"""PDFs are read as people read them: by columns, with forms and comments, scans as pictures."""

import numpy as np
import pytest

from indexer.decode import passages
from indexer.decode.document.pdf import decode_pdf
from search.errors import UnreadableMediaError
from search.records import ItemType
from tests.support.formats import read
from tests.support.pdf import FIRST_CODE, make_mapped_font, make_pages, make_protected, make_stream, show

LEFT = [
    "The quick brown fox jumps over the",
    "lazy dog and then it goes home to",
    "sleep for a long time until dawn,",
    "when it hears the morning train.",
    "Then the fox is hungry again.",
]
RIGHT = [
    "Meanwhile the cat sat on the mat",
    "and watched the birds in the tree",
    "which sang a song about summer",
    "while the wind went to the north.",
    "That is what the whole tale tells.",
]
PROSE = " ".join(LEFT + RIGHT)
PICTURE = "q 612 0 0 792 0 0 cm /P Do Q\n"


@pytest.fixture
def decode(tmp_path):
    def decode(body):
        (tmp_path / "a.pdf").write_bytes(body)
        return read(tmp_path / "a.pdf", ItemType.DOCUMENT)

    return decode


@pytest.fixture
def read_words(decode, monkeypatch):
    monkeypatch.setattr(passages, "MAX_PASSAGE_CHARACTERS", 10_000)
    return lambda body: " ".join(passage.text for passage in decode(body).passages)


def draw_rows(*columns, left=72, width=250, top=700):
    """Draw the lines of all columns row by row, as many programs write them."""
    rows = zip(*columns, strict=True)
    return "".join(
        show(text, left + width * column, top - 14 * row)
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
    )


def test_two_columns_are_read_one_after_the_other(read_words):
    title = show("A tale of two animals that share one very small house and a garden", 72, 740)
    between = show("This line crosses both columns, as the heading of the second half of a page does", 72, 610)
    page = title + draw_rows(LEFT, RIGHT) + between + draw_rows(RIGHT, LEFT, top=580)
    text = read_words(make_pages([page]))
    assert text.startswith("A tale of two animals")
    assert f"{PROSE} This line crosses" in text
    assert text.endswith(" ".join(RIGHT + LEFT))


def test_columns_in_the_order_of_the_file_and_tables_stay_as_they_are(read_words):
    columns = "".join(show(text, 72, 700 - 14 * row) for row, text in enumerate(LEFT))
    columns += "".join(show(text, 320, 700 - 14 * row) for row, text in enumerate(RIGHT))
    assert read_words(make_pages([columns])) == PROSE
    table = draw_rows([f"Article {row}" for row in range(8)], [f"{row}.50" for row in range(8)])
    assert read_words(make_pages([table])) == " ".join(f"Article {row} {row}.50" for row in range(8))


def test_two_columns_of_chinese_are_read_one_after_the_other(read_words):
    letters = "今天气很好我们一起去公园散步看见了"
    codes = "".join(chr(FIRST_CODE + number) for number in range(len(letters)))
    columns = [[codes[start:] + codes[:start] for start in range(first, first + 5)] for first in (0, 5)]
    page = draw_rows(*columns, left=40, width=260)
    shown = [letters[start:] + letters[:start] for start in range(10)]
    assert read_words(make_pages([page], font=make_mapped_font(letters))) == " ".join(shown)


def test_three_columns_of_right_to_left_text_begin_at_the_right(read_words):
    letters = "אבגדהוזחט "
    font = make_mapped_font(letters)

    def encode(text):
        return "".join(chr(FIRST_CODE + letters.index(letter)) for letter in reversed(text))

    columns = [[f"{start}{letter} אבגדה וזחטא בגדהו" for letter in "אבגדה"] for start in "זחט"]
    rows = [[encode(text) for text in column] for column in columns]
    page = draw_rows(*rows, left=40, width=190)
    expected = " ".join(text for column in reversed(columns) for text in column)
    assert read_words(make_pages([page], font=font)) == expected


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["This is a multi-", "modal engine"], "This is a multimodal engine"),
        (["A multi-modal engine is multi-", "modal"], "A multi-modal engine is multi-modal"),
        (["Jean-", "Pierre is here"], "Jean-Pierre is here"),
        (["Haupt-", "und Nebenfach"], "Haupt- und Nebenfach"),
        (["Ministry of Silly Walks multi\xad", "modal"], "Ministry of Silly Walks multimodal"),
        (["Part 01\xad2301\xadXX"], "Part 01-2301-XX"),
    ],
)
def test_words_that_are_divided_at_line_ends_are_whole(read_words, lines, text):
    page = "".join(show(line, 72, 700 - 14 * row) for row, line in enumerate(lines))
    assert read_words(make_pages([page])) == text


@pytest.mark.parametrize(
    ("angle", "matrix"),
    [(90, "0 1 -1 0 {} 100"), (270, "0 -1 1 0 {} 700"), (180, "-1 0 0 -1 500 {}")],
)
def test_turned_pages_are_read_from_their_top(read_words, angle, matrix):
    places = [100 + 14 * row if angle != 270 else 400 - 14 * row for row, _ in enumerate(LEFT)]
    page = "".join(
        f"BT /F1 12 Tf {matrix.format(place)} Tm ({text}) Tj ET " for place, text in zip(places, LEFT, strict=True)
    )
    assert read_words(make_pages([page], page=f"/Rotate {angle}")) == " ".join(LEFT)
    if angle != 180:
        assert read_words(make_pages([page])) == " ".join(LEFT)


def test_hebrew_and_arabic_are_read_in_the_order_of_speech(read_words):
    for shown, spoken in (("2024 תנשב םולש", "שלום בשנת 2024"), ("ﻢﻜﻴﻠﻋ ﻡﻼﺴﻟﺍ", "السلام عليكم")):
        letters = "".join(dict.fromkeys(shown))
        page = show("".join(chr(FIRST_CODE + letters.index(letter)) for letter in shown), 72, 700)
        assert read_words(make_pages([page], font=make_mapped_font(letters))) == spoken


def make_form(fields, contents="", page="", **options):
    """Return a PDF with annotations, given as entries."""
    references = " ".join(f"{number} 0 R" for number, _ in enumerate(fields, 7))
    rows = [
        f"<</Type/Annot/Rect[100 {100 + 30 * row} 300 {120 + 30 * row}]/P 2 0 R{one}>>"
        for row, one in enumerate(fields)
    ]
    catalog = f"/AcroForm<</Fields[{references}]/DA(/F1 12 Tf)/DR<</Font<</F1 3 0 R>>>>>>"
    return make_pages([contents], page=f"/Annots[{references}]{page}", more=rows, catalog=catalog, **options)


def test_values_of_forms_and_comments_are_read(read_words):
    fields = [
        "/Subtype/Widget/FT/Tx/T(name)/V(Ada Lovelace)",
        "/Subtype/Widget/FT/Ch/Ff 131072/T(town)/Opt[(Paris)(Oslo)]/V(Oslo)",
        "/Subtype/Widget/FT/Btn/T(agree)/V/Yes",
        "/Subtype/Text/Contents(Please check this.)",
        "/Subtype/Highlight/Contents<FEFF00D6006C>",
        "/Subtype/FreeText/DA(/F1 12 Tf)/Contents(Typed on the page.)",
        "/Subtype/Popup/Contents(Please check this.)",
        "/Subtype/Link/Contents(nothing)",
    ]
    labels = show("Town:", 40, 135) + show("Name:", 40, 105) + show("Application", 40, 300)
    text = read_words(make_form(fields, labels))
    assert text == "Application Town: Oslo Name: Ada Lovelace Please check this. Öl Typed on the page."


def test_a_page_with_values_only_is_read(read_words):
    assert read_words(make_form(["/Subtype/Widget/FT/Tx/T(name)/V(Ada Lovelace)"])) == "Ada Lovelace"


def test_a_form_without_pages_is_read_from_its_template(read_words):
    notice = show("Please wait... If this message is not eventually replaced by the proper contents", 20, 700, 10)
    template = (
        "<template><subform><draw><value><text>Application for a garden</text></value></draw><field><caption><value>"
        "<text>Name</text></value></caption><items><text>choice</text></items></field></subform></template>"
    )
    data = "<datasets><data><form><Name>Ada Lovelace</Name></form></data></datasets>"
    body = make_pages(
        [notice],
        more=[make_stream(template), make_stream(data)],
        catalog="/AcroForm<</Fields[]/XFA[(template)7 0 R(datasets)8 0 R]>>/NeedsRendering true",
    )
    assert read_words(body) == "Application for a garden Name Ada Lovelace"


def test_a_scan_with_a_stamp_is_a_picture_and_words(decode):
    content = decode(make_pages([PICTURE + show("ABC-000123", 450, 20, 8), show("Only text.", 72, 700)]))
    assert [passage.text for passage in content.passages] == ["ABC-000123", "Only text."]
    ((segment, image),) = content.images
    assert segment.page == 1
    assert np.ptp(np.asarray(image)) > 100


def test_a_scan_in_strips_is_a_picture(decode):
    strips = "".join(f"q 612 0 0 66 0 {66 * row} cm /P Do Q\n" for row in range(12))
    assert [segment.page for segment, _ in decode(make_pages([strips + show("FAX 1/2", 20, 780, 8)])).images] == [1]


@pytest.mark.parametrize(
    "page",
    [
        PICTURE + show("The harvest was good.", 72, 700, mode=3),
        PICTURE + show("The harvest was good.", 72, 700) + show("The harvest was good.", 72, 700, mode=3),
        "q 100 0 0 100 0 0 cm /P Do Q\n" + show("The harvest was good.", 72, 700),
    ],
    ids=["recognized text", "recognized and printed text", "small picture"],
)
def test_a_page_with_a_text_layer_is_not_a_picture(decode, page):
    content = decode(make_pages([page]))
    assert [passage.text for passage in content.passages] == ["The harvest was good."]
    assert content.images == []


def test_text_in_a_font_without_a_map_is_a_picture(decode):
    font = make_mapped_font("".join(chr(0xE000 + number) for number in range(30)))
    content = decode(make_pages([show("ABCDEFG HIJKLMN", 72, 700)], font=font))
    assert content.passages == []
    assert [segment.page for segment, _ in content.images] == [1]


def test_a_damaged_page_does_not_hide_the_others(read_words):
    body = make_pages([show("First page.", 72, 700), show("Second page.", 72, 700)])
    body = body.replace(b"/Kids[7 0 R", b"/Kids[6 0 R")
    assert read_words(body) == "Second page."
    assert list(decode_pdf(body))[-1].remark == "damaged pages were left out: 1"


def test_a_protected_pdf_is_named_and_an_empty_password_is_enough(read_words):
    assert read_words(make_protected("The harvest was good.", "")) == "The harvest was good."
    with pytest.raises(UnreadableMediaError, match="protected with a password"):
        read_words(make_protected("The harvest was good.", "secret"))
