"""XMP properties are read as attributes and as elements, in every description."""

import pytest

from search.media.xmp import read_xmp

NAMESPACES = """xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:digiKam="http://www.digikam.org/ns/1.0/"
 xmlns:lr="http://ns.adobe.com/lightroom/1.0/" """
VALUES = {
    "xmp:CreateDate": "1960-05-06T10:00:00",
    "exif:DateTimeOriginal": "1960-05-06T10:00:00",
    "exif:GPSLatitude": "52,31.1N",
    "exif:GPSLongitude": "13,24.3E",
    "xmp:Rating": "4",
}
ATTRIBUTES = " ".join(f'{name}="{value}"' for name, value in VALUES.items())
ELEMENTS = "".join(f"<{name}>{value}</{name}>" for name, value in VALUES.items())


def make_packet(*descriptions):
    body = "".join(f'<rdf:Description rdf:about="" {NAMESPACES} {one}</rdf:Description>' for one in descriptions)
    rdf = f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{body}</rdf:RDF>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta>'.encode()


@pytest.mark.parametrize(
    "descriptions",
    [
        (f"{ATTRIBUTES}>",),
        (f">{ELEMENTS}",),
        ('dc:format="image/jpeg">', f"{ATTRIBUTES}>"),
        ("><dc:title><rdf:Alt><rdf:li>x</rdf:li></rdf:Alt></dc:title>", f">{ELEMENTS}"),
    ],
)
def test_date_place_and_rating_are_read_in_every_form(descriptions):
    facts = read_xmp(make_packet(*descriptions))
    assert facts.captured_at == "1960-05-06T10:00:00"
    assert (facts.latitude, facts.longitude) == (52.518333, 13.405)
    assert facts.rating == 4


def test_places_have_minutes_or_seconds_and_a_hemisphere():
    packet = make_packet('exif:GPSLatitude="33,51,54S" exif:GPSLongitude="151,12.6E">')
    assert (read_xmp(packet).latitude, read_xmp(packet).longitude) == (-33.865, 151.21)
    for latitude in ("91,0N", "52,31.1N,1", "", "N", "52;31"):
        assert read_xmp(make_packet(f'exif:GPSLatitude="{latitude}" exif:GPSLongitude="13,24.3E">')).latitude is None


@pytest.mark.parametrize(
    "place",
    [
        'exif:GPSLatitude="60.5" exif:GPSLatitudeRef="N" exif:GPSLongitude="68" exif:GPSLongitudeRef="W"',
        'exif:GPSLatitude="60.5" exif:GPSLatitudeRef="North" exif:GPSLongitude="68" exif:GPSLongitudeRef="West"',
        'exif:GPSLatitude="60.5" exif:GPSLongitude="-68.0"',
        'exif:GPSLatitude="60,30.0N" exif:GPSLongitude="68,0W" exif:GPSLongitudeRef="W"',
    ],
)
def test_places_can_be_decimal(place):
    facts = read_xmp(make_packet(f"{place}>"))
    assert (facts.latitude, facts.longitude) == (60.5, -68.0)


def test_the_date_of_a_step_of_the_history_is_not_the_date_of_the_image():
    history = """<xmpMM:History><rdf:Seq><rdf:li><rdf:Description xmp:CreateDate="2001-02-03T04:05:06"/></rdf:li>
        </rdf:Seq></xmpMM:History>"""
    assert read_xmp(make_packet(f">{history}")).captured_at is None


def test_the_offset_follows_from_the_time_of_the_receiver():
    times = 'exif:DateTimeOriginal="2021-07-14T10:20:30" exif:GPSTimeStamp="2021-07-14T08:20:29Z"'
    assert read_xmp(make_packet(f"{times}>")).captured_at == "2021-07-14T10:20:30+02:00"


def test_keywords_can_be_hierarchical():
    paths = "<rdf:li>Places/Paris</rdf:li><rdf:li>Dogs</rdf:li>"
    assert read_xmp(make_packet(f"><digiKam:TagsList><rdf:Seq>{paths}</rdf:Seq></digiKam:TagsList>")).tags == (
        "Paris",
        "Dogs",
    )
    flat = "<dc:subject><rdf:Bag><rdf:li>Dogs</rdf:li></rdf:Bag></dc:subject>"
    both = f"<lr:hierarchicalSubject><rdf:Bag><rdf:li>Animals|Dogs</rdf:li></rdf:Bag></lr:hierarchicalSubject>{flat}"
    assert read_xmp(make_packet(f">{both}")).tags == ("Dogs",)


@pytest.mark.parametrize(
    ("rating", "expected"), [("5", 5), ("3.0", 3), ("0", None), ("-1", None), ("99", None), ("x", None)]
)
def test_ratings_are_one_to_five_stars(rating, expected):
    assert read_xmp(make_packet(f'xmp:Rating="{rating}">')).rating == expected
