"""RTF documents are read as word processors show them."""

import pytest

from search.errors import UnreadableMediaError
from search.records import ItemType
from tests.support.formats import read


@pytest.fixture
def decode(tmp_path):
    def decode(body, name="a.rtf"):
        (tmp_path / name).write_bytes(body)
        return " ".join(passage.text for passage in read(tmp_path / name, ItemType.DOCUMENT).passages)

    return decode


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"un{\b believ}able", "unbelievable"),
        (rb"one\par two\line three\tab four", "one two three four"),
        (rb"gr\'fc\'dfe \u8364?5 \u-10179?\u-8704?", "grüße €5 \U0001f600"),
        (rb"\uc0\u1055\u1088", "Пр"),
        (rb"{\f1 \'cf\'f0\'e8\'e2\'e5\'f2} {\f2 \'d4\'a4\'cb\'e3}", "Привет 预算"),
        (rb"kept{\v hidden}\v0 {\deleted gone} end", "kept end"),
        (rb"{\field{\*\fldinst HYPERLINK x}{\fldrslt link}} {\pict 0102}{\*\unknown gone}", "link"),
        (rb"text{\footnote note}", "textnote"),
        (rb"{\header above\par}body", "above body"),
        (rb"\trowd a\cell b\cell\row c", "a | b c"),
        (rb"{\bin5 {}{}{end\~\{x\}", "end {x}"),
        (rb"{\stylesheet{\s1\v0 Normal;}}words}}}", "words"),
    ],
)
def test_the_visible_text_is_read(decode, body, text):
    fonts = rb"{\fonttbl{\f0\fnil\fcharset0 Arial;}{\f1\fcharset204 Arial;}{\f2\fcharset134 SimSun;}}"
    assert decode(rb"{\rtf1\ansi\ansicpg1252" + fonts + b" " + body + b"}") == text


def test_rtf_is_recognized_under_another_name(decode):
    assert decode(rb"{\rtf1 words}", "a.txt") == "words"
    assert decode(rb"{\rtf1 words}", "a") == "words"


def test_what_is_no_rtf_has_a_reason(decode):
    with pytest.raises(UnreadableMediaError, match="not an RTF"):
        decode(b"words")
    with pytest.raises(UnreadableMediaError, match="no text"):
        decode(rb"{\rtf1 {\pict 00}}")
