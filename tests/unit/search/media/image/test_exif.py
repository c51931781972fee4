"""EXIF: time zones, GPS time, further texts; text chunks of PNG."""

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from search.media.image.pillow import open_image
from tests.support.formats import RED


def read(kind="JPEG", **options):
    stream = io.BytesIO()
    RED.save(stream, kind, **options)
    return open_image(stream.getvalue())[1]


def make_exif(details, gps=None, base=None):
    exif = Image.Exif()
    exif.get_ifd(0x8769).update(details)
    exif.get_ifd(0x8825).update(gps or {})
    for tag, value in (base or {}).items():
        exif[tag] = value
    return exif


TAKEN = {0x9003: "2021:07:14 10:20:30"}
GPS_TIME = {29: "2021:07:14", 7: (8.0, 20.0, 28.0)}


def test_the_offset_is_that_of_the_date_it_belongs_to():
    exif = make_exif(TAKEN | {0x9011: "+02:00", 0x9010: "+01:00"}, base={0x0132: "2021:12:24 18:00:00"})
    assert read(exif=exif).captured_at == "2021-07-14T10:20:30+02:00"
    exif = make_exif({0x9010: "+01:00"}, base={0x0132: "2021:12:24 18:00:00"})
    assert read(exif=exif).captured_at == "2021-12-24T18:00:00+01:00"
    exif = make_exif(TAKEN | {0x9010: "+01:00"})
    assert read(exif=exif).captured_at == "2021-07-14T10:20:30"


def test_the_offset_follows_from_the_time_of_the_gps_receiver():
    assert read(exif=make_exif(TAKEN, GPS_TIME)).captured_at == "2021-07-14T10:20:30+02:00"
    assert read(exif=make_exif({}, GPS_TIME)).captured_at == "2021-07-14T08:20:28Z"
    assert read(exif=make_exif(TAKEN, {29: "", 7: (0.0, 0.0, 0.0)})).captured_at == "2021-07-14T10:20:30"


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [((33.865,), (151.21,)), ((33.0, 51.9), (151.0, 12.6))],
)
def test_coordinates_can_have_fewer_parts(latitude, longitude):
    facts = read(exif=make_exif({}, {1: "South", 2: latitude, 3: "E", 4: longitude}))
    assert (facts.latitude, facts.longitude) == (-33.865, 151.21)


@pytest.mark.parametrize("date", ["9999:12:31 00:00:00", "2080:01:01 00:00:00", "1970:01:01 00:00:00"])
def test_a_date_that_no_camera_had_gives_way_to_the_next(date):
    assert read(exif=make_exif({0x9003: date})).captured_at is None
    assert read(exif=make_exif({0x9003: date, 0x9004: "2021:07:14 10:20:30"})).captured_at == "2021-07-14T10:20:30"


def test_ratings_titles_and_comments_are_read():
    exif = make_exif({}, base={0x4746: 4, 0x9C9B: "Fair\0".encode("utf-16-le"), 0x9C9C: "Horses".encode("utf-16-le")})
    facts = read(exif=exif)
    assert (facts.rating, facts.title, facts.description) == (4, "Fair", "Horses")
    xmp = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="2"/></rdf:RDF></x:xmpmeta>"""
    assert read(exif=exif, xmp=xmp).rating == 2


@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0a castle in the fog",
        b"UNICODE\0" + "a castle in the fog".encode("utf-16-le"),
        b"UNICODE\0" + "a castle in the fog".encode("utf-16-be"),
        b"UNICODE\0" + "a castle in the fog\nNegative prompt: blurry\nSteps: 20".encode("utf-16-be"),
    ],
)
def test_a_user_comment_is_a_description(comment):
    assert read(exif=make_exif({0x9286: comment})).description == "a castle in the fog"


@pytest.mark.parametrize(
    "text", ["OLYMPUS DIGITAL CAMERA", "SONY DSC", "default", '{"shape": [2, 3]}', "ImageJ=1.53t\nx=3"]
)
def test_what_cameras_and_programs_write_into_every_image_is_no_description(text):
    assert read(exif=make_exif({}, base={0x010E: text})).description is None


def read_png(**texts):
    info = PngInfo()
    for name, value in texts.items():
        info.add_text(name.replace("_", " "), value)
    return read("PNG", pnginfo=info)


def test_the_texts_of_a_png_are_read():
    facts = read_png(
        Title="Summer fair", Description="Two children.", Author="Ann", Creation_Time="2019:06:07 10:11:12"
    )
    assert (facts.title, facts.description, facts.artist) == ("Summer fair", "Two children.", "Ann")
    assert facts.captured_at == "2019-06-07T10:11:12"


def test_the_prompt_of_a_generated_image_is_its_description():
    settings = "a castle in the fog\nNegative prompt: blurry\nSteps: 20, Sampler: Euler"
    assert read_png(parameters=settings).description == "a castle in the fog"
    node = '{"6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a castle in the fog", "clip": ["4", 1]}}}'
    assert read_png(prompt=node).description == "a castle in the fog"
    assert read_png(prompt='{"6": 3, "7": {"inputs": []}}').description is None
    assert read_png(Description="A castle.", parameters=settings).description == "A castle."
