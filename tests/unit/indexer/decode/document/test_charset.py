"""Texts are read in any encoding, marked or not, also when some bytes are damaged."""

import random

import pytest

from indexer.decode.document.charset import decode_declared, decode_text
from search.errors import UnreadableMediaError

TEXTS = {
    "cp1252 mac_roman cp850": "Les élèves étaient très fatigués après la fête à l'école, où ils avaient dansé.\n",
    "cp1252 cp850": "Die Bären können über Öfen hüpfen, während die Vögel süße Früchte essen.\n",
    "cp1250 iso8859_2": "Příliš žluťoučký kůň úpěl ďábelské ódy a děti běžely přes most k řece.\n",
    "cp1250 iso8859_2 cp852": "Az őszi esőben a kutya hűségesen várta gazdáját, aki későn érkezett haza.\n",
    "koi8_r cp1251 cp866 iso8859_5 mac_cyrillic": "Привет, это короткий текст о бюджете на будущий год.\n",
    "koi8_u cp1251": "Їжак приніс яблуко до своєї хати і ґречно подякував сусідам за допомогу.\n",
    "cp1253": "Η γάτα κοιμάται στο τραπέζι ενώ ο σκύλος τρέχει στον κήπο με τα παιδιά.\n",
    "cp1254": "Küçük köpek bahçede koşuyor, çocuklar ise ağacın altında şarkı söylüyor.\n",
    "cp1255": "החתול ישן על השולחן והכלב רץ בגינה עם הילדים.\n",
    "cp1256 iso8859_6": "القطة تنام على الطاولة بينما يركض الكلب في الحديقة مع الأطفال.\n",
    "cp1257": "Šodien ir ļoti jauks laiks, un bērni spēlējas dārzā pie mājas ar kaķi.\n",
    "cp874": "วันนี้อากาศดีมาก เราจึงไปเดินเล่นในสวนสาธารณะ\n",
    "gb18030": "今天天气很好，我们一起去公园散步，看见了许多美丽的花。\n",
    "big5": "今天天氣很好，我們一起去公園散步，看見了許多美麗的花。\n",
    "cp932 euc_jp iso2022_jp": "今日は天気がいいので、公園へ散歩に行って、花を見ました。\n",
    "cp949": "오늘은 날씨가 좋아서 공원으로 산책을 가서 예쁜 꽃을 많이 보았습니다.\n",
}
UTF16 = ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig", "utf-32"]
CASES = [(encoding, text) for encodings, text in TEXTS.items() for encoding in encodings.split()]


@pytest.mark.parametrize(("encoding", "text"), CASES, ids=[encoding for encoding, _ in CASES])
def test_older_encodings_are_detected(encoding, text):
    assert decode_text(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", UTF16)
def test_unicode_with_and_without_a_mark(encoding):
    for text in ("budget", "Straße nach Ölwechsel\n" * 50, "预算报告\n今天天气很好\n"):
        assert decode_text(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Завтра", "koi8_r"),
        ("预算报告", "gb18030"),
        ("안녕하세요", "cp949"),
        ("naïve", "cp1252"),
        ("Zoë Müller, José Peña", "cp1252"),
        ("It’s a 5 € deal – “really”…", "cp1252"),
    ],
)
def test_short_texts(text, encoding):
    assert decode_text(text.encode(encoding)) == text


def test_one_wrong_byte_does_not_change_the_encoding():
    body = ("Ärger über Öl " * 400).encode() + b"\xff" + "übrig beim Ölwechsel".encode()
    assert decode_text(body).endswith("Öl \ufffdübrig beim Ölwechsel")
    assert decode_text("Ölwechsel".encode()[:-1] + "ü".encode()[:1]).startswith("Ölwechse")


def test_lines_in_an_older_encoding_are_read_within_a_text_in_utf8():
    body = "gültig: ÄÖ\n".encode() * 3 + "größe für alle\nzwölf\n".encode("cp1252") + "gültig\n".encode()
    assert decode_text(body) == "gültig: ÄÖ\n" * 3 + "größe für alle\nzwölf\ngültig\n"


def test_a_stray_zero_is_left_out_and_zeros_after_a_crash_end_the_line():
    assert decode_text(b"name,amount\nbud\0get,5\n") == "name,amount\nbudget,5\n"
    assert decode_text(b"first line\n" + bytes(4096) + b"last line\n") == "first line\n\nlast line\n"


@pytest.mark.parametrize("body", [b"\0\1\2\3" * 50, bytes(range(256)) * 20, random.Random(1).randbytes(5000)])
def test_binary_content_is_refused(body):
    with pytest.raises(UnreadableMediaError, match="not a text"):
        decode_text(body)


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("gbk", "utf-8"),
        ("gb2312", "gb18030"),
        ("iso-8859-1", "utf-8"),
        ("x-unknown", "gb18030"),
        ("utf-8", "gb18030"),
        ("utf-16", "utf-8"),
        (None, "gb18030"),
    ],
)
def test_a_declared_encoding_is_believed_unless_the_text_is_in_another(declared, encoding):
    text = "今天天气很好，我们一起去公园散步，看见了许多美丽的花。"
    assert decode_declared(text.encode(encoding), declared) == text


def test_latin1_is_read_as_browsers_do():
    assert decode_declared("“café”".encode("cp1252"), "ISO-8859-1") == "“café”"
