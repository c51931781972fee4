"""Read XMP packets and XMP sidecars."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from search.media.dates import add_offset, read_date
from search.media.metadata import check_place, clean_text, join_camera, join_tags, pick_first
from search.records import MAX_RATING, MIN_RATING, MediaFacts

if TYPE_CHECKING:
    from lxml.etree import _Element

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
DIGIKAM = "{http://www.digikam.org/ns/1.0/}"
EXIF = "{http://ns.adobe.com/exif/1.0/}"
EXIF_EX = "{http://cipa.jp/exif/1.0/}"
IPTC_EXTENSION = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
LIGHTROOM = "{http://ns.adobe.com/lightroom/1.0/}"
PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
TIFF = "{http://ns.adobe.com/tiff/1.0/}"
XMP = "{http://ns.adobe.com/xap/1.0/}"
# Degrees and minutes with the hemisphere as in XMP: "52,31.1N", or with seconds: "52,31,6N". Some programs write
# decimal degrees, with a sign or with the hemisphere in a separate property: "-68.5", "68.5" and "W".
_COORDINATE = re.compile(
    r"(?P<sign>[+-])?(?P<degrees>\d+(?:\.\d+)?)(?:,(?P<minutes>\d+(?:\.\d+)?)(?:,(?P<seconds>\d+(?:\.\d+)?))?)?"
    r"(?P<hemisphere>[NSEW])?[A-Z]*",
    re.ASCII,
)

XMP_SUFFIX = ".xmp"

# The values of each property, by its name with namespace.
Properties = dict[str, list[str]]


def read_xmp(packet: bytes | str | None) -> MediaFacts:
    """Return the metadata of an XMP packet; empty if it is missing or damaged."""
    from lxml import etree

    if not packet:
        return MediaFacts()
    body = packet.encode() if isinstance(packet, str) else packet
    # Security: do not load external files and do not expand entities.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(body.strip(b"\0 \n\r\t"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return MediaFacts()
    return MediaFacts() if root is None else _collect(_read_properties(root))


def parse_rating(value: object) -> int | None:
    """Return a rating from 1 to 5 stars; None if there is none. Images that were rejected have the rating -1."""
    try:
        stars = round(float(str(value)))
    except (ValueError, OverflowError):
        return None
    return stars if MIN_RATING <= stars <= MAX_RATING else None


def _collect(properties: Properties) -> MediaFacts:
    def first(*names: str) -> str | None:
        return next((properties[name][0] for name in names if properties.get(name)), None)

    latitude, longitude = _read_place(
        *((first(EXIF + name) or "") + (first(f"{EXIF}{name}Ref") or "") for name in ("GPSLatitude", "GPSLongitude"))
    )
    captured_at = pick_first(
        read_date(first(EXIF + "DateTimeOriginal"), first(EXIF_EX + "OffsetTimeOriginal")),
        read_date(first(PHOTOSHOP + "DateCreated")),
        read_date(first(XMP + "CreateDate")),
        read_date(first(EXIF + "DateTimeDigitized"), first(EXIF_EX + "OffsetTimeDigitized")),
    )
    return MediaFacts(
        title=first(DC + "title", PHOTOSHOP + "Headline"),
        captured_at=add_offset(captured_at, read_date(first(EXIF + "GPSTimeStamp"))),
        camera=join_camera(first(TIFF + "Make"), first(TIFF + "Model")),
        artist=first(DC + "creator", TIFF + "Artist"),
        description=first(DC + "description", TIFF + "ImageDescription", EXIF + "UserComment"),
        latitude=latitude,
        longitude=longitude,
        rating=parse_rating(first(XMP + "Rating")),
        tags=join_tags(_read_tags(properties)),
    )


def _read_tags(properties: Properties) -> list[str]:
    """Return the keywords and the names of people. Of hierarchical keywords, the last level is used."""
    names = properties.get(DC + "subject") or [
        re.split("[/|]", path)[-1] for name in (LIGHTROOM + "hierarchicalSubject", DIGIKAM + "TagsList")
        for path in properties.get(name, ())
    ]  # fmt: skip
    return [*names, *properties.get(IPTC_EXTENSION + "PersonInImage", ())]


def _read_properties(root: "_Element") -> Properties:
    """Return the properties of all descriptions, written as attributes or as elements; the first value of each wins."""
    properties: Properties = {}
    for description in root.iter(RDF + "Description"):
        parent = description.getparent()
        if parent is not None and parent.tag != RDF + "RDF":
            continue  # it describes a part of a structure, such as a step of the history
        for name, value in description.attrib.items():
            if text := clean_text(value):
                properties.setdefault(str(name), [text])
        for element in description:
            if isinstance(element.tag, str) and (texts := list(_read_texts(element))):
                properties.setdefault(element.tag, texts)
    return properties


def _read_texts(element: "_Element") -> Iterator[str]:
    """Yield the values of a property: those of a list, or its text."""
    entries = list(element.iterfind(f"*/{RDF}li"))
    for entry in entries or [element]:
        if text := clean_text(entry.text):
            yield text


def _read_place(*coordinates: str) -> tuple[float | None, float | None]:
    """Return latitude and longitude in decimal degrees; (None, None) if one is missing or damaged."""
    values = []
    for text in coordinates:
        match = _COORDINATE.fullmatch(text.replace(" ", "").upper())
        if match is None:
            return None, None
        degrees, minutes, seconds = (float(match[name] or 0) for name in ("degrees", "minutes", "seconds"))
        is_negative = match["sign"] == "-" or (match["hemisphere"] or "") in {"S", "W"}
        values.append((-1 if is_negative else 1) * (degrees + minutes / 60 + seconds / 3600))
    return check_place(values[0], values[1])
