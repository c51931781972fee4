"""The film inside a Motion Photo is found, whichever way a phone has stored it."""

import struct
import time

import pytest

from search.media.image.motion_photo import Span, find_film
from tests.support.formats import RED, encode
from tests.support.motion_photos import (
    append_samsung,
    make_film,
    make_heic,
    make_micro_video,
    make_motion_photo,
)

PLAIN = encode(RED, "JPEG")


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_film(tmp_path_factory.mktemp("film"))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("MVIMG_1.jpg", make_micro_video),
        ("PXL_1.MP.jpg", make_motion_photo),
        ("PXL_2.MP.JPG", lambda film: make_motion_photo(film, as_elements=True)),
        ("20200101_120000.jpg", lambda film: append_samsung(PLAIN, film)),
        ("20200101_120000.heic", lambda film: append_samsung(encode(RED, "HEIF"), film)),
        ("IMG_1.heic", make_heic),
        ("wrong offset.jpg", lambda film: make_micro_video(film, 12345)),
        ("offset beyond the file.jpg", lambda film: make_micro_video(film, 10**9)),
        ("no list.jpg", lambda film: make_motion_photo(film).replace(b"Semantic", b"Elsewise")),
    ],
    ids=["MicroVideo", "MotionPhoto", "as elements", "Samsung", "Samsung HEIC", "HEIC", "offset", "beyond", "no list"],
)
def test_the_film_is_found(tmp_path, film, name, make):
    body = make(film)
    (tmp_path / name).write_bytes(body)
    span = find_film(tmp_path / name)
    assert span == Span(body.index(film), len(film))


@pytest.mark.parametrize(
    "make",
    [
        lambda film: PLAIN,
        lambda film: PLAIN + film,  # nothing says that it belongs to the photo
        lambda film: make_motion_photo(film)[:-500],
        lambda film: append_samsung(PLAIN, film)[:-3],
        lambda film: append_samsung(PLAIN, b"no film at all"),
        lambda film: PLAIN + b"\xff\xff\xff\x7fSEFT",
        lambda film: b"\xff\xd8\xff\xe1\0\0" * 100,
        lambda film: b"",
        lambda film: film,
    ],
    ids=range(9),
)
def test_other_photos_have_none(tmp_path, film, make):
    (tmp_path / "a.jpg").write_bytes(make(film))
    assert find_film(tmp_path / "a.jpg") is None


def test_a_file_that_is_gone_or_is_no_photo_has_none(tmp_path, film):
    (tmp_path / "a.png").write_bytes(make_micro_video(film))
    assert find_film(tmp_path / "a.png") is None
    assert find_film(tmp_path / "gone.jpg") is None


HOSTILE = {
    # Each box looks like the start of a film, and like a part of the one before.
    "starts": make_motion_photo(b"").replace(b"Semantic", b"Elsewise") + b"\0\0\0\x10ftypmp4 \0\0\0\0" * 400_000,
    "trailer": PLAIN + bytes(5_000_000) + b"SEFH" + bytes(3_000_000) + struct.pack("<I", 3_000_004) + b"SEFT",
    "boxes": b"\0\0\0\x08free" * 1_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_photo_is_quick(tmp_path, name):
    (tmp_path / "a.jpg").write_bytes(HOSTILE[name])
    began = time.monotonic()
    assert find_film(tmp_path / "a.jpg") is None
    assert time.monotonic() - began < 60
