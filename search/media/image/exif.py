"""Read the metadata of images: EXIF, XMP and IPTC."""

import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PIL import ExifTags, Image, IptcImagePlugin

from search.media.dates import add_offset, read_date
from search.media.image.texts import clean_description, read_prompt, read_texts
from search.media.metadata import check_place, clean_text, join_camera, join_tags, pick_first
from search.media.xmp import parse_rating, read_xmp
from search.records import MediaFacts

# The EXIF orientations that swap width and height.
SIDEWAYS = {5, 6, 7, 8}
# The records and data sets of IPTC.
IPTC_TITLE, IPTC_TAGS, IPTC_ARTIST, IPTC_DESCRIPTION = (2, 5), (2, 25), (2, 80), (2, 120)
# The tags of dates in order of preference, and the tags of their offsets from UTC.
DATE_TAGS = (
    (ExifTags.Base.DateTimeOriginal, ExifTags.Base.OffsetTimeOriginal),
    (ExifTags.Base.DateTimeDigitized, ExifTags.Base.OffsetTimeDigitized),
)
# The encodings that EXIF texts name in their first eight bytes.
USER_COMMENT_PREFIX_LENGTH = 8
# The errors that Pillow and the conversions below raise for damaged fields.
_FIELD_ERRORS = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, ArithmeticError, struct.error)


def read_metadata(image: Image.Image) -> MediaFacts:
    """Return the metadata of an open image: EXIF first, then XMP, IPTC and texts. Damaged fields are ignored."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    facts = _collect(_read_exif(image), read_xmp(packet), _read_iptc(image))
    texts = read_texts(image)
    missing = {name: value for name, value in vars(texts).items() if not getattr(facts, name)}
    return replace(facts, **missing)


def read_header(head: bytes) -> MediaFacts:
    """Return the metadata in the first bytes of a TIFF file; empty for other formats."""
    exif = Image.Exif()
    try:
        exif.load(head)
    except _FIELD_ERRORS:
        return MediaFacts()
    packet = exif.get(ExifTags.Base.XMLPacket)
    return _collect(exif, read_xmp(packet if isinstance(packet, bytes) else None), {})


def _read_exif(image: Image.Image) -> Image.Exif:
    """Return the EXIF data of an image; empty if it is damaged."""
    try:
        return image.getexif()
    except _FIELD_ERRORS:
        return Image.Exif()


def _collect(exif: Image.Exif, xmp: MediaFacts, iptc: Mapping[tuple[int, int], list[str]]) -> MediaFacts:
    details = exif.get_ifd(ExifTags.IFD.Exif)
    latitude, longitude = _read_place(exif)
    captured_at = pick_first(
        *(read_date(details.get(date), details.get(offset)) for date, offset in DATE_TAGS[:1]),
        xmp.captured_at,
        *(read_date(details.get(date), details.get(offset)) for date, offset in DATE_TAGS[1:]),
        read_date(exif.get(ExifTags.Base.DateTime), details.get(ExifTags.Base.OffsetTime)),
    )
    gps_time = _read_gps_time(exif)
    windows_tags = _read_windows_text(exif, ExifTags.Base.XPKeywords) or ""
    return MediaFacts(
        title=pick_first(xmp.title, iptc.get(IPTC_TITLE), _read_windows_text(exif, ExifTags.Base.XPTitle)),
        captured_at=add_offset(captured_at, gps_time) or gps_time,
        camera=_read_camera(exif) or xmp.camera,
        artist=pick_first(clean_text(exif.get(ExifTags.Base.Artist)), xmp.artist, iptc.get(IPTC_ARTIST)),
        description=pick_first(
            clean_description(exif.get(ExifTags.Base.ImageDescription)),
            clean_description(xmp.description),
            iptc.get(IPTC_DESCRIPTION),
            _read_windows_text(exif, ExifTags.Base.XPComment),
            clean_description(read_prompt(_read_user_comment(details.get(ExifTags.Base.UserComment)))),
        ),
        latitude=latitude if latitude is not None else xmp.latitude,
        longitude=longitude if longitude is not None else xmp.longitude,
        rating=xmp.rating or parse_rating(exif.get(ExifTags.Base.Rating)),
        orientation=_read_orientation(exif),
        tags=join_tags([*xmp.tags, *iptc.get(IPTC_TAGS, ()), *windows_tags.split(";")]),
    )


def _read_camera(exif: Image.Exif) -> str | None:
    return join_camera(*(str(exif.get(tag, "")) for tag in (ExifTags.Base.Make, ExifTags.Base.Model)))


def _read_orientation(exif: Image.Exif) -> int | None:
    value = exif.get(ExifTags.Base.Orientation)
    return value if isinstance(value, int) and 1 <= value <= 8 else None


def _read_windows_text(exif: Image.Exif, tag: ExifTags.Base) -> str | None:
    """Return a text that Windows wrote in UTF-16."""
    value = exif.get(tag)
    return clean_text(value.decode("utf-16-le", "replace")) if isinstance(value, bytes) else None


def _read_user_comment(value: Any) -> str | None:
    """Return the comment of a user, which begins with the name of its encoding."""
    if not isinstance(value, bytes):
        return value if isinstance(value, str) else None
    encoding, text = value[:USER_COMMENT_PREFIX_LENGTH], value[USER_COMMENT_PREFIX_LENGTH:]
    if encoding.startswith(b"UNICODE"):
        # The byte order is often not that of the file: spaces and letters of ASCII have their zeros before or after.
        is_big = text[0::2].count(0) > text[1::2].count(0)
        return text.decode("utf-16-be" if is_big else "utf-16-le", "replace")
    return text.decode("utf-8", "replace") if encoding[:5] in {b"ASCII", b"\0\0\0\0\0"} else None


def _read_gps_time(exif: Image.Exif) -> str | None:
    """Return the time of the GPS receiver, which is in UTC."""
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        hours, minutes, seconds = (int(float(part)) for part in gps[ExifTags.GPS.GPSTimeStamp])
    except _FIELD_ERRORS:
        return None
    return read_date(f"{gps.get(ExifTags.GPS.GPSDateStamp)} {hours:02}:{minutes:02}:{seconds:02}Z")


def _read_place(exif: Image.Exif) -> tuple[float | None, float | None]:
    """Return latitude and longitude in decimal degrees; (None, None) if there are none."""
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        coordinates = []
        for tag, negative in ((ExifTags.GPS.GPSLatitude, "S"), (ExifTags.GPS.GPSLongitude, "W")):
            value = gps[tag]
            parts = [float(part) for part in (value if isinstance(value, tuple | list) else [value])]
            degrees, minutes, seconds = (*parts, 0.0, 0.0)[:3]
            # The tag before each coordinate has its hemisphere.
            sign = -1 if str(gps.get(tag - 1, "")).strip("\0 ").upper().startswith(negative) else 1
            coordinates.append(sign * (degrees + minutes / 60 + seconds / 3600))
    except _FIELD_ERRORS:
        return None, None
    return check_place(*coordinates)


def _read_iptc(image: Image.Image) -> dict[tuple[int, int], list[str]]:
    """Return the text fields of IPTC by record and data set."""
    try:
        fields = IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]
    except _FIELD_ERRORS:
        return {}
    texts = {}
    for key, value in fields.items():
        parts = value if isinstance(value, list) else [value]
        texts[key] = [text for part in parts if (text := clean_text(part))]
    return texts
