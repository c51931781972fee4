"""Mails (EML): the subject, the people, the text and texts that are attached."""

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from indexer.decode.content import Parts
from indexer.decode.document.charset import decode_declared
from indexer.decode.document.text import Text, clean_text, cut_texts, read_html
from indexer.decode.family import DocumentFormat, Format
from search.errors import UnreadableMediaError
from search.records import MediaFacts

SHOWN_HEADERS = ("Subject", "From", "To", "Cc", "Date")
# A mail is recognized by at least this number of these headers before its first empty line.
FIRST_LINE = re.compile(rb"[A-Za-z-]{2,40}:[ \t]|From ")
KNOWN_HEADERS = re.compile(
    rb"^(From|To|Subject|Date|Message-ID|Received|Return-Path|MIME-Version|Delivered-To|Content-Type):", re.I | re.M
)
MIN_KNOWN_HEADERS, DETECTED_BYTES = 3, 16_384
# Mails can be attached to each other; deeper ones are left out.
MAX_DEPTH = 8


def decode_mail(body: bytes) -> Parts:
    """Yield the text of a mail.

    Raises:
        UnreadableMediaError: It is no mail, or it has no text.
    """
    message = message_from_bytes(body)
    if not any(message.get(name) for name in (*SHOWN_HEADERS, "Received", "Message-ID")):
        raise UnreadableMediaError("damaged or not a mail: it has no header")
    title = _read_header(message, "Subject") or None
    facts = MediaFacts(title=title, artist=_read_header(message, "From") or None, captured_at=_read_date(message))
    yield from cut_texts([Text("\n\n".join(_read_message(message, MAX_DEPTH)), title)], facts)


def _read_message(message: Message, depth: int) -> Iterator[str]:
    """Yield the headers that are shown, the texts in order, and the names of attached files."""
    headers = [f"{name}: {value}" for name in SHOWN_HEADERS if (value := _read_header(message, name))]
    yield "\n".join(headers)
    yield from _read_part(message, depth)


def _read_part(part: Message, depth: int) -> Iterator[str]:
    kind = part.get_content_type()
    inner = part.get_payload()
    if isinstance(inner, list):
        children = [child for child in inner if isinstance(child, Message)] if depth else []
        for child in _choose_alternative(children) if kind == "multipart/alternative" else children:
            yield from (_read_message if kind == "message/rfc822" else _read_part)(child, depth - 1)
        return
    name = part.get_filename()
    if name:
        yield _decode_words(name)
    if part.get_content_maintype() in {"text", "multipart"}:  # a multipart without parts is a text
        content = part.get_payload(decode=True)
        body = content if isinstance(content, bytes) else b""
        try:
            yield read_html(body).content if kind == "text/html" else decode_declared(body, part.get_content_charset())
        except UnreadableMediaError:
            return  # an attachment with a wrong type


def _choose_alternative(parts: list[Message]) -> list[Message]:
    """Return the plain text of a mail that contains the same text in several formats, else all parts."""
    plain = [part for part in parts if part.get_content_type() == "text/plain" and str(part.get_payload()).strip()]
    return plain or parts


def _read_header(message: Message, name: str) -> str:
    # `raw_items` keeps bytes that are in no declared encoding.
    values = (str(value) for key, value in message.raw_items() if key.lower() == name.lower())
    return _decode_words(next(values, ""))


def _decode_words(value: str) -> str:
    """Return a header in which encoded words, and bytes without an encoding, are decoded."""
    try:
        parts = decode_header(value)
    except (MessageError, ValueError):
        parts = [(value, None)]
    texts = []
    for text, charset in parts:
        body = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        texts.append(decode_declared(body, charset if charset != "unknown-8bit" else None) if body else "")
    return clean_text(" ".join("".join(texts).split()))


def _read_date(message: Message) -> str | None:
    try:
        date: datetime = parsedate_to_datetime(str(message.get("Date") or ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=None, microsecond=0).isoformat()


def _is_mail(head: bytes) -> bool:
    """Return whether a file begins with the header of a mail, as files without a suffix in mail folders do."""
    if not FIRST_LINE.match(head):
        return False
    header = re.split(rb"\r?\n\r?\n", head[:DETECTED_BYTES], maxsplit=1)[0]
    return len({name.lower() for name in KNOWN_HEADERS.findall(header)}) >= MIN_KNOWN_HEADERS


MAIL = DocumentFormat(
    Format("Mail", (".eml",), "subject, sender, recipients and text", "attachments other than text"),
    decode_mail,
    detect=_is_mail,
)
