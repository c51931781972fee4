"""MP4, QuickTime, HEIC and AVIF: metadata boxes, metadata items, and tracks other than sound, pictures and texts."""

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from search.media.recording.boxes import MAX_BOXES, Box, iterate_boxes
from search.media.redaction.items import find_item_patches
from search.media.redaction.patches import NotRedactableError, Patch
from search.media.redaction.samples import find_sample_patches

# The boxes at the top level that a player or a decoder needs.
NEEDED = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"meta", b"idat", b"sidx", b"mfra", b"pdin", b"wide"}
IMAGE_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis", b"hevc", b"hevx", b"MiHE"}
# The boxes with metadata, wherever they are in a film.
METADATA = {b"udta", b"meta", b"uuid", b"XMP_", b"free", b"skip"}
# The kinds of tracks that are shown, heard or read. Any other may have the place of each moment.
SHOWN_TRACKS = {b"vide", b"soun", b"subt", b"sbtl", b"text", b"clcp", b"tmcd", b"auxv", b"pict"}
# A box that readers ignore.
IGNORED = b"free"
# The handler of a track, after the version, the flags and another field.
HANDLER_AT, HANDLER_BYTES = 8, 4


def find_patches(stream: BinaryIO) -> list[Patch]:
    """Return what has to be replaced in a file of boxes.

    Args:
        stream: The file.

    Raises:
        NotRedactableError: The file is damaged, or has a structure that is not supported.
    """
    boxes = read_boxes(stream)
    names = {box.name for box in boxes}
    has_image_brand = boxes[0].name == b"ftyp" and read(stream, boxes[0].start, 4) in IMAGE_BRANDS
    is_image, is_fragmented = has_image_brand or b"moov" not in names, b"moof" in names
    patches: list[Patch] = []
    for box in boxes:
        if box.name == b"moov":
            patches += _find_film_patches(stream, box, is_fragmented)
        elif box.name == b"meta" and is_image:
            patches += find_item_patches(stream, box)
        elif box.name not in NEEDED or box.name == b"meta":
            patches += ignore(box)
    return patches


def read_boxes(stream: BinaryIO, parent: Box | None = None, skip: int = 0) -> list[Box]:
    """Return the boxes of a file, or of one of its boxes.

    Args:
        stream: The file.
        parent: The box around them.
        skip: The number of bytes of the parent before them.

    Raises:
        NotRedactableError: The length of a box is not valid, or there are too many.
    """
    found = iterate_boxes(stream) if parent is None else iterate_boxes(stream, parent.start + skip, parent.end)
    boxes = list(islice(found, MAX_BOXES))
    limit = stream.seek(0, 2) if parent is None else parent.end
    if not boxes or len(boxes) == MAX_BOXES or any(box.end < box.start or box.end > limit for box in boxes):
        raise NotRedactableError("a box has no valid length")
    return boxes


def read(stream: BinaryIO, start: int, size: int) -> bytes:
    """Return a number of bytes at a position.

    Raises:
        NotRedactableError: The file ends before them.
    """
    stream.seek(start)
    data = stream.read(size)
    if len(data) < size:
        raise NotRedactableError("the file is truncated")
    return data


def ignore(box: Box) -> list[Patch]:
    """Return the patches that make readers ignore a box, whose content becomes zero."""
    return [Patch(box.head + 4, box.head + 8, IGNORED), Patch(box.start, box.end)]


def _find_film_patches(stream: BinaryIO, film: Box, is_fragmented: bool) -> Iterator[Patch]:
    for box in read_boxes(stream, film):
        if box.name in METADATA:
            yield from ignore(box)
        elif box.name == b"cmov":
            raise NotRedactableError("the index is compressed")
        elif box.name == b"trak":
            yield from _find_track_patches(stream, box, is_fragmented)


def _find_track_patches(stream: BinaryIO, track: Box, is_fragmented: bool) -> Iterator[Patch]:
    parts = {box.name: box for box in read_boxes(stream, track)}
    media = {box.name: box for box in read_boxes(stream, parts[b"mdia"])} if b"mdia" in parts else {}
    if b"hdlr" not in media:
        raise NotRedactableError("a track has no handler")
    if read(stream, media[b"hdlr"].start + HANDLER_AT, HANDLER_BYTES) in SHOWN_TRACKS:
        for box in (*parts.values(), *media.values()):
            if box.name in METADATA:
                yield from ignore(box)
        return
    if is_fragmented or b"minf" not in media:
        raise NotRedactableError("a track of metadata is in fragments")
    tables = {box.name: box for box in read_boxes(stream, media[b"minf"])}
    if b"stbl" not in tables:
        raise NotRedactableError("a track has no samples")
    content = {box.name: read(stream, box.start, box.end - box.start) for box in read_boxes(stream, tables[b"stbl"])}
    yield from find_sample_patches(content, stream.seek(0, 2))
    yield from ignore(track)
