"""MP4, QuickTime, HEIC and AVIF: all boxes but those that a player or a decoder needs, metadata items, and tracks."""

from collections.abc import Iterator
from typing import BinaryIO

from search.media.recording.boxes import Box
from search.media.redaction.items import find_item_patches
from search.media.redaction.patches import NotRedactableError, Patch, UnreadableTrackError
from search.media.redaction.reading import BoxReader, get_box, ignore
from search.media.redaction.samples import TABLES, find_sample_patches
from search.media.telemetry import MAX_TEXT_BYTES, has_telemetry

# The boxes that are needed, by the one that they are in. Those that are keys are read, the others are kept whole.
FILE = b""
TABLES_OF_GROUPS = {b"sbgp", b"sgpd", b"csgp", b"subs", b"saiz", b"saio", b"sdtp", b"senc"}
NEEDED = {
    FILE: {
        *(b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"meta", b"idat", b"sidx", b"ssix", b"mfra", b"pdin", b"wide"),
    },
    b"moov": {b"mvhd", b"trak", b"mvex", b"iods", b"pssh", b"ctab", b"clip", b"prfl"},
    b"trak": {b"tkhd", b"tapt", b"edts", b"tref", b"trgr", b"mdia", b"load", b"imap", b"clip", b"matt"},
    b"mdia": {b"mdhd", b"hdlr", b"elng", b"minf"},
    b"minf": {b"vmhd", b"smhd", b"hmhd", b"nmhd", b"sthd", b"gmhd", b"hdlr", b"dinf", b"stbl"},
    b"stbl": {b"stsd", b"stts", b"ctts", b"cslg", b"stss", b"stps", b"stsh", b"padb", b"stdp", b"stz2"}
    | TABLES
    | TABLES_OF_GROUPS,
    b"moof": {b"mfhd", b"traf", b"pssh"},
    b"traf": {b"tfhd", b"tfdt", b"trun"} | TABLES_OF_GROUPS,
}
# Structures that may have metadata in a place that is not known.
UNSUPPORTED = {b"cmov": "the index is compressed", b"mini": "the image has a short header"}
IMAGE_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis", b"hevc", b"hevx", b"MiHE"}
# The kinds of tracks that are shown, heard or read. Any other may have the place of each moment.
SHOWN_TRACKS = {b"vide", b"soun", b"subt", b"sbtl", b"text", b"clcp", b"tmcd", b"auxv", b"pict"}
# Those of text: drones write where they are as subtitles.
TEXT_TRACKS = {b"subt", b"sbtl", b"text"}
# The handler of a track, after the version, the flags and another field.
HANDLER_AT, HANDLER_BYTES = 8, 4


def find_patches(stream: BinaryIO) -> list[Patch]:
    """Return what has to be replaced in a file of boxes.

    Args:
        stream: The file.

    Raises:
        NotRedactableError: The file is damaged, or has a structure that is not supported.
    """
    return list(_Film(BoxReader(stream)).find_patches())


class _Film:
    """A film or an image."""

    def __init__(self, reader: BoxReader) -> None:
        self._reader = reader
        self._boxes = reader.list_boxes()
        names = {box.name for box in self._boxes}
        if not names:
            raise NotRedactableError("there are no boxes")
        is_image = self._boxes[0].name == b"ftyp" and reader.read_start(self._boxes[0], 4) in IMAGE_BRANDS
        self._is_image = is_image or b"moov" not in names
        self._is_fragmented = b"moof" in names

    def find_patches(self) -> Iterator[Patch]:
        """Yield what has to be replaced."""
        yield from self._find_in(FILE, self._boxes)

    def _find_in(self, parent: bytes, boxes: list[Box]) -> Iterator[Patch]:
        for box in boxes:
            if box.name in UNSUPPORTED:
                raise NotRedactableError(UNSUPPORTED[box.name])
            if box.name not in NEEDED[parent] or (box.name == b"meta" and not self._is_image):
                yield from ignore(box)
            elif box.name == b"meta":
                yield from find_item_patches(self._reader, box)
            elif box.name == b"trak" and self._must_erase(box):
                yield from (*self._find_samples(box), *ignore(box))
            elif box.name in NEEDED:
                yield from self._find_in(box.name, self._reader.list_boxes(box))

    def _must_erase(self, track: Box) -> bool:
        """Return whether a track may name places."""
        handler = self._reader.find_box(self._reader.find_box(track, b"mdia"), b"hdlr")
        kind = self._reader.read_start(handler, HANDLER_AT + HANDLER_BYTES)[HANDLER_AT:]
        return kind not in SHOWN_TRACKS or (kind in TEXT_TRACKS and self._has_telemetry(track))

    def _has_telemetry(self, track: Box) -> bool:
        samples = self._find_samples(track)
        if sum(sample.end - sample.start for sample in samples) > MAX_TEXT_BYTES:
            raise UnreadableTrackError("a track of text is too large")
        return any(has_telemetry(self._reader.read(sample.start, sample.end)) for sample in samples)

    def _find_samples(self, track: Box) -> list[Patch]:
        """Return patches that overwrite the samples of a track of metadata or text. Raises UnreadableTrackError."""
        if self._is_fragmented:
            raise UnreadableTrackError("a track of metadata or text is in fragments")
        try:
            table = track
            for name in (b"mdia", b"minf", b"stbl"):
                table = self._reader.find_box(table, name)
            boxes = [box for box in self._reader.list_boxes(table) if box.name in TABLES]
            content = {box.name: self._reader.read_box(get_box(boxes, box.name)) for box in boxes}
            return find_sample_patches(content, self._reader.size)
        except NotRedactableError as error:
            raise UnreadableTrackError(str(error)) from error
