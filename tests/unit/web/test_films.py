"""Photos with a film, inside or next to them, are one item, whose film can be played."""

import io
import os

import av
import pytest

from search.records import LocationPrecision, State
from tests.support.formats import RED, encode, write_film
from tests.support.indexing import index, list_states
from tests.support.motion_photos import append_samsung, make_film, make_heic, make_micro_video, make_motion_photo
from tests.support.web_client import make_client


@pytest.fixture
def media(tmp_path):
    (tmp_path / "media").mkdir()
    return tmp_path / "media"


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("MVIMG_1.jpg", make_micro_video),
        ("PXL_1.MP.jpg", make_motion_photo),
        ("20200101_120000.jpg", lambda film: append_samsung(encode(RED, "JPEG"), film)),
        ("IMG_1.heic", make_heic),
    ],
    ids=["MicroVideo", "MotionPhoto", "Samsung", "HEIC"],
)
def test_a_motion_photo_is_one_result_whose_film_is_sent_in_ranges(fresh, tmp_path, media, name, make):
    film = make_film(tmp_path)
    (media / name).write_bytes(make(film))
    assert index(fresh, media).counts["added"] == 1
    assert fresh.catalog.list_items()[0].reason is None
    client = make_client(fresh)
    (hit,) = client.post("/api/v1/search", json={"text": "red", "all": True}).json["hits"]
    assert hit["item"]["type"] == "image"
    details = client.get(f"/api/v1/items/{hit['item']['id']}").json
    assert (details["width"], details["attachments"]) == (320, [])
    whole = client.get(details["film"])
    assert (whole.status_code, whole.data, whole.content_type) == (200, film, "video/mp4")
    assert whole.headers["Accept-Ranges"] == "bytes"
    with av.open(io.BytesIO(whole.data)) as container:
        assert container.duration == 4_000_000
    part = client.get(details["film"], headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, film[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(film)}"
    assert client.get(details["film"], headers={"Range": "bytes=-10"}).data == film[-10:]
    assert client.get(details["film"], headers={"Range": f"bytes={len(film) - 5}-{len(film) + 50}"}).data == film[-5:]
    beyond = client.get(details["film"], headers={"Range": f"bytes={len(film)}-"})
    assert beyond.status_code == 416
    again = client.get(details["film"], headers={"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.head(details["film"]).headers["Content-Length"] == str(len(film))
    # The file itself is still sent whole.
    assert client.get(f"/api/v1/items/{hit['item']['id']}/media").data == make(film)


def test_the_film_of_a_live_photo_has_an_address_too(fresh, media):
    RED.save(media / "IMG_1.JPG", "JPEG")
    write_film(media / "IMG_1.MOV")
    moment = (media / "IMG_1.JPG").stat().st_mtime
    os.utime(media / "IMG_1.MOV", (moment, moment))
    index(fresh, media)
    assert list_states(fresh) == {"IMG_1.JPG": State.INDEXED, "IMG_1.MOV": State.SKIPPED}
    client = make_client(fresh)
    (photo,) = fresh.catalog.list_items(State.INDEXED)
    details = client.get(f"/api/v1/items/{photo.id}").json
    (attachment,) = details["attachments"]
    assert details["film"] == f"/api/v1/items/{attachment['id']}/media"
    assert client.get(details["film"]).data == (media / "IMG_1.MOV").read_bytes()


def test_a_photo_without_a_film_has_no_address(fresh, media):
    RED.save(media / "a.jpg")
    index(fresh, media)
    client = make_client(fresh)
    (photo,) = fresh.catalog.list_items()
    assert client.get(f"/api/v1/items/{photo.id}").json["film"] is None
    answer = client.get(f"/api/v1/items/{photo.id}/media?part=film")
    assert (answer.status_code, "has no film inside" in answer.json["detail"]) == (404, True)
    assert client.get(f"/api/v1/items/{photo.id}/media?part=sound").status_code == 400


def test_the_film_inside_is_not_sent_to_clients_that_may_not_see_where_it_was_made(fresh, tmp_path, media, monkeypatch):
    (media / "PXL_1.MP.jpg").write_bytes(make_motion_photo(make_film(tmp_path)))
    index(fresh, media)
    client = make_client(fresh)
    (photo,) = fresh.catalog.list_items()
    address = f"/api/v1/items/{photo.id}"
    assert client.get(client.get(address).json["film"]).status_code == 200
    for module in ("items", "content"):
        monkeypatch.setattr(f"web.api.{module}.get_location_precision", lambda: LocationPrecision.ROUNDED)
    answer = client.get(f"{address}/media?part=film")
    assert (answer.status_code, answer.json["type"]) == (403, "urn:crossmodal:problem:location-hidden")
    assert client.get(address).json["film"] is None
