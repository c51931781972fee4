"""Pictures."""

from pathlib import Path

from indexer.decoders.content import Content
from search.media.picture import USEFUL_SIDE, open_picture
from search.records import MediaFacts, Segment, SegmentKind


def decode_image(path: Path) -> Content:
    """Open a picture; JPEGs are decoded no larger than the model and the thumbnail need."""
    picture, facts = open_picture(path, USEFUL_SIDE)
    return Content(
        facts=MediaFacts(captured_at=facts.captured_at, width=facts.width, height=facts.height, camera=facts.camera),
        pictures=[(Segment(SegmentKind.PICTURE), picture)],
        thumbnail=picture,
    )
