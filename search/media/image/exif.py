"""Read the metadata of images: EXIF, XMP and IPTC."""

import struct
from collections.abc import Mapping

from PIL import ExifTags, Image, IptcImagePlugin

from search.media.metadata import check_place, clean_text, join_camera, join_tags, pick_first, read_date, read_xmp
from search.records import MediaFacts

# The EXIF orientations that swap width and height.
SIDEWAYS = {5, 6, 7, 8}
# The records and data sets of IPTC.
IPTC_TITLE, IPTC_TAGS, IPTC_ARTIST, IPTC_DESCRIPTION = (2, 5), (2, 25), (2, 80), (2, 120)
# The errors that Pillow and the conversions below raise for damaged fields.
_FIELD_ERRORS = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, ArithmeticError, struct.error)


def read_metadata(image: Image.Image) -> MediaFacts:
    """Return the metadata of an open image: EXIF first, then XMP, then IPTC. Damaged fields are ignored."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    return _collect(image.getexif(), read_xmp(packet), _read_iptc(image))


def read_header(head: bytes) -> MediaFacts:
    """Return the metadata in the first bytes of a TIFF file; empty for other formats."""
    exif = Image.Exif()
    try:
        exif.load(head)
    except _FIELD_ERRORS:
        return MediaFacts()
    packet = exif.get(ExifTags.Base.XMLPacket)
    return _collect(exif, read_xmp(packet if isinstance(packet, bytes) else None), {})


def _collect(exif: Image.Exif, xmp: MediaFacts, iptc: Mapping[tuple[int, int], list[str]]) -> MediaFacts:
    details = exif.get_ifd(ExifTags.IFD.Exif)
    latitude, longitude = _read_place(exif)
    return MediaFacts(
        title=pick_first(xmp.title, iptc.get(IPTC_TITLE)),
        captured_at=pick_first(
            read_date(details.get(ExifTags.Base.DateTimeOriginal)),
            xmp.captured_at,
            read_date(exif.get(ExifTags.Base.DateTime)),
        ),
        camera=_read_camera(exif),
        artist=pick_first(clean_text(exif.get(ExifTags.Base.Artist)), xmp.artist, iptc.get(IPTC_ARTIST)),
        description=pick_first(
            clean_text(exif.get(ExifTags.Base.ImageDescription)), xmp.description, iptc.get(IPTC_DESCRIPTION)
        ),
        latitude=latitude,
        longitude=longitude,
        orientation=_read_orientation(exif),
        tags=join_tags([*xmp.tags, *iptc.get(IPTC_TAGS, ()), *_read_windows_tags(exif)]),
    )


def _read_camera(exif: Image.Exif) -> str | None:
    return join_camera(*(str(exif.get(tag, "")) for tag in (ExifTags.Base.Make, ExifTags.Base.Model)))


def _read_orientation(exif: Image.Exif) -> int | None:
    value = exif.get(ExifTags.Base.Orientation)
    return value if isinstance(value, int) and 1 <= value <= 8 else None


def _read_windows_tags(exif: Image.Exif) -> list[str]:
    value = exif.get(ExifTags.Base.XPKeywords)
    return value.decode("utf-16-le", "replace").strip("\0").split(";") if isinstance(value, bytes) else []


def _read_place(exif: Image.Exif) -> tuple[float | None, float | None]:
    """Return latitude and longitude in decimal degrees; (None, None) if there are none."""
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        coordinates = []
        for tag, negative in ((ExifTags.GPS.GPSLatitude, "S"), (ExifTags.GPS.GPSLongitude, "W")):
            degrees, minutes, seconds = (float(part) for part in gps[tag])
            # The tag before each coordinate has its hemisphere.
            sign = -1 if str(gps.get(tag - 1, "")).strip("\0 ").upper() == negative else 1
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
