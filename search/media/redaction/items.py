"""The metadata of HEIC and AVIF files (ISO/IEC 23008-12): items with EXIF and XMP, texts, and boxes of programs."""

from collections.abc import Iterator

from search.media.image.item_locations import FROM_DATA_BOX, FROM_FILE_START, Extent, iterate_extents
from search.media.recording.boxes import Box
from search.media.redaction.exif import make_exif
from search.media.redaction.patches import NotRedactableError, Patch
from search.media.redaction.reading import BoxReader, get_box, ignore

# The boxes that a decoder needs.
NEEDED = {b"hdlr", b"dinf", b"pitm", b"iloc", b"iinf", b"iprp", b"iref", b"idat", b"ipro", b"grpl"}
EXIF = b"Exif"
METADATA_ITEMS = {EXIF, b"mime", b"uri ", b"rgan"}
PICTURE_ITEMS = {b"hvc1", b"hev1", b"lhv1", b"av01", b"avc1", b"vvc1", b"evc1", b"jpeg", b"j2k1", b"unci", b"mski"}
PICTURE_ITEMS |= {b"grid", b"iden", b"iovl", b"tmap", b"sato"}
# Properties that have texts, the place of the camera, or data of a program.
METADATA_PROPERTIES = {b"udes", b"altt", b"cmex", b"uuid", b"free", b"skip"}
# The orientation of such an image is a property of it.
EMPTY_EXIF = bytes(4) + make_exif(1)
# A box with a version and flags has them before its content.
VERSION_BYTES = 4
THIS_FILE = 0


def find_item_patches(reader: BoxReader, meta: Box) -> Iterator[Patch]:
    """Yield patches that overwrite the metadata of an image.

    Args:
        reader: The file.
        meta: Its box `meta`.

    Raises:
        NotRedactableError: The tables of items are damaged, or refer to another file.
    """
    boxes = reader.list_boxes(meta, VERSION_BYTES)
    for box in boxes:
        if box.name not in NEEDED:
            yield from ignore(box)
        elif box.name == b"iprp":
            yield from _find_properties(reader, box)
    metadata = dict(_list_metadata(reader, get_box(boxes, b"iinf")))
    without_body = set(metadata)
    try:
        extents = [one for one in iterate_extents(reader.read_box(get_box(boxes, b"iloc"))) if one.item in metadata]
    except ValueError as error:
        raise NotRedactableError("the table of items is damaged") from error
    for extent in extents:
        start, end = _place(reader, extent, boxes)
        # Decoders refuse an image whose EXIF data is not valid.
        is_exif = metadata[extent.item] == EXIF and extent.item in without_body and extent.length >= len(EMPTY_EXIF)
        without_body.discard(extent.item)
        yield Patch(start, end, EMPTY_EXIF if is_exif else b"")


def _find_properties(reader: BoxReader, properties: Box) -> Iterator[Patch]:
    container = reader.find_box(properties, b"ipco")
    for box in reader.list_boxes(container):
        if box.name in METADATA_PROPERTIES:
            yield from ignore(box)


def _place(reader: BoxReader, extent: Extent, boxes: list[Box]) -> tuple[int, int]:
    """Return where a part of an item begins and ends in the file."""
    if extent.file != THIS_FILE:
        raise NotRedactableError("an item is in another file")
    if extent.method == FROM_DATA_BOX:
        data = get_box(boxes, b"idat")
        start, limit = data.start + extent.start, data.end
    elif extent.method == FROM_FILE_START:
        start, limit = extent.start, reader.size
    else:
        raise NotRedactableError("an item is in another item")
    if start + extent.length > limit or not extent.length:
        raise NotRedactableError("an item is outside the file")
    return start, start + extent.length


def _list_metadata(reader: BoxReader, table: Box) -> Iterator[tuple[int, bytes]]:
    """Yield the ids and the types of the items with metadata."""
    count_bytes = 2 if reader.read_start(table, 1) == b"\0" else 4
    for entry in reader.list_boxes(table, VERSION_BYTES + count_bytes):
        version = reader.read_start(entry, 1)
        if version not in {b"\2", b"\3"}:
            raise NotRedactableError("an item has no type")
        id_bytes = 4 if version == b"\3" else 2
        kind_at = VERSION_BYTES + id_bytes + 2
        content = reader.read_start(entry, kind_at + 4)
        kind = content[kind_at:]
        if kind in METADATA_ITEMS:
            yield int.from_bytes(content[VERSION_BYTES : VERSION_BYTES + id_bytes], "big"), kind
        elif kind not in PICTURE_ITEMS:
            raise NotRedactableError("an item has a type that is not known")
