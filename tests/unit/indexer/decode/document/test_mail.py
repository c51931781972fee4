"""Mails are read as mail programs show them."""

import base64
from email.message import EmailMessage

import pytest

from search.errors import UnreadableMediaError
from search.records import ItemType
from tests.support.formats import read


@pytest.fixture
def decode(tmp_path):
    def decode(body):
        (tmp_path / "a.eml").write_bytes(body)
        return read(tmp_path / "a.eml", ItemType.DOCUMENT)

    return decode


def make_mail(**headers):
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name] = value
    return mail


def test_a_mail_is_read_with_its_headers_and_attached_texts(decode):
    mail = make_mail(Subject="Größe für alle", From="Zoë <zoe@example.org>", Date="Fri, 31 May 2024 14:30:00 +0200")
    mail.set_content("Der Öltank ist leer.\n", charset="iso-8859-1", cte="quoted-printable")
    mail.add_alternative("<p>Der <b>Öl</b>tank ist leer.</p>", subtype="html")
    mail.add_attachment("name,liter\nÖl,0\n", filename="täglich.csv", subtype="csv")
    mail.add_attachment(b"\0\1\2", maintype="application", subtype="pdf", filename="Rechnung.pdf")
    content = decode(bytes(mail))
    text = " ".join(passage.text for passage in content.passages)
    assert text == (
        "Subject: Größe für alle From: Zoë <zoe@example.org> Date: Fri, 31 May 2024 14:30:00 +0200 "
        "Der Öltank ist leer. täglich.csv name,liter Öl,0 Rechnung.pdf"
    )
    facts = content.facts
    assert (facts.title, facts.artist) == ("Größe für alle", "Zoë <zoe@example.org>")
    assert facts.captured_at == "2024-05-31T14:30:00"


def test_a_mail_within_a_mail_is_read(decode):
    inner = make_mail(Subject="Inner")
    inner.set_content("Deep words.")
    mail = make_mail(Subject="Outer")
    mail.set_content("Forwarded.")
    mail.add_attachment(inner)
    text = " ".join(passage.text for passage in decode(bytes(mail)).passages)
    assert text == "Subject: Outer Forwarded. Subject: Inner Deep words."


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [
        (b"Content-Type: text/plain; charset=gbk", "预算报告".encode(), "预算报告"),
        (b"Content-Type: text/plain; charset=unknown", "Größe für alle".encode("cp1252"), "Größe für alle"),
        (b"Content-Type: text/html", b"<p>un<b>believ</b>able</p>", "unbelievable"),
        (b"Content-Transfer-Encoding: base64", base64.b64encode("Öl".encode()), "Öl"),
        (b"Content-Type: multipart/mixed", b"no parts", "no parts"),
        (b"Date: yesterday", b"words", "Date: yesterday words"),
    ],
)
def test_mails_with_common_errors_are_read(decode, header, body, expected):
    passages = decode(b"Subject: =?utf-8?B?w5Zs?= =?x?Q?=FF?=\r\n" + header + b"\r\n\r\n" + body).passages
    assert " ".join(passage.text for passage in passages).endswith(expected)


def test_a_subject_in_raw_bytes_is_read(decode):
    assert decode("Subject: Größe\n\nwords".encode()).facts.title == "Größe"
    assert decode("Subject: Größe für alle Bären\n\nwords".encode("cp1252")).facts.title == "Größe für alle Bären"


def test_a_mail_is_recognized_without_a_suffix_and_a_text_with_one_stays_a_text(tmp_path):
    body = b"Subject: =?utf-8?q?=C3=96l?=\nFrom: a@example.org\nTo: b@example.org\n\nwords"
    for name, text in (("1717158600.M1", "Subject: Öl From"), ("a.txt", "Subject: =?utf-8?q?"), ("notes", "To: one")):
        (tmp_path / name).write_bytes(body if name != "notes" else b"To: one\nthing\n\nFrom: b\nSubject: c")
        (passage,) = read(tmp_path / name, ItemType.DOCUMENT).passages
        assert passage.text.startswith(text)


def test_what_is_no_mail_has_a_reason(decode):
    with pytest.raises(UnreadableMediaError, match="not a mail"):
        decode(b"only words\n\nand more")
