"""Files that belong to a photo or video are not items: JSON of Takeout, previews of cameras, edits of Apple Photos."""

import json

import pytest
from PIL import Image

from indexer.companions import find_companions, pair_takeout, pair_xmp
from indexer.pairs import Attachment, find_attachments
from indexer.sidecars import Sidecars
from search.records import State
from tests.support.formats import RED, write_film
from tests.support.indexing import index

PACKET = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmp:Rating="5" exif:DateTimeOriginal="1960-05-06T10:00:00" exif:GPSLatitude="52,31.1N"
    exif:GPSLongitude="13,24.3E"/></rdf:RDF></x:xmpmeta>"""
CAMERA = """xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Make="Leica" tiff:Model="M3" """
LONG = "PXL_20230101_120000000.PORTRAIT-01.COVER.jpg"


@pytest.mark.parametrize(
    ("photo", "document"),
    [
        ("IMG_1.jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-metad.json"),
        ("IMG_1.jpg", "IMG_1.jpg.suppl.json"),
        ("IMG_1.jpg", "IMG_1.jpg..json"),
        ("IMG(1).jpg", "IMG.jpg(1).json"),
        ("IMG(1).jpg", "IMG.jpg.supplemental-metadata(1).json"),
        (LONG, f"{LONG}.s.json"),
        ("a" * 45 + "bc.jpg", "a" * 45 + "b.json"),
        ("clip.mp4", "clip.mp4.supplemental-metadata.json"),
    ],
)
def test_a_json_file_of_takeout_finds_its_photo(photo, document):
    others = ["other.jpg", "IMG.jpg", "IMG_10.jpg", "metadata.json"]
    assert pair_takeout([*others, photo, document]) == {photo: [document]}


def test_numbered_edited_and_live_photos_share_or_keep_apart():
    names = ["a.jpg", "a(1).jpg", "a.jpg.json", "a.jpg.supplemental-metadata(1).json", "a-edited.jpg"]
    assert pair_takeout([*names, "b.HEIC", "b.MP4", "b.HEIC.suppl.json"]) == {
        "a.jpg": ["a.jpg.json"],
        "a(1).jpg": ["a.jpg.supplemental-metadata(1).json"],
        "a-edited.jpg": ["a.jpg.json"],
        "b.HEIC": ["b.HEIC.suppl.json"],
        "b.MP4": ["b.HEIC.suppl.json"],
    }


@pytest.mark.parametrize("document", ["x.json", "x.png.labels.json", "metadata.json", "y.png.json"])
def test_other_json_files_are_documents(document):
    assert pair_takeout(["x.png", document]) == {}


def test_previews_and_edits_find_their_owners():
    names = ["GOPR1.MP4", "GOPR1.THM", "GX010001.MP4", "GL010001.LRV", "IMG_0001.HEIC", "IMG_0001.AAE", "IMG_O0001.AAE"]
    assert find_companions([*names, "alone.THM", "alone.AAE", "MVI_1.AVI", "MVI_1.thm"]) == {
        "GOPR1.THM": "GOPR1.MP4",
        "GL010001.LRV": "GX010001.MP4",
        "IMG_0001.AAE": "IMG_0001.HEIC",
        "IMG_O0001.AAE": "IMG_0001.HEIC",
        "MVI_1.thm": "MVI_1.AVI",
    }


def test_recordings_have_xmp_files_too():
    names = ["a.mp4", "a.mp4.xmp", "b.mov", "b.xmp", "c.HEIC", "c.MOV", "c.xmp", "d.mp3", "d.mp3.XMP", "e.pdf", "e.xmp"]
    assert pair_xmp(names) == {"a.mp4": ["a.mp4.xmp"], "b.mov": ["b.xmp"], "d.mp3": ["d.mp3.XMP"]}


def test_a_clip_has_the_metadata_of_its_xmp_file_and_its_subtitles_come_first(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    for name in ("VID_20190607_101112.mp4", "clip.mp4"):
        write_film(media / name)
    (media / "clip.mp4.xmp").write_text(PACKET)
    index(fresh, media)
    found = {item.path.rsplit("/", 1)[-1]: item for item in fresh.catalog.list_items()}
    clip, guessed = found["clip.mp4"].facts, found["VID_20190607_101112.mp4"].facts
    assert (clip.captured_at, clip.rating, clip.latitude) == ("1960-05-06T10:00:00", 5, 52.518333)
    assert (guessed.captured_at, guessed.is_date_guessed) == ("2019-06-07T10:11:12", True)
    assert found["clip.mp4.xmp"].reason == "indexed together with clip.mp4"
    (media / "clip.srt").write_text("1\n00:00:01,500 --> 00:00:03,000\nThe harvest was good.\n")
    index(fresh, media)
    assert "harvest" in str(fresh.catalog.list_segments(found["clip.mp4"].id))


def make_entry(timestamp):
    place = {"latitude": 30.66, "longitude": 104.07}
    return json.dumps({"photoTakenTime": {"timestamp": timestamp}, "description": "Opa am Teich", "geoData": place})


def test_a_photo_has_the_date_of_its_json_file(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    RED.save(media / "IMG_1.jpg")
    RED.save(media / "IMG_1.thm", "JPEG")
    (media / "IMG_1.AAE").write_text("<plist/>")
    document = media / "IMG_1.jpg.supplemental-metadata.json"
    document.write_text(make_entry("1258375918"))
    write_film(media / "clip.mp4")
    (media / "clip.mp4.suppl.json").write_text(make_entry("1258375919"))
    index(fresh, media)
    items = {item.path.rsplit("/", 1)[-1]: item for item in fresh.catalog.list_items()}
    photo = items["IMG_1.jpg"].facts
    assert (photo.captured_at, photo.description) == ("2009-11-16T12:51:58Z", "Opa am Teich")
    assert (photo.latitude, photo.longitude, photo.is_date_guessed) == (30.66, 104.07, False)
    assert items["clip.mp4"].facts.captured_at == "2009-11-16T12:51:59Z"
    assert {name: item.reason for name, item in items.items() if item.state is State.SKIPPED} == {
        "IMG_1.thm": "belongs to IMG_1.jpg",
        "IMG_1.AAE": "belongs to IMG_1.jpg",
        "IMG_1.jpg.supplemental-metadata.json": "indexed together with IMG_1.jpg",
        "clip.mp4.suppl.json": "indexed together with clip.mp4",
    }
    assert "Opa am Teich" in [one.segment.text for one in fresh.catalog.list_segments(items["IMG_1.jpg"].id)]
    assert index(fresh, media).counts["unchanged"] == 2
    document.write_text(make_entry("1258462318"))
    assert index(fresh, media).counts["updated"] == 1
    assert fresh.catalog.get_item(items["IMG_1.jpg"].id).facts.captured_at == "2009-11-17T12:51:58Z"


def test_the_local_time_of_a_photo_stays_and_its_json_file_adds_the_offset(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2019:07:21 23:06:38"
    RED.save(media / "IMG_1.jpg", exif=exif)
    (media / "IMG_1.jpg.json").write_text(make_entry("1563779198"))
    # A date that was corrected at Google is another moment.
    RED.save(media / "IMG_2.jpg", exif=exif)
    (media / "IMG_2.jpg.json").write_text(make_entry("1258375918"))
    index(fresh, media)
    found = {item.path.rsplit("/", 1)[-1]: item.facts.captured_at for item in fresh.catalog.list_items(State.INDEXED)}
    assert found == {"IMG_1.jpg": "2019-07-21T23:06:38-08:00", "IMG_2.jpg": "2009-11-16T12:51:58Z"}


def test_a_date_in_the_name_is_marked_as_guessed(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    for name in ("IMG-20190607-WA0001.jpg", "IMG-20200708-WA0002.jpg", "plain.jpg"):
        RED.save(media / name)
    (media / "2019-06-07 letter.txt").write_text("The harvest was good.")
    index(fresh, media)
    found = {item.path.rsplit("/", 1)[-1]: item.facts for item in fresh.catalog.list_items()}
    assert {name: (facts.captured_at, facts.is_date_guessed) for name, facts in found.items()} == {
        "IMG-20190607-WA0001.jpg": ("2019-06-07T00:00:00", True),
        # The same content under another name has the date of that name.
        "IMG-20200708-WA0002.jpg": ("2020-07-08T00:00:00", True),
        "plain.jpg": (None, False),
        "2019-06-07 letter.txt": (None, False),
    }


@pytest.mark.parametrize(
    ("photo", "part", "sidecar"),
    [
        ("IMG_1.jpg", "IMG_1.CR2", "IMG_1.CR2.xmp"),
        ("IMG_1-edited.jpg", "IMG_1.jpg", "IMG_1.jpg.xmp"),
        ("IMG_1-edited.jpg", "IMG_1.jpg", "IMG_1.xmp"),
        ("A_BURST002_COVER.jpg", "A_BURST001.jpg", "A_BURST001.jpg.xmp"),
    ],
)
def test_the_sidecar_of_a_part_is_read_with_the_item(fresh, tmp_path, photo, part, sidecar):
    media = tmp_path / "media"
    media.mkdir()
    RED.save(media / photo)
    RED.rotate(20).save(media / part, "JPEG")
    (media / sidecar).write_text(PACKET)
    assert index(fresh, media).counts["added"] == 1
    found = {item.path.rsplit("/", 1)[-1]: item for item in fresh.catalog.list_items()}
    assert (found[photo].state, found[photo].facts.rating) == (State.INDEXED, 5)
    assert found[sidecar].reason == f"indexed together with {photo}"
    assert found[sidecar].belongs_to == str(media / photo)
    again = index(fresh, media).counts
    assert (again["unchanged"], again["added"], again["updated"]) == (1, 0, 0)


def test_a_sidecar_of_its_own_takes_precedence_over_that_of_a_part(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    RED.save(media / "IMG_1.jpg")
    RED.rotate(20).save(media / "IMG_1.CR2", "JPEG")
    (media / "IMG_1.jpg.xmp").write_text(PACKET)
    (media / "IMG_1.CR2.xmp").write_text(
        PACKET.replace('"5"', '"2"').replace("<rdf:Description", "<rdf:Description " + CAMERA)
    )
    index(fresh, media)
    found = {item.path.rsplit("/", 1)[-1]: item for item in fresh.catalog.list_items()}
    assert (found["IMG_1.jpg"].facts.rating, found["IMG_1.jpg"].facts.camera) == (5, "Leica M3")
    assert found["IMG_1.CR2.xmp"].reason == "indexed together with IMG_1.jpg"
    assert found["IMG_1.CR2.xmp"].belongs_to == str(media / "IMG_1.jpg")


def make_packet(**properties):
    """Return an XMP file with a title, description or rating."""
    attributes = " ".join(f'{name.replace("_", ":")}="{value}"' for name, value in properties.items())
    return PACKET[: PACKET.index("xmlns:exif")] + (
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f"{attributes}/></rdf:RDF></x:xmpmeta>"
    )


def test_all_sidecars_of_a_file_are_read_and_the_most_specific_one_decides(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    RED.save(media / "IMG_1.jpg")
    for name in ("IMG_1.jpg.json", "IMG_1.jpg.supplemental-metadata.json"):
        (media / name).write_text(make_entry("1258375918"))
    (media / "IMG_1.xmp").write_text(make_packet(dc_title="Pond", dc_description="A heron", xmp_Rating=2))
    (media / "IMG_1.jpg.xmp").write_text(make_packet(dc_title="Lake", xmp_Rating=4))
    assert index(fresh, media).counts["added"] == 1
    found = {item.path.rsplit("/", 1)[-1]: item for item in fresh.catalog.list_items()}
    photo = found.pop("IMG_1.jpg")
    assert (photo.facts.title, photo.facts.rating) == ("Lake", 4)  # IMG_1.jpg.xmp
    assert photo.facts.description == "A heron"  # IMG_1.xmp
    assert (photo.facts.captured_at, photo.facts.latitude) == ("2009-11-16T12:51:58Z", 30.66)  # Takeout
    texts = {one.segment.text for one in fresh.catalog.list_segments(photo.id) if one.segment.kind == "passage"}
    assert texts == {"A heron", "Opa am Teich"}
    assert {item.reason for item in found.values()} == {"indexed together with IMG_1.jpg"}
    assert len(found) == 4
    assert index(fresh, media).counts["unchanged"] == 1
    # Each of them is followed.
    (media / "IMG_1.xmp").write_text(make_packet(dc_title="Pond", dc_description="An egret"))
    assert index(fresh, media).counts["updated"] == 1
    assert fresh.catalog.get_item(photo.id).facts.description == "An egret"
    (media / "IMG_1.jpg.xmp").unlink()
    assert index(fresh, media).counts["updated"] == 1
    assert fresh.catalog.get_item(photo.id).facts.title == "Pond"


def test_both_xmp_files_and_the_json_file_of_a_recording_are_read(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    write_film(media / "clip.mp4")
    (media / "clip.mp4.json").write_text(make_entry("1258375918"))
    (media / "clip.xmp").write_text(make_packet(dc_title="Pond", xmp_Rating=2))
    (media / "clip.mp4.xmp").write_text(make_packet(dc_title="Lake"))
    (media / "clip.srt").write_text("1\n00:00:01,500 --> 00:00:03,000\nThe harvest was good.\n")
    assert index(fresh, media).counts["added"] == 1
    (clip,) = fresh.catalog.list_items(State.INDEXED)
    assert (clip.facts.title, clip.facts.rating, clip.facts.latitude) == ("Lake", 2, 30.66)
    assert "harvest" in str(fresh.catalog.list_segments(clip.id))


def test_what_belongs_to_a_part_belongs_to_the_item():
    names = ["IMG_E0001.HEIC", "IMG_0001.HEIC", "IMG_0001.AAE", "IMG_0001.MOV", "IMG_0001.srt"]
    items = {"IMG_0001.HEIC": "IMG_E0001.HEIC", "IMG_0001.MOV": "IMG_E0001.HEIC"}
    reason = "belongs to IMG_E0001.HEIC"
    assert Sidecars(names, items).list_attachments() == {
        "IMG_0001.AAE": Attachment("IMG_E0001.HEIC", reason),
        "IMG_0001.srt": Attachment("IMG_E0001.HEIC", reason),
    }


@pytest.mark.parametrize(
    "edited", ["a-EDITED.jpg", "a_edited.jpg", "a-muokattu.jpg", "a-編集済み.jpg", "a-effects.jpg", "a-edit.jpg"]
)
def test_both_lists_of_pairs_know_the_same_edited_copies(edited):
    assert pair_takeout(["a.jpg", "a.jpg.json", edited]) == {"a.jpg": ["a.jpg.json"], edited: ["a.jpg.json"]}
    found = find_attachments("/m", ["a.jpg", edited], {".jpg"}, lambda *_: True)
    assert found == {"a.jpg": Attachment(edited, f"the original of {edited}")}


def test_apple_marks_need_a_number_of_four_digits_in_both():
    names = ["IMG_E12.HEIC", "IMG_12.HEIC", "IMG_O12.AAE", "IMG_E0001.HEIC", "IMG_0001.HEIC", "IMG_O0001.AAE"]
    assert find_companions(names) == {"IMG_O0001.AAE": "IMG_0001.HEIC"}
    found = find_attachments("/m", names, {".HEIC", ".AAE"}, lambda *_: True)
    assert found == {"IMG_0001.HEIC": Attachment("IMG_E0001.HEIC", "the original of IMG_E0001.HEIC")}
