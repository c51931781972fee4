"""The metadata of files is stored in typed columns, and sidecar files are read."""

import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from search.media.dates import read_date
from search.media.metadata import read_fields
from search.media.xmp import read_xmp
from search.records import Filters, ItemType, MediaFacts, Query, SegmentKind
from search.status import verify_library
from tests.support.formats import RED, read, write_film, write_tone
from tests.support.indexing import index

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 photoshop:DateCreated="2019-05-04T03:02:01+02:00">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Summer fair</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li>Two children ride a painted horse.</rdf:li></rdf:Alt></dc:description>
<dc:creator><rdf:Seq><rdf:li>Ann Author</rdf:li></rdf:Seq></dc:creator>
<dc:subject><rdf:Bag><rdf:li>Fair</rdf:li><rdf:li>été</rdf:li><rdf:li>fair</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
SAID = {"title": "Summer fair", "artist": "Ann Author", "tags": ("Fair", "été")}


def test_exif_contains_place_camera_and_date(tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "NIKON CORPORATION", "NIKON D90", 8
    exif[0x9C9E] = "alpine;snow\0".encode("utf-16-le")
    exif.get_ifd(0x8769)[0x9003] = "2021:07:14 10:20:30"
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 54.0), 3: "E", 4: (151.0, 12.0, 36.0)})
    RED.save(tmp_path / "a.jpg", exif=exif)
    facts = read(tmp_path / "a.jpg", ItemType.IMAGE).facts
    assert (facts.latitude, facts.longitude) == (-33.865, 151.21)
    assert (facts.camera, facts.captured_at) == ("NIKON D90", "2021-07-14T10:20:30")
    assert (facts.width, facts.height, facts.orientation) == (200, 320, 8)
    assert facts.tags == ("alpine", "snow")


@pytest.mark.parametrize("suffix", ["jpg", "webp", "png", "tiff"])
def test_xmp_inside_is_read(tmp_path, suffix):
    options = {"xmp": XMP.encode()}
    if suffix == "png":
        from PIL.PngImagePlugin import PngInfo

        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP)
    if suffix == "tiff":
        options = {"tiffinfo": {700: XMP.encode()}}
    RED.save(tmp_path / f"a.{suffix}", **options)
    content = read(tmp_path / f"a.{suffix}", ItemType.IMAGE)
    assert {name: getattr(content.facts, name) for name in SAID} == SAID
    assert content.facts.captured_at == "2019-05-04T03:02:01+02:00"
    assert [one.text for one in content.passages] == ["Two children ride a painted horse."]


def test_an_xmp_sidecar_precedes_the_metadata_in_the_image(tmp_path):
    exif = Image.Exif()
    exif[0x013B], exif[0x0110] = "Somebody", "D90"
    RED.save(tmp_path / "a.jpg", exif=exif)
    (tmp_path / "a.xmp").write_text(XMP)
    facts = read(tmp_path / "a.jpg", ItemType.IMAGE, tmp_path / "a.xmp").facts
    assert (facts.artist, facts.camera, facts.title) == ("Ann Author", "D90", "Summer fair")


def test_a_sidecar_without_a_time_zone_keeps_that_of_the_image(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: "2019:05:04 03:02:01", 0x9011: "+08:00"})
    RED.save(tmp_path / "a.jpg", exif=exif)
    (tmp_path / "a.xmp").write_text(XMP.replace("+02:00", ".67"))
    facts = read(tmp_path / "a.jpg", ItemType.IMAGE, tmp_path / "a.xmp").facts
    assert facts.captured_at == "2019-05-04T03:02:01+08:00"
    (tmp_path / "a.xmp").write_text(XMP.replace("03:02:01+02:00", "04:00:00"))
    assert read(tmp_path / "a.jpg", ItemType.IMAGE, tmp_path / "a.xmp").facts.captured_at == "2019-05-04T04:00:00"


@pytest.mark.parametrize("packet", [b"", b"<", b"<a>", XMP.encode()[:400], b"\xff\xfe" + XMP.encode("utf-16-le")])
def test_damaged_xmp_adds_no_wrong_metadata(packet):
    assert read_xmp(packet).title in {None, "Summer fair"}


def test_an_entity_in_xmp_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("secret")
    bad = XMP.replace('<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>', "").replace("Summer fair", "&x;")
    packet = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>{bad}'
    assert "secret" not in str(read_xmp(packet.encode()))


def write_tagged(path, codec, fields, cover=None):
    rate = 48000 if codec == "libopus" else 44100
    with av.open(str(path), "w") as out:
        out.metadata.update(fields)
        stream = out.add_stream(codec, rate=rate)
        stream.layout = "mono"
        image = None
        if cover is not None:
            image = out.add_stream("mjpeg", rate=1)
            image.width, image.height, image.pix_fmt = *cover.size, "yuvj420p"
            image.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.zeros((1, rate), np.int16), format="s16", layout="mono")
        frame.sample_rate = rate
        size = stream.codec_context.frame_size or 1024
        resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=size)
        packets = [p for part in resampler.resample(frame) for p in stream.encode(part)] + stream.encode(None)
        if image is not None:
            frame = av.VideoFrame.from_image(cover).reformat(format="yuvj420p")
            packets = [*image.encode(frame), *image.encode(None), *packets]
        for packet in packets:
            out.mux(packet)


FIELDS = {"title": "So What", "artist": "Miles Davis", "album": "Kind of Blue", "date": "1959-08-17", "genre": "Jazz"}


@pytest.mark.parametrize(
    ("suffix", "codec"), [("mp3", "libmp3lame"), ("flac", "flac"), ("m4a", "aac"), ("ogg", "libopus")]
)
def test_a_recording_names_its_artist_and_album(tmp_path, suffix, codec):
    write_tagged(tmp_path / f"a.{suffix}", codec, FIELDS)
    facts = read(tmp_path / f"a.{suffix}", ItemType.AUDIO).facts
    assert (facts.title, facts.artist, facts.album) == ("So What", "Miles Davis", "Kind of Blue")
    assert (facts.captured_at, facts.tags) == ("1959-08-17T00:00:00", ("Jazz",))


def test_the_cover_of_a_recording_is_an_image(tmp_path):
    write_tagged(tmp_path / "a.mp3", "libmp3lame", FIELDS, RED)
    content = read(tmp_path / "a.mp3", ItemType.AUDIO)
    ((segment, image),) = content.images
    assert segment.kind is SegmentKind.IMAGE
    assert np.asarray(image).mean((0, 1))[0] > 150
    assert content.kind is ItemType.AUDIO
    assert content.thumbnail is not None


def test_a_video_has_place_and_date(tmp_path):
    fields = {"com.apple.quicktime.location.ISO6709": "+48.8577+002.2950+035/", "make": "Apple", "model": "iPhone 15"}
    facts = read_fields(fields | {"creation_time": "2024-05-01T10:11:12.000000Z"})
    assert (facts.latitude, facts.longitude, facts.camera) == (48.8577, 2.295, "Apple iPhone 15")
    assert facts.captured_at == "2024-05-01T10:11:12Z"
    assert read_fields({"location": "+00.0000+000.0000/"}).latitude is None


def test_a_film_held_upright_is_upright(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = 320, 200, "yuv420p"
        image = Image.new("RGB", (320, 200), (20, 40, 200))
        image.paste((200, 30, 30), (0, 0, 100, 200))  # the left third is red
        for _ in range(10):
            out.mux(stream.encode(av.VideoFrame.from_image(image)))
        out.mux(stream.encode(None))
    body = bytearray((tmp_path / "a.mp4").read_bytes())
    # The track's header ends with its matrix, width and height: a quarter to the right, as telephones write it.
    place = body.index(b"tkhd") + 4
    place += 40 if body[place] == 0 else 52
    body[place : place + 36] = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 200 << 16, 0, 0x40000000)
    (tmp_path / "a.mp4").write_bytes(body)
    content = read(tmp_path / "a.mp4", ItemType.VIDEO)
    ((_, shown), *_) = content.images
    assert (content.facts.width, content.facts.height) == (200, 320)
    assert shown.size == (200, 320)
    red, _, blue = np.asarray(shown)[20, 100]
    assert red > 150 > blue


def test_a_subtitle_file_is_the_transcript_of_a_video(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    write_film(media / "film.mp4")
    (media / "film.en.srt").write_text("1\n00:00:01,500 --> 00:00:03,000\nThe harvest was good.\n")
    counts = index(fresh, media).counts
    assert (counts["scanned"], counts["added"], counts["skipped"]) == (2, 1, 1)
    (film,) = [item for item in fresh.catalog.list_items() if item.type is ItemType.VIDEO]
    spoken = [one.segment for one in fresh.catalog.list_segments(film.id) if one.segment.kind is SegmentKind.SPEECH]
    assert [(one.text, one.start, one.end) for one in spoken] == [("The harvest was good.", 1.5, 3.0)]
    assert film.facts.language == "en"
    (sidecar,) = [item for item in fresh.catalog.list_items() if item.state == "skipped"]
    assert sidecar.reason == "indexed together with film.mp4"
    assert index(fresh, media).counts["unchanged"] == 1
    # Changed subtitles are read again; without them the sound is transcribed.
    (media / "film.en.srt").write_text("1\n00:00:01,500 --> 00:00:03,000\nWinter came early.\n")
    assert index(fresh, media).counts["updated"] == 1
    assert "Winter" in str(fresh.catalog.list_segments(film.id))
    (media / "film.en.srt").unlink()
    assert index(fresh, media).counts["updated"] == 1
    assert "Winter" not in str(fresh.catalog.list_segments(film.id))


def test_all_subtitles_of_a_film_are_read_with_it(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    write_film(media / "film.mp4")
    (media / "film.en.srt").write_text("1\n00:00:01,500 --> 00:00:03,000\nThe harvest was good.\n")
    (media / "film.fr.srt").write_text("1\n00:00:01,500 --> 00:00:03,000\nLa moisson fut bonne.\n")

    def read():
        items = [one for one in fresh.catalog.list_items() if one.state == "indexed"]
        return {one.path.split("/")[-1]: str(fresh.catalog.list_segments(one.id)) for one in items}

    index(fresh, media)
    found = read()
    assert set(found) == {"film.mp4"}
    assert "harvest" in found["film.mp4"]
    assert "moisson" in found["film.mp4"]
    (media / "film.en.srt").unlink()
    index(fresh, media)
    found = read()
    assert set(found) == {"film.mp4"}
    assert "moisson" in found["film.mp4"]
    assert "harvest" not in found["film.mp4"]
    assert verify_library(fresh) == []
    assert index(fresh, media).counts["unchanged"] == 1


def test_broken_subtitles_are_named(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    write_tone(str(media / "talk.mp3"), "libmp3lame", 22050)
    (media / "talk.srt").write_text("nothing of the kind")
    (reason,) = index(fresh, media).failures.values()
    assert reason.startswith("cannot read its subtitles talk.srt:")


def test_the_metadata_of_a_file_is_found_and_filtered(fresh, tmp_path):
    from search.engine import Engine

    media = tmp_path / "media"
    media.mkdir()
    write_tagged(media / "01.mp3", "libmp3lame", FIELDS)
    RED.save(media / "x.jpg", xmp=XMP.encode())
    Image.effect_noise((300, 200), 90).convert("RGB").save(media / "y.jpg")
    index(fresh, media)
    engine = Engine(fresh)

    def find(text, **filters):
        answer = engine.search(Query(text=text, filters=Filters(**filters)))
        return [hit.item.path.rsplit("/", 1)[-1] for hit in answer.hits if hit.relevant]

    assert find("miles davis") == ["01.mp3"]
    assert find("children on a painted horse")[0] == "x.jpg"
    assert find("", tags=("ÉTÉ",)) == ["x.jpg"]
    assert find("tag:jazz") == find('artist:"miles dav"') == find("album:blue") == ["01.mp3"]
    assert find("", tags=("fair", "jazz")) == []
    item = engine.search(Query(text="tag:fair")).hits[0].item
    assert item.facts.tags == ("Fair", "été")


@given(st.text(max_size=40) | st.none() | st.integers())
def test_any_date_is_iso_or_none(value):
    date = read_date(value)
    assert date is None or len(date) in {19, 20, 25}


@given(st.dictionaries(st.sampled_from([*FIELDS, "location", "make", "keywords"]), st.text(max_size=60)))
def test_any_fields_give_facts(fields):
    assert isinstance(read_fields(fields), MediaFacts)
