"""Decode images, scanned pages and video frames at the size at which text in them is read."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from indexer.decode.content import TextImage
from indexer.decode.document.pdf import render_scans
from indexer.decode.families import choose_type
from indexer.decode.image import MAX_PAGES, PAGED_SUFFIXES
from indexer.decode.video import FRAME_SPACING_SECONDS, LONG_VIDEO_SECONDS
from search.media.image.pillow import PilImage, iterate_images
from search.media.recording.frames import iterate_frames
from search.media.recording.tracks import probe
from search.records import ItemType, Pixels

# Small print in a photo of a page is legible at this length of the longer side; a larger image is decoded reduced.
LONG_SIDE, SHORT_SIDE = 2_000, 1_400
# Subtitles and signs in a film are large.
FRAME_SIDE = 1_280
PDF_HEAD = b"%PDF-"
HEAD_BYTES = 1_024


def decode_text_images(path: Path, expected: ItemType) -> Iterator[TextImage]:
    """Yield the images of a file that may contain text.

    Args:
        path: The file.
        expected: The type by the file's name.

    Raises:
        UnreadableMediaError: The file cannot be decoded.
    """
    kind = choose_type(path, expected)
    if kind is ItemType.IMAGE:
        yield from _decode_images(path)
    elif kind is ItemType.VIDEO:
        yield from _decode_frames(path)
    elif kind is ItemType.DOCUMENT and is_pdf(path):
        for number, image in render_scans(path.read_bytes()):
            yield TextImage(_to_pixels(image, LONG_SIDE), page=number)


def is_pdf(path: Path) -> bool:
    """Return whether a file is a PDF, by its content."""
    with path.open("rb") as file:
        return PDF_HEAD in file.read(HEAD_BYTES)


def _decode_images(path: Path) -> Iterator[TextImage]:
    """Yield an image, or the pages of a TIFF."""
    is_paged = path.suffix.lower() in PAGED_SUFFIXES
    for picture in iterate_images(path, SHORT_SIDE, MAX_PAGES if is_paged else 1):
        yield TextImage(_to_pixels(picture.image, LONG_SIDE), page=picture.index + 1 if is_paged else None)


def _decode_frames(path: Path) -> Iterator[TextImage]:
    """Yield a frame per second, since subtitles change within a shot; of a long film, only the keyframes."""
    duration = probe(path).media.duration or 0.0
    before: tuple[float, Pixels] | None = None
    for frame in iterate_frames(path, FRAME_SPACING_SECONDS, duration > LONG_VIDEO_SECONDS):
        if before is not None:
            yield TextImage(before[1], start=round(before[0], 3), end=round(frame.seconds, 3))
        before = frame.seconds, _to_pixels(frame.image, FRAME_SIDE)
    if before is not None:
        yield TextImage(before[1], start=round(before[0], 3), end=round(max(duration, before[0]), 3))


def _to_pixels(image: PilImage, side: int) -> Pixels:
    """Return the pixels of an image, reduced so that its longer side has at most `side` of them."""
    scale = side / max(image.size)
    if scale < 1:
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    return np.asarray(image, np.uint8)
