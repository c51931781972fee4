"""Find the film inside a Motion Photo: an MP4 file after a JPEG or in a HEIC file.

Only the structure of the file is read, so this is quick and safe outside the sandbox.
"""

import re
import struct
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from search.media.recording.boxes import iterate_boxes

SUFFIXES = frozenset((".jpg", ".jpeg", ".heic", ".heif"))
JPEG_START, ISO_NAME, FILM_BOX = b"\xff\xd8", b"ftyp", b"mpvd"
# The segments before the image of a JPEG, and those with XMP.
MAX_SEGMENTS, APP1, SCAN, XMP_HEADER = 200, 0xE1, 0xDA, b"http://ns.adobe.com/xap/1.0/\0"
# What Samsung appends to a file: parts with names, then their list, then the length of the list.
TRAILER_END, LIST_START, FILM_PART, MAX_PARTS = b"SEFT", b"SEFH", b"MotionPhoto_Data", 100
# XMP of Google: the earlier one has the number of bytes from the film to the end of the file; the present one lists the
# parts of the file in order, with their lengths.
_MICRO_VIDEO = re.compile(rb"MicroVideoOffset\s*(?:=\s*[\"']|>)\s*(\d{1,15})")
_IS_MARKED = re.compile(rb"(?:MotionPhoto|MicroVideo)\s*(?:=\s*[\"']|>)\s*1\b")
_FILM_START = re.compile(rb"\0\0\0[\x10-\x40]ftyp(?:mp4|iso|qt  |avc|MSNV|M4V|3gp)")
# What looks like the start of a film is checked this often; the index is among the first boxes, or follows the data.
MAX_SEARCHED_BYTES, MAX_STARTS, MAX_FILM_BOXES = 64 * 2**20, 20, 1_000
_PART_START = re.compile(rb"<rdf:li\b")
_FILM_MEANING = re.compile(rb"Semantic\s*(?:=\s*[\"']|>)\s*MotionPhoto\b")
_LENGTH, _PADDING = (re.compile(name + rb"\s*(?:=\s*[\"']|>)\s*(\d{1,15})") for name in (rb"Length", rb"Padding"))


class Span(NamedTuple):
    """A part of a file: the position of its first byte, and its length in bytes."""

    start: int
    length: int


def find_film(path: Path) -> Span | None:
    """Return the place of the film inside a Motion Photo; None if the file has none, or cannot be read.

    Args:
        path: An image.
    """
    if path.suffix.lower() not in SUFFIXES:
        return None
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            return next((span for span in _list_candidates(stream, size) if _is_film(stream, size, span)), None)
    except OSError:
        return None


def _list_candidates(stream: BinaryIO, size: int) -> Iterator[Span]:
    """Yield the places where a film may be."""
    stream.seek(0)
    if stream.read(2) == JPEG_START:
        packet = _read_xmp(stream)
        if (match := _MICRO_VIDEO.search(packet)) is not None:
            yield Span(size - int(match[1]), int(match[1]))
        yield from _find_listed(packet, size)
        if _IS_MARKED.search(packet) is not None:
            yield from _search(stream, size)
    else:
        yield from (Span(box.start, box.end - box.start) for box in iterate_boxes(stream) if box.name == FILM_BOX)
    yield from _find_appended(stream, size)


def _is_film(stream: BinaryIO, size: int, span: Span) -> bool:
    """Return whether an MP4 or QuickTime file begins at a place, and the place is inside the file."""
    if span.start <= 0 or span.length <= 8 or span.start + span.length > size:
        return False
    stream.seek(span.start + 4)
    return stream.read(len(ISO_NAME)) == ISO_NAME


def _read_xmp(stream: BinaryIO) -> bytes:
    """Return the XMP packet of a JPEG whose first two bytes were read; empty if it has none."""
    for _ in range(MAX_SEGMENTS):
        head = stream.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] == SCAN:
            return b""
        (length,) = struct.unpack(">H", head[2:])
        content = stream.read(length - 2) if length > 2 else b""
        if head[1] == APP1 and content.startswith(XMP_HEADER):
            return content
    return b""


def _find_listed(packet: bytes, size: int) -> Iterator[Span]:
    """Yield the place of the film in the list of the parts of a file, the last of which ends with the file."""
    end = size
    for part in reversed(_PART_START.split(packet)[1:]):
        length, padding = (int(match[1]) if (match := one.search(part)) else 0 for one in (_LENGTH, _PADDING))
        end -= length + padding
        if _FILM_MEANING.search(part):
            yield Span(end, length)


def _search(stream: BinaryIO, size: int) -> Iterator[Span]:
    """Yield where films begin: programs that change a photo leave wrong numbers in it, or drop the list."""
    stream.seek(0)
    body = stream.read(MAX_SEARCHED_BYTES)
    starts = (match.start() for match in islice(_FILM_START.finditer(body), MAX_STARTS))
    yield from (Span(start, size - start) for start in starts if _has_index(stream, start, size))


def _has_index(stream: BinaryIO, start: int, size: int) -> bool:
    """Return whether the index of a film that begins at a position is complete."""
    boxes = islice(iterate_boxes(stream, start, size), MAX_FILM_BOXES)
    return any(box.name == b"moov" and box.start <= box.end <= size for box in boxes)


def _find_appended(stream: BinaryIO, size: int) -> Iterator[Span]:
    """Yield the place of the film among the parts that Samsung appends."""
    if size < 8:
        return
    stream.seek(size - 8)
    length, mark = struct.unpack("<I4s", stream.read(8))
    start = size - 8 - length
    if mark != TRAILER_END or start <= 0:
        return
    stream.seek(start)
    entries = stream.read(min(length, 12 + 12 * MAX_PARTS))
    if not entries.startswith(LIST_START):
        return
    for at in range(12, min(length - 11, 12 + 12 * MAX_PARTS), 12):
        distance, part_size = struct.unpack("<II", entries[at + 4 : at + 12])
        place = start - distance
        if place <= 0:
            continue
        stream.seek(place)
        head = stream.read(8 + len(FILM_PART))
        if head[8:] == FILM_PART:
            yield Span(place + len(head), part_size - len(head))
