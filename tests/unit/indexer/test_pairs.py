"""Files that show the same moment are one item, and only these."""

import os
import struct
import time
from pathlib import Path

import pytest

from indexer.live_photo import CONTENT_IDENTIFIER, is_live_photo
from indexer.pairs import Attachment, find_attachments
from search.engine import Engine
from search.records import Query, State
from tests.support.formats import RED, write_film
from tests.support.indexing import index, list_reasons
from tests.support.web_client import make_client

IDENTIFIER = b"8D2F5C1E-0A1B-4C3D-9E8F-001122334455"


def make_atom(kind, body, wide=False):
    if wide:
        return struct.pack(">I4sQ", 1, kind, len(body) + 16) + body
    return struct.pack(">I4s", len(body) + 8, kind) + body


def make_film(seconds, identifier=b"", version=0, wide=False):
    """The structure of a film as phones write it, without images."""
    if version:
        header = b"\1\0\0\0" + bytes(16) + struct.pack(">IQ", 600, int(seconds * 600)) + bytes(80)
    else:
        header = bytes(12) + struct.pack(">II", 600, int(seconds * 600)) + bytes(80)
    meta = make_atom(b"meta", CONTENT_IDENTIFIER + identifier) if identifier else b""
    moov = make_atom(b"moov", make_atom(b"mvhd", header) + meta)
    return make_atom(b"ftyp", b"qt  ") + make_atom(b"mdat", bytes(1000), wide) + moov


@pytest.fixture
def media(tmp_path):
    (tmp_path / "media").mkdir()
    return tmp_path / "media"


def save(path, degrees=0, identifier=b""):
    RED.rotate(degrees).save(path, "JPEG")
    with path.open("ab") as stream:
        stream.write(identifier)


@pytest.mark.parametrize(
    ("film", "photo_identifier", "age"),
    [
        (make_film(2.9), b"", 3),
        (make_film(2.9, version=1), b"", 3),
        (make_film(2.9, wide=True), b"", 0),
        (make_film(7.0, IDENTIFIER), IDENTIFIER, 9_000_000),
    ],
    ids=["short", "64-bit times", "64-bit size", "marked"],
)
def test_the_film_of_a_live_photo_is_a_part_of_it(fresh, media, film, photo_identifier, age):
    save(media / "IMG_0001.JPG", identifier=photo_identifier)
    (media / "IMG_0001.MOV").write_bytes(film)
    moment = (media / "IMG_0001.JPG").stat().st_mtime - age
    os.utime(media / "IMG_0001.MOV", (moment, moment))
    assert index(fresh, media).counts["added"] == 1
    assert list_reasons(fresh) == {
        "IMG_0001.JPG": (State.INDEXED, None),
        "IMG_0001.MOV": (State.SKIPPED, "the film of the Live Photo IMG_0001.JPG"),
    }
    assert index(fresh, media).counts["unchanged"] == 1
    client = make_client(fresh)
    (hit,) = client.post("/api/v1/search", json={"text": "red", "all": True}).json["hits"]
    (part,) = client.get(f"/api/v1/items/{hit['item']['id']}").json["attachments"]
    assert part["reason"] == "the film of the Live Photo IMG_0001.JPG"
    assert client.get(f"/api/v1/items/{part['id']}/media").data == film


def test_a_film_with_the_name_of_a_photo_stays_an_item(fresh, media):
    save(media / "holiday.jpg")
    write_film(media / "holiday.mp4")
    os.utime(media / "holiday.mp4", (1_000_000_000, 1_000_000_000))
    index(fresh, media)
    assert list_reasons(fresh) == {"holiday.jpg": (State.INDEXED, None), "holiday.mp4": (State.INDEXED, None)}


@pytest.mark.parametrize(
    "film",
    [
        make_film(3600),
        make_film(5.5),
        make_film(20, IDENTIFIER),
        make_film(0),
        b"",
        b"\0" * 50,
        make_film(3)[:-150],
        b"\0\0\0\x01mdat" + b"\xff" * 8 + bytes(300),
    ],
    ids=["an hour", "5.5 s", "marked, 20 s", "no duration", "empty", "zeros", "cut", "size beyond any file"],
)
def test_films_that_are_no_part_of_a_live_photo(fresh, media, film):
    save(media / "a.jpg", identifier=IDENTIFIER)
    (media / "a.mov").write_bytes(film)
    index(fresh, media)
    assert list_reasons(fresh)["a.mov"][0] is State.FAILED  # it is read, and has no images


def test_many_identifiers_are_compared_quickly(tmp_path):
    identifiers = b"".join(b"%08X-0A1B-4C3D-9E8F-001122334455" % number for number in range(100_000))
    save(tmp_path / "a.jpg", identifier=bytes(2**20))
    (tmp_path / "a.mov").write_bytes(make_film(7.0, identifiers))
    began = time.monotonic()
    assert not is_live_photo(tmp_path / "a.jpg", tmp_path / "a.mov")
    assert time.monotonic() - began < 60


def test_a_live_photo_whose_photo_is_deleted_becomes_a_film(fresh, media):
    save(media / "a.jpg")
    write_film(media / "a.mp4")
    (media / "b.mp4").write_bytes((media / "a.mp4").read_bytes())
    save(media / "b.jpg", 20)
    from indexer import live_photo

    limit, live_photo.MAX_SECONDS = live_photo.MAX_SECONDS, 15.0
    try:
        index(fresh, media)
        assert [list_reasons(fresh)[name][0] for name in ("a.mp4", "b.mp4")] == [State.SKIPPED] * 2
        (media / "a.jpg").unlink()
        assert index(fresh, media).counts["added"] == 1
    finally:
        live_photo.MAX_SECONDS = limit
    assert list_reasons(fresh)["a.mp4"] == (State.INDEXED, None)


def test_a_raw_file_next_to_a_photo_is_a_part_of_it(fresh, media):
    save(media / "DSC_1.JPG")
    (media / "DSC_1.NEF").write_bytes(b"II*\0raw")
    save(media / "PXL_2.RAW-01.COVER.jpg", 20)
    (media / "PXL_2.RAW-02.ORIGINAL.dng").write_bytes(b"II*\0raw")
    assert index(fresh, media).failures == {}
    assert list_reasons(fresh)["DSC_1.NEF"] == (State.SKIPPED, "the raw file of DSC_1.JPG")
    assert list_reasons(fresh)["PXL_2.RAW-02.ORIGINAL.dng"] == (State.SKIPPED, "the raw file of PXL_2.RAW-01.COVER.jpg")


def test_a_raw_file_is_read_if_its_photo_is_damaged(fresh, media):
    (media / "DSC_1.JPG").write_bytes(b"\xff\xd8\xff damaged")
    (media / "DSC_1.NEF").write_bytes(b"II*\0raw")
    index(fresh, media)
    assert list_reasons(fresh)["DSC_1.NEF"][0] is State.SKIPPED
    index(fresh, media)
    assert list_reasons(fresh)["DSC_1.NEF"][0] is State.FAILED  # it was tried


@pytest.mark.parametrize(
    ("original", "edited"),
    [
        ("IMG_1234.JPG", "IMG_E1234.JPG"),
        ("IMG_1234.HEIC", "img_e1234.jpg"),
        ("IMG_1.jpg", "IMG_1-edited.jpg"),
        ("IMG_1.jpg", "IMG_1-bearbeitet.jpg"),
        ("a b.jpg", "a b-EDITED.JPG"),
    ],
)
def test_the_edited_version_is_the_item(fresh, media, original, edited):
    save(media / original)
    save(media / edited, 30)
    assert index(fresh, media).counts["added"] == 1
    assert list_reasons(fresh) == {
        original: (State.SKIPPED, f"the original of {edited}"),
        edited: (State.INDEXED, None),
    }


def test_the_film_of_an_edited_live_photo_belongs_to_the_item(fresh, media):
    save(media / "IMG_1234.JPG")
    save(media / "IMG_E1234.JPG", 30)
    (media / "IMG_1234.MOV").write_bytes(make_film(3))
    index(fresh, media)
    item = next(one for one in fresh.catalog.list_items() if one.state is State.INDEXED)
    assert [Path(part.path).name for part in fresh.catalog.list_attachments(item.path)] == [
        "IMG_1234.JPG",
        "IMG_1234.MOV",
    ]


@pytest.mark.parametrize("names", [("IMG_E.jpg", "IMG_.jpg"), ("edited.jpg", "a.jpg"), ("a-edited.jpg", "b.jpg")])
def test_names_that_only_resemble_edited_versions_are_items(fresh, media, names):
    for number, name in enumerate(names):
        save(media / name, number * 20)
    assert index(fresh, media).counts["added"] == 2


@pytest.mark.parametrize(
    "names",
    [
        ("IMG_20200101_120000_BURST001_COVER.jpg", "IMG_20200101_120000_BURST002.jpg"),
        ("PXL_20201230_123456789.BURST-01.COVER.jpg", "PXL_20201230_123456789.BURST-02.jpg"),
        ("00001IMG_00001_BURST20200101120000000_COVER.jpg", "00000IMG_00000_BURST20200101120000000.jpg"),
        ("DSC_BURST1.jpg", "DSC_BURST2.jpg"),
    ],
)
def test_a_burst_is_one_item(fresh, media, names):
    for number, name in enumerate((*names, "IMG_20210101_120000_BURST001.jpg", "starburst.jpg")):
        save(media / name, number * 20)
    assert index(fresh, media).counts["added"] == 3
    assert list_reasons(fresh)[names[1]] == (State.SKIPPED, f"in the burst of {names[0]}")


def test_parts_that_were_items_before_leave_the_results(fresh, media):
    save(media / "IMG_1.jpg")
    index(fresh, media)
    save(media / "IMG_1-edited.jpg", 30)
    index(fresh, media)
    hits = Engine(fresh).search(Query(text="red", include_all=True)).hits
    assert [Path(hit.item.path).name for hit in hits] == ["IMG_1-edited.jpg"]
    (media / "IMG_1-edited.jpg").unlink()
    assert index(fresh, media).counts["unchanged"] == 1
    assert list_reasons(fresh)["IMG_1.jpg"] == (State.INDEXED, None)


@pytest.mark.parametrize(
    ("photo", "film"),
    [
        ("IMG_100.HEIC", "IMG_100.MOV"),
        ("IMG_100.HEIC", "IMG_100_HEVC.MOV"),
        ("IMG_100.HEIC", "IMG_100_HEIC.MOV"),
        ("FullSizeRender-12345.HEIC", "FullSizeRender-12345_HEVC.MOV"),
        ("img_100.jpeg", "IMG_100.mp4"),
    ],
)
def test_films_have_the_names_that_phones_and_download_tools_give_them(photo, film):
    names = [photo, film, "IMG_101.HEIC", "IMG_102_HEVC.MOV"]
    found = find_attachments("/m", names, {Path(name).suffix for name in names}, lambda *_: True)
    assert found == {film: Attachment(photo, f"the film of the Live Photo {photo}")}
