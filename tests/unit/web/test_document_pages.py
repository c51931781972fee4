"""Pages of a PDF over REST: words, images, the cache on disk, and what is refused."""

import io
import itertools

import pytest
from PIL import Image

from tests.support.indexing import index
from tests.support.pdf import make_pages, show
from tests.support.web_client import get_item, make_client


@pytest.fixture
def media(tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "rules.pdf").write_bytes(make_pages([show("House rules", 72, 700), show("Quiet hours", 72, 700)]))
    (folder / "note.txt").write_text("A letter about a lighthouse.")
    return folder


@pytest.fixture
def library(fresh, media):
    index(fresh, media)
    return fresh


def test_the_words_of_a_page_are_found(library):
    client = make_client(library)
    item = get_item(client, "rules.pdf")
    page = client.get(f"/api/v1/items/{item}/pages/2?text=the+quiet%20hours").json
    assert (page["page"], page["pages"], page["width"], page["height"]) == (2, 2, 612, 792)
    assert len(page["boxes"]) == 2
    assert client.get(f"/api/v1/items/{item}/pages/1?text=quiet").json["boxes"] == []


def test_an_image_of_a_page_is_kept_and_goes_with_the_item(library, monkeypatch):
    client = make_client(library)
    item = get_item(client, "rules.pdf")
    address = f"/api/v1/items/{item}/pages/2/image?width=640"
    first = client.get(address)
    with Image.open(io.BytesIO(first.data)) as image:
        assert (image.format, image.width) == ("JPEG", 640)
    assert len(list(library.home.page_images.iterdir())) == 1
    monkeypatch.setattr("web.api.document_pages.draw_page", None)
    again = client.get(address)
    assert (again.data, again.headers["ETag"]) == (first.data, first.headers["ETag"])
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    client.delete(f"/api/v1/items/{item}")
    assert list(library.home.page_images.iterdir()) == []


def test_a_changed_file_is_drawn_again(library, media):
    client = make_client(library)
    item = get_item(client, "rules.pdf")
    address = f"/api/v1/items/{item}/pages/1/image?width=640"
    before = client.get(address).data
    (media / "rules.pdf").write_bytes(make_pages([show("Other rules of another house", 72, 700)]))
    index(library, media)
    assert client.get(address).data != before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("pages/3", 404),
        ("pages/0", 404),
        (f"pages/{'9' * 18}", 404),
        ("pages/-1", 404),
        ("pages/3/image", 404),
        ("pages/1/image?width=641", 400),
        ("pages/1/image?width=100000", 400),
        ("pages/1?words=a", 400),
        (f"pages/1?text={'x' * 2001}", 400),
    ],
)
def test_what_is_refused(library, path, status):
    client = make_client(library)
    assert client.get(f"/api/v1/items/{get_item(client, 'rules.pdf')}/{path}").status_code == status


@pytest.mark.parametrize("path", ["pages/1", "pages/1/image"])
def test_other_items_have_no_pages(library, path):
    client = make_client(library)
    answer = client.get(f"/api/v1/items/{get_item(client, 'note.txt')}/{path}")
    assert (answer.status_code, "Only PDFs" in answer.json["detail"]) == (404, True)


def test_a_file_that_was_damaged_after_it_was_indexed_is_refused(library, media):
    client = make_client(library)
    item = get_item(client, "rules.pdf")
    (media / "rules.pdf").write_bytes(b"%PDF-1.7 damaged")
    for path in ("pages/1", "pages/1/image"):
        assert client.get(f"/api/v1/items/{item}/{path}").status_code == 422


def test_the_cache_stays_below_its_limit(fresh, tmp_path, media):
    noise = ["".join(show(f"{row} " * 60, 10, 8 * row, 6) for row in range(90)) for _ in range(3)]
    (media / "long.pdf").write_bytes(make_pages(noise))
    index(fresh, media)
    object.__setattr__(fresh, "settings", fresh.settings.model_copy(update={"page_cache": 1}))
    client = make_client(fresh)
    item = get_item(client, "long.pdf")
    for number, width in itertools.product((1, 2, 3), (1600, 1024)):
        assert client.get(f"/api/v1/items/{item}/pages/{number}/image?width={width}").status_code == 200
    sizes = [path.stat().st_size for path in fresh.home.page_images.iterdir()]
    assert 0 < sum(sizes) <= 1024 * 1024
    assert len(sizes) < 6
