"""Clients that may not see where something was captured do not see it anywhere."""

import io
import zipfile

import pytest
from flask.testing import FlaskClient
from PIL import Image

from search.errors import LocationHiddenError
from search.records import Item, ItemType, LocationPrecision, MediaFacts, Role, State
from tests.support.accounts import add_admin, add_person, make_headers
from tests.support.fake_models import CONCEPTS
from tests.support.indexing import index
from tests.support.inline_media import InlineMedia
from tests.support.recordings import write_subtitled
from tests.support.tiles import make_box
from tests.support.web_client import ask, get_item, make_client
from web.library_files import prepare_file, send_library_file

PLACE = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
EXACT, ROUNDED, HIDDEN = (52.52, 13.405), (52.5, 13.47), (None, None)
MODULES = ("api.archive", "api.content", "api.items", "caching", "locations")
SECRET = b"SECRET"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="52,31.2N" '
    'exif:GPSLongitude="13,24.3E"/></rdf:RDF></x:xmpmeta>'
)


@pytest.fixture
def media(tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    exif = Image.Exif()
    exif.get_ifd(0x8825).update(PLACE)
    image = Image.new("RGB", (64, 64), CONCEPTS["cat"])
    for number, name in enumerate(("cat.jpg", "cat.tif", "cat.png")):
        image.putpixel((number, 0), (0, 0, 0))
        options = {"comment": SECRET} if name.endswith("jpg") else {}
        image.save(folder / name, exif=exif, **options)
    (folder / "cat.jpg.xmp").write_text(XMP)
    (folder / "note.txt").write_text("A letter about a lighthouse.")
    return folder


@pytest.fixture
def library(fresh, media):
    index(fresh, media)
    return fresh


@pytest.fixture
def limit(monkeypatch):
    """Set how precisely clients see locations."""

    def set_precision(precision):
        for module in MODULES:
            monkeypatch.setattr(f"web.{module}.get_location_precision", lambda: precision)

    return set_precision


def find_hit(answer):
    return next(hit["item"] for hit in answer.json["hits"] if hit["item"]["path"].endswith("cat.jpg"))


def find_places(client):
    """Return the places in all documents that describe an item."""
    item = get_item(client, "cat.jpg")
    documents = [
        client.get(f"/api/v1/items/{item}").json,
        client.get(f"/api/v1/items/{item}/passages").json["item"],
        find_hit(ask(client, text="a cat", stack=False)),
        find_hit(client.get("/api/v1/search?q=a+cat&stack=false")),
        find_hit(client.get(f"/api/v1/items/{get_item(client, 'cat.png')}/similar")),
    ]
    return {(one["latitude"], one["longitude"]) for one in documents}


@pytest.mark.parametrize(
    ("precision", "place"),
    [(LocationPrecision.EXACT, EXACT), (LocationPrecision.ROUNDED, ROUNDED), (LocationPrecision.HIDDEN, HIDDEN)],
)
def test_every_document_has_the_same_precision(library, limit, precision, place):
    limit(precision)
    assert find_places(make_client(library)) == {place}


def test_matches_of_a_saved_search_too(library, limit):
    client = make_client(library)
    saved = client.post("/api/v1/searches", json={"name": "cats", "request": {"text": "a cat"}, "watched": True}).json
    with library.database.write() as db:
        item = get_item(client, "cat.jpg")
        db.exec_driver_sql(f"INSERT INTO search_result VALUES ({saved['id']}, {item}, 0.9, '2020-01-01', 0, 0)")
    for precision, place in ((LocationPrecision.EXACT, EXACT), (LocationPrecision.HIDDEN, HIDDEN)):
        limit(precision)
        (match,) = client.get(f"/api/v1/searches/{saved['id']}/matches").json["items"]
        assert (match["latitude"], match["longitude"]) == place


def test_a_response_for_one_client_is_not_current_for_another(library, limit):
    client = make_client(library)
    address = f"/api/v1/items/{get_item(client, 'cat.jpg')}"
    etag = {"If-None-Match": client.get(address).headers["ETag"]}
    assert client.get(address, headers=etag).status_code == 304
    limit(LocationPrecision.HIDDEN)
    assert client.get(address, headers=etag).json["latitude"] is None
    etag = {"If-None-Match": client.get(f"{address}/media").headers["ETag"]}
    assert client.get(f"{address}/media", headers=etag).status_code == 304
    limit(LocationPrecision.EXACT)
    assert client.get(f"{address}/media", headers=etag).status_code == 200


def read_exif(body):
    with Image.open(io.BytesIO(body)) as image:
        image.load()
        return image.format, dict(image.getexif().get_ifd(0x8825))


@pytest.mark.parametrize("precision", [LocationPrecision.ROUNDED, LocationPrecision.HIDDEN])
def test_files_have_no_place(library, media, limit, precision):
    client = make_client(library)
    items = {name: f"/api/v1/items/{get_item(client, name)}" for name in ("cat.jpg", "cat.png", "cat.tif", "note.txt")}
    assert read_exif(client.get(f"{items['cat.jpg']}/media").data)[1] != {}
    limit(precision)
    for name in ("cat.jpg", "cat.png"):
        sent = client.get(f"{items[name]}/media")
        assert (len(sent.data), sent.headers["Content-Length"]) == ((media / name).stat().st_size, str(len(sent.data)))
        assert read_exif(sent.data)[1] == {}
        part = client.get(f"{items[name]}/media", headers={"Range": "bytes=10-59"})
        assert (part.status_code, part.data) == (206, sent.data[10:60])
        assert SECRET not in sent.data
    preview = client.get(f"{items['cat.tif']}/media")
    assert preview.headers["Content-Disposition"] == "inline; filename=cat.jpg"
    assert read_exif(preview.data) == ("JPEG", {})
    assert client.get(f"{items['note.txt']}/media").data == (media / "note.txt").read_bytes()
    for item in items.values():
        for path in ("thumbnail", "thumbnail?size=128", "preview"):
            sent = client.get(f"{item}/{path}")
            assert sent.status_code != 200 or read_exif(sent.data)[1] == {}


def make_item(path, kind, owner=None, place=None):
    facts = MediaFacts(latitude=place, longitude=place)
    state = State.INDEXED if owner is None else State.SKIPPED
    return Item(1, str(path), str(path.parent), kind, state, None, 1, 1, facts, owner)


@pytest.mark.parametrize(
    ("name", "kind", "owner", "place", "sent"),
    [
        ("a.xmp", None, "a.jpg", None, None),
        ("a.jpg.json", ItemType.DOCUMENT, "a.jpg", None, None),
        ("a.srt", ItemType.DOCUMENT, "a.mp4", None, "a.srt"),
        ("a.dng", ItemType.IMAGE, "a.jpg", None, "a.jpg"),
        ("a.txt", ItemType.DOCUMENT, None, None, "a.txt"),
        ("a.mkv", ItemType.VIDEO, None, None, "a.mkv"),
        ("a.mkv", ItemType.VIDEO, None, 52.52, None),
        ("a.mkv", ItemType.VIDEO, "a.jpg", None, None),
        ("a.ogg", ItemType.AUDIO, None, None, "a.ogg"),
    ],
)
def test_what_is_sent_of_a_format_without_known_metadata(tmp_path, name, kind, owner, place, sent):
    path = tmp_path / name
    path.write_bytes(b"unknown content")
    item = make_item(path, kind, owner, place)
    hidden, exact = (prepare_file(item, precision) for precision in (LocationPrecision.HIDDEN, LocationPrecision.EXACT))
    assert (hidden and hidden.name, exact.name) == (sent, name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(("kind", "owner"), [(ItemType.DOCUMENT, None), (None, "a.mp4")])
def test_subtitles_that_a_drone_wrote_are_refused(tmp_path, kind, owner, encoding):
    path = tmp_path / "a.SRT"
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nGPS (8.1234,47.1234,18)\n", encoding)
    item = make_item(path, kind, owner)
    assert prepare_file(item, LocationPrecision.ROUNDED) is None
    assert prepare_file(item, LocationPrecision.EXACT).name == "a.SRT"


def test_a_film_whose_subtitles_cannot_be_searched_for_places_is_refused(tmp_path):
    path = tmp_path / "a.mp4"
    write_subtitled(str(path), [([(0, 1, "Hello.")], {})], "mp4", "mov_text")
    item = make_item(path, ItemType.VIDEO)
    assert prepare_file(item, LocationPrecision.HIDDEN) is not None
    path.write_bytes(path.read_bytes() + make_box(b"moof", b""))
    assert prepare_file(item, LocationPrecision.HIDDEN) is None


def test_a_film_whose_place_cannot_be_removed_is_refused(tmp_path):
    path = tmp_path / "a.mkv"
    path.write_bytes(b"unknown content")
    with pytest.raises(LocationHiddenError, match=r"a\.mkv may name the place"):
        send_library_file(make_item(path, ItemType.VIDEO, place=52.52), path, LocationPrecision.ROUNDED, InlineMedia())


def test_archives_have_no_places(library, media, limit):
    limit(LocationPrecision.HIDDEN)
    client = make_client(library)
    ids = [get_item(client, name) for name in ("cat.jpg", "cat.tif", "note.txt")]
    sent = client.post("/api/v1/archive", json={"items": ids})
    with zipfile.ZipFile(io.BytesIO(sent.data)) as archive:
        assert archive.namelist() == ["cat.jpg", "cat (2).jpg", "note.txt"]
        assert [read_exif(archive.read(name))[1] for name in archive.namelist()[:2]] == [{}, {}]
        assert archive.read("note.txt") == (media / "note.txt").read_bytes()


def test_an_archive_reads_each_file_once_and_when_its_turn_comes(library, limit, monkeypatch):
    limit(LocationPrecision.HIDDEN)
    client = make_client(library)
    ids = [get_item(client, name) for name in ("cat.jpg", "cat.png", "note.txt")]
    read = []
    monkeypatch.setattr("web.library_files.find_patches", lambda path, _orientation: read.append(path.name) or [])
    streaming = FlaskClient(client.application, client.application.response_class)
    with streaming.get(f"/api/v1/archive?items={ids[0]},{ids[1]}") as sent:
        assert read == ["cat.jpg"]
        assert sent.data.startswith(b"PK")
    assert read == ["cat.jpg", "cat.png"]


def test_comments_of_originals_are_not_in_thumbnails_and_previews(library):
    client = make_client(library)
    address = f"/api/v1/items/{get_item(client, 'cat.jpg')}"
    assert SECRET in client.get(f"{address}/media").data
    for path in ("thumbnail", "preview"):
        assert SECRET not in client.get(f"{address}/{path}").data


@pytest.mark.parametrize(
    ("role", "place"), [(Role.SEARCH, HIDDEN), (Role.EDIT, ROUNDED), (Role.ADMIN, EXACT), (None, EXACT)]
)
def test_the_precision_is_that_of_the_role(library, role, place):
    client = make_client(library, search_location="hidden", edit_location="rounded")
    address = f"/api/v1/items/{get_item(client, 'cat.jpg')}"
    headers = make_headers(library, add_person(library, "someone", role)) if role is not None else {}
    item = client.get(address, headers=headers).json
    assert (item["latitude"], item["longitude"]) == place


def test_people_with_a_link_see_no_places(library):
    client = make_client(library)
    item = get_item(client, "cat.jpg")
    headers = make_headers(library, add_admin(library))
    album = client.post("/api/v1/albums", json={"name": "cats"}, headers=headers).json["id"]
    client.post(f"/api/v1/albums/{album}/items", json={"add": [item]}, headers=headers)
    path = client.post(f"/api/v1/albums/{album}/links", json={}, headers=headers).json["address"]
    link = {"Authorization": f"Bearer {path.rpartition('/')[2]}"}
    seen = client.get(f"/api/v1/items/{item}", headers=link)
    assert (seen.status_code, seen.json["latitude"], seen.json["longitude"]) == (200, None, None)
    assert read_exif(client.get(f"/api/v1/items/{item}/media", headers=link).data)[1] == {}
    assert client.get(f"/api/v1/items/{item}", headers=headers).json["latitude"] == 52.52
