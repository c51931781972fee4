"""Metadata is removed wherever it is in a film or a HEIC file, and tables that are not plausible are refused."""

import io
import struct
import time

import av
import numpy as np
import pytest
from PIL import Image

from search.media.image.item_locations import iterate_extents
from search.media.image.pillow import open_image
from search.media.recording.boxes import iterate_boxes
from search.media.redaction.patches import NotRedactableError, PatchedFile
from search.media.redaction.redaction import find_patches
from tests.support.formats import write_film
from tests.support.recordings import write_subtitled
from tests.support.tiles import encode_tiles, make_box, make_full_box

SECRET = b"+52.5200+013.4050/"
CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"meta", b"iprp", b"ipco", b"moof", b"traf"}
PLACE = make_box(b"udta", make_box(b"\xa9xyz", SECRET) + make_box(b"loci", SECRET))
BOXES = (PLACE, make_box(b"uuid", SECRET), make_box(b"meta", SECRET), make_box(b"gps ", SECRET))
SECONDS = 60


def redact(path):
    with PatchedFile(path, find_patches(path, None)) as stream:
        return stream.read()


def find_box(body, *names):
    """Return the first box with each name in the one before."""
    box, stream = None, io.BytesIO(body)
    for name in names:
        inside = (stream,) if box is None else (stream, box.start + 4 * (box.name == b"meta"), box.end)
        box = next(one for one in iterate_boxes(*inside) if one.name == name)
    return box


def insert(body, added, *names):
    """Return a file with more content at the end of one of its boxes, to which the others are adapted."""
    changed = bytearray(body)
    place = find_box(body, *names).end
    for count in range(1, len(names) + 1):
        box = find_box(body, *names[:count])
        changed[box.head : box.head + 4] = struct.pack(">I", box.end - box.head + len(added))
    changed[place:place] = added
    if names[0] == b"meta":
        table = find_box(bytes(changed), b"meta", b"iloc")
        for extent in iterate_extents(bytes(changed), table.start):
            if extent.method == 0:
                moved = extent.start - extent.base + len(added)
                end = extent.field + extent.offset_size
                changed[extent.field : end] = moved.to_bytes(extent.offset_size, "big")
    return bytes(changed)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    write_film(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def image():
    return encode_tiles(Image.effect_noise((512, 256), 60).convert("RGB"))


@pytest.mark.parametrize("depth", range(1, 6))
@pytest.mark.parametrize("number", range(len(BOXES)))
def test_a_film_names_no_place_in_any_box(tmp_path, film, depth, number):
    names = (b"moov", b"trak", b"mdia", b"minf", b"stbl")[:depth]
    # Two with the same name, and content before which nothing moves: it is at the start of the file.
    body = insert(film, BOXES[number] * 2, *names)
    path = tmp_path / "a.mp4"
    path.write_bytes(body)
    assert body.count(SECRET) in {2, 4}
    redacted = redact(path)
    assert (len(redacted), SECRET in redacted) == (len(body), False)
    for name in (b"tkhd", b"mdhd", b"stsd", b"stco"):
        assert redacted.count(name) == film.count(name)


@pytest.mark.parametrize("text", ["GPS (8.1234,47.1234,18)", "[latitude: 47.1234] [longitude: 8.1234]"])
@pytest.mark.parametrize("kind", [b"sbtl", b"text"])
def test_subtitles_that_a_drone_wrote_are_erased_in_a_film_and_others_stay(tmp_path, text, kind):
    path = tmp_path / "a.mp4"
    said = ([(1, 2, "The harvest was good.")], {})
    write_subtitled(str(path), [([(0, 1, "Hello."), (1, 2, text)], {}), said], "mp4", "mov_text")
    body = path.read_bytes()
    assert b"sbtl" in body
    path.write_bytes(body.replace(b"sbtl", kind))
    redacted = redact(path)
    assert (b"1234" in body, b"1234" in redacted, b"Hello" in redacted) == (True, False, False)
    assert b"The harvest was good." in redacted
    path.write_bytes(redacted)
    with av.open(str(path)) as opened:
        assert len(opened.streams) == 3
        assert sum(1 for _ in opened.decode(video=0)) > 1


@pytest.mark.parametrize("inside", [(b"meta",), (b"meta", b"iprp", b"ipco")])
@pytest.mark.parametrize("name", [b"uuid", b"udes", b"free"])
def test_an_image_names_no_place_in_any_box(tmp_path, image, inside, name):
    body = insert(image, make_box(name, SECRET) * 2, *inside)
    path = tmp_path / "a.heic"
    path.write_bytes(body)
    redacted = redact(path)
    assert (len(redacted), SECRET in redacted) == (len(body), False)
    assert np.array_equal(np.asarray(open_image(redacted)[0]), np.asarray(open_image(image)[0]))


def test_other_boxes_in_the_metadata_of_an_image_are_removed(tmp_path, image):
    for added in (*BOXES, make_full_box(b"xml ", SECRET), make_box(b"iods", SECRET)):
        (tmp_path / "a.heic").write_bytes(insert(image, added, b"meta"))
        redacted = redact(tmp_path / "a.heic")
        assert SECRET not in redacted
        assert open_image(redacted)[0].size == (512, 256)


def make_heic(locations, entries=b""):
    parts = make_full_box(b"iinf", struct.pack(">H", 1) + entries) + locations
    return make_box(b"ftyp", b"heic\0\0\0\0mif1heic") + make_full_box(b"meta", parts) + make_box(b"mdat", bytes(64))


XMP_ENTRY = make_full_box(b"infe", struct.pack(">HH4s", 1, 0, b"mime") + b"\0", 2)
MANY = struct.pack(">BBH", 0, 0, 0xFFFF) + struct.pack(">HHH", 2, 0, 0xFFFF) * 0xFFFF
HOSTILE_TABLES = {
    "entries without a size": make_full_box(b"iloc", MANY),
    "the whole file": make_full_box(b"iloc", struct.pack(">BBHHHH", 0, 0, 1, 1, 0, 1)),
    "64 bits": make_full_box(b"iloc", struct.pack(">BBHHHHQQ", 0x88, 0, 1, 1, 0, 1, 8, 2**64 - 1)),
    "offset beyond": make_full_box(b"iloc", struct.pack(">BBHHHHQQ", 0x88, 0, 1, 1, 0, 1, 2**63, 1)),
    "15 bytes": make_full_box(b"iloc", struct.pack(">BBHHHH", 0xFF, 0xFF, 1, 1, 0, 1) + b"\xff" * 60),
    "truncated": make_full_box(b"iloc", struct.pack(">BBH", 0x44, 0, 9)),
    "a box of 64 bits": struct.pack(">I4sQ", 1, b"iloc", 2**63),
    "unknown version": make_full_box(b"iloc", bytes(60), 3),
    "twice": make_full_box(b"iloc", struct.pack(">BBH", 0x44, 0, 0)) * 2,
}


@pytest.mark.parametrize("file", [0, 1])
def test_an_item_in_another_file_erases_nothing_of_this_one(tmp_path, file):
    path = tmp_path / "a.heic"
    path.write_bytes(
        make_heic(make_full_box(b"iloc", struct.pack(">BBHHHHII", 0x44, 0, 1, 1, file, 1, 8, 4)), XMP_ENTRY)
    )
    if file:
        with pytest.raises(NotRedactableError, match="another file"):
            find_patches(path, None)
    else:
        assert redact(path)[8:12] == bytes(4)


@pytest.mark.parametrize("name", HOSTILE_TABLES)
def test_a_table_of_items_that_is_not_plausible_is_refused_or_quick(tmp_path, name):
    path = tmp_path / "a.heic"
    path.write_bytes(make_heic(HOSTILE_TABLES[name], XMP_ENTRY))
    began = time.monotonic()
    if name == "entries without a size":
        assert find_patches(path, None) == []  # and none for the item with metadata, which has no place
    else:
        with pytest.raises(NotRedactableError):
            find_patches(path, None)
    assert time.monotonic() - began < SECONDS


def test_boxes_within_boxes_are_limited(tmp_path):
    track = make_box(b"mdia", make_full_box(b"hdlr", b"\0\0\0\0vide") + bytes(20)) + make_box(b"edts", b"") * 50
    tracks = make_box(b"trak", track) * 9_000
    path = tmp_path / "a.mp4"
    path.write_bytes(make_box(b"moov", tracks))
    began = time.monotonic()
    with pytest.raises(NotRedactableError, match="too many"):
        find_patches(path, None)
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xd8" + b"\xff\xe1\0\2" * 2_000_000,
        b"\xff\xd8" + b"\xff\xda\0\2\1" * 2_000_000,
        b"\xff\xd8" + b"\xff" * 8_000_000,
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0teXt\0\0\0\0" * 700_000,
        b"RIFF" + struct.pack("<I", 8_000_000) + b"WEBP" + b"EXIF\0\0\0\0" * 1_000_000,
    ],
    ids=["segments", "scans", "fillers", "PNG", "WebP"],
)
def test_a_file_of_many_parts_is_refused(tmp_path, body):
    (tmp_path / "a").write_bytes(body)
    began = time.monotonic()
    with pytest.raises(NotRedactableError, match="too many"):
        find_patches(tmp_path / "a", None)
    assert time.monotonic() - began < SECONDS
