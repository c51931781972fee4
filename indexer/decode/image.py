"""Pictures."""

from dataclasses import fields, replace
from pathlib import Path

from indexer.decode.content import DecodedImage, FileSummary, Parts
from search.media.image.picture import USEFUL_SIDE, iterate_images
from search.media.metadata import join_tags, read_xmp
from search.records import MediaFacts, Segment, SegmentKind

MAX_PAGES = 500
SIDECAR_LIMIT = 4 * 1024 * 1024


def decode_image(path: Path, sidecar: Path | None) -> Parts:
    """Open a picture, the pages of a TIFF, or a few frames of an animation; JPEGs are decoded no larger than useful."""
    cover, known = None, None
    paged = path.suffix.lower() in {".tif", ".tiff"}
    for place, picture, facts in iterate_images(path, USEFUL_SIDE, MAX_PAGES):
        if known is None:
            cover, known = picture, _join(facts, sidecar)
            # What somebody wrote about the picture is found as text.
            if known.description:
                yield Segment(SegmentKind.PASSAGE, known.description)
        yield DecodedImage(Segment(SegmentKind.IMAGE, page=place + 1 if paged else None), picture)
    if known is not None:
        yield FileSummary(known, cover)


def _join(facts: MediaFacts, sidecar: Path | None) -> MediaFacts:
    """Let what a side-car says go before what the picture itself says: it was written later."""
    if sidecar is None or sidecar.stat().st_size > SIDECAR_LIMIT:
        return facts
    later = read_xmp(sidecar.read_bytes())
    said = {one.name: value for one in fields(later) if (value := getattr(later, one.name))}
    return replace(facts, **said | {"tags": join_tags([*later.tags, *facts.tags])})
