"""Pictures."""

from pathlib import Path

from indexer.decoders.content import Content
from search.media.picture import THUMBNAIL_SIZE, open_picture
from search.records import MediaFacts, Segment, SegmentKind


def decode_image(path: Path, side: int) -> Content:
    """Open a picture; JPEGs are decoded no larger than the model and the thumbnail need."""
    picture, facts = open_picture(path, max(side, *THUMBNAIL_SIZE))
    return Content(
        facts=MediaFacts(captured_at=facts.captured_at, width=facts.width, height=facts.height),
        pictures=[(Segment(SegmentKind.PICTURE), picture)],
        thumbnail=picture,
    )
