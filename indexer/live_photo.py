"""Decide whether a film belongs to a Live Photo, from the first bytes of both files.

Only the structure of the film is read, not its images, so this is quick and safe outside the sandbox.
"""

import re
import struct
from pathlib import Path
from typing import BinaryIO

from search.media.recording.boxes import iterate_boxes

# The film of a Live Photo takes about three seconds. Longer films belong to a photo only if both say so.
MAX_SECONDS = 5.0
MAX_MARKED_SECONDS = 15.0
# A photo and its film are written within this time.
MAX_WRITE_DELAY_SECONDS = 10.0
MAX_HEADER_BYTES = 16 * 2**20
MAX_PHOTO_BYTES = 64 * 2**20
CONTENT_IDENTIFIER = b"com.apple.quicktime.content.identifier"
_UUID = re.compile(rb"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}")


def is_live_photo(photo: Path, film: Path) -> bool:
    """Return whether a film is the moving part of a photo with the same name.

    Args:
        photo: A photo.
        film: A film in MOV or MP4.
    """
    try:
        with film.open("rb") as stream:
            header = _read_header(stream)
        seconds = _read_duration(header)
        if seconds is None or seconds > MAX_MARKED_SECONDS:
            return False
        if CONTENT_IDENTIFIER in header and _shares_identifier(photo, header):
            return True
        delay = abs(photo.stat().st_mtime - film.stat().st_mtime)
    except OSError:
        return False
    return seconds <= MAX_SECONDS and delay <= MAX_WRITE_DELAY_SECONDS


def _read_header(stream: BinaryIO) -> bytes:
    """Return the content of the box `moov`, which describes a film; empty if there is none."""
    for box in iterate_boxes(stream):
        if box.name == b"moov" and box.end >= box.start:
            stream.seek(box.start)
            return stream.read(min(box.end - box.start, MAX_HEADER_BYTES))
    return b""


def _read_duration(header: bytes) -> float | None:
    """Return the duration of a film in seconds, None if it is unknown."""
    position = header.find(b"mvhd")
    body = header[position + 4 :] if position >= 0 else b""
    if len(body) < 32:
        return None
    if body[0] == 1:
        scale, duration = struct.unpack(">IQ", body[20:32])
    else:
        scale, duration = struct.unpack(">II", body[12:20])
    return duration / scale if scale and duration else None


def _shares_identifier(photo: Path, header: bytes) -> bool:
    """Return whether a photo contains the identifier that a film has."""
    with photo.open("rb") as stream:
        body = stream.read(MAX_PHOTO_BYTES)
    return not set(_UUID.findall(body)).isdisjoint(_UUID.findall(header))
