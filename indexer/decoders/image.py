"""Pictures."""

from pathlib import Path

from indexer.decoders.content import Outline, Parts, Shot
from search.media.picture import USEFUL_SIDE, open_picture
from search.records import MediaFacts, Segment, SegmentKind


def decode_image(path: Path) -> Parts:
    """Open a picture; JPEGs are decoded no larger than the model and the thumbnail need."""
    picture, facts = open_picture(path, USEFUL_SIDE)
    yield Shot(Segment(SegmentKind.PICTURE), picture)
    yield Outline(
        MediaFacts(captured_at=facts.captured_at, width=facts.width, height=facts.height, camera=facts.camera),
        picture,
    )
