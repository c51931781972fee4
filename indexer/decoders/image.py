"""Pictures."""

from pathlib import Path

from indexer.decoders.content import Outline, Parts, Shot
from search.media.picture import USEFUL_SIDE, iterate_pictures
from search.records import MediaFacts, Segment, SegmentKind

MOST_PAGES = 500


def decode_image(path: Path) -> Parts:
    """Open a picture, the pages of a TIFF, or a few frames of an animation; JPEGs are decoded no larger than useful."""
    cover, known = None, None
    paged = path.suffix.lower() in {".tif", ".tiff"}
    for place, picture, facts in iterate_pictures(path, USEFUL_SIDE, MOST_PAGES):
        if known is None:
            cover, known = picture, facts
        yield Shot(Segment(SegmentKind.PICTURE, page=place + 1 if paged else None), picture)
    if known is not None:
        yield Outline(
            MediaFacts(captured_at=known.captured_at, width=known.width, height=known.height, camera=known.camera),
            cover,
        )
