"""Pages of PDFs: drawn sharply, words found where they are, nothing harmed by a damaged or large document."""

import io

import pytest
from PIL import Image

from search.errors import NotFoundError, UnreadableMediaError
from search.media.document.pages import MAX_BOXES, MAX_PAGE_PIXELS, draw_page, outline_page
from tests.support.pdf import make_pages, make_protected, show


@pytest.fixture
def write(tmp_path):
    def write(contents, **options):
        path = tmp_path / "a.pdf"
        path.write_bytes(make_pages(contents, **options) if isinstance(contents, list) else contents)
        return path

    return write


def read_size(body):
    with Image.open(io.BytesIO(body)) as image:
        assert image.format == "JPEG"
        return image.size


def find_darkest(body, box):
    with Image.open(io.BytesIO(body)) as image:
        left, top, width, height = box
        area = (left * image.width, top * image.height, (left + width) * image.width, (top + height) * image.height)
        return image.convert("L").crop(tuple(map(round, area))).getextrema()[0]


def test_a_page_is_drawn_in_the_requested_width(write):
    path = write([show("First", 72, 700), show("Second", 72, 100)])
    assert read_size(draw_page(path, 2, 1600)) == (1600, 2071)
    with Image.open(io.BytesIO(draw_page(path, 2, 640))) as image:
        assert image.convert("L").crop((0, 0, 640, 600)).getextrema() == (255, 255)


@pytest.mark.parametrize("page", ["", "/Rotate 90", "/Rotate 180", "/Rotate 270", "/CropBox[36 36 500 760]"])
def test_words_are_found_where_they_are_drawn(write, page):
    path = write([show("The HOUSE rules of the greenhouse", 72, 700)], page=page)
    outline = outline_page(path, 1, ("house", "RULES", "absent"))
    assert (outline.page, outline.pages, len(outline.boxes)) == (1, 1, 2)
    body = draw_page(path, 1, 1600)
    for left, top, width, height in outline.boxes:
        assert 0 <= left < left + width <= 1
        assert 0 <= top < top + height <= 1
        assert width * height < 0.01
        assert find_darkest(body, (left, top, width, height)) < 100


def test_a_word_is_found_with_accents_ligatures_and_across_lines(write):
    path = write([show("Caf\xe9 exam-", 72, 700) + show("ple", 72, 684)])
    assert len(outline_page(path, 1, ("cafe",)).boxes) == 1
    assert len(outline_page(path, 1, ("example",)).boxes) == 2


def test_no_words_find_nothing(write):
    path = write([show("Some words", 72, 700)])
    assert outline_page(path, 1, ()).boxes == ()
    assert outline_page(path, 1, ("",)).boxes == ()


def test_only_so_many_boxes_are_returned(write):
    path = write(["".join(show("a " * 60, 20, 10 + 10 * row, 8) for row in range(70))])
    assert len(outline_page(path, 1, ("a",)).boxes) == MAX_BOXES


@pytest.mark.parametrize("number", [0, 3, 10**9])
def test_a_page_that_does_not_exist_is_not_found(write, number):
    path = write([show("First", 72, 700), show("Second", 72, 700)])
    with pytest.raises(NotFoundError, match="It has 2"):
        draw_page(path, number, 640)
    with pytest.raises(NotFoundError, match="no page"):
        outline_page(path, number, ())


def test_other_documents_have_no_pages(write):
    with pytest.raises(NotFoundError, match="Only PDFs"):
        draw_page(write(b"A letter"), 1, 640)


@pytest.mark.parametrize("body", [b"%PDF-1.7\nnothing", make_protected("secret", "word"), make_pages(["x"])[:300]])
def test_a_damaged_or_protected_document_is_unreadable(write, body):
    with pytest.raises(UnreadableMediaError):
        draw_page(write(body), 1, 640)


@pytest.mark.parametrize("box", ["1 100000", "100000 1", "0.001 0.001", "14400 14400"])
def test_a_page_of_any_shape_takes_limited_pixels(write, box):
    path = write([show("x", 1, 1)], page=f"/MediaBox[0 0 {box}]")
    try:
        width, height = read_size(draw_page(path, 1, 3200))
    except UnreadableMediaError:
        return
    assert width * height <= MAX_PAGE_PIXELS * 1.01


def test_the_last_of_a_thousand_pages_is_drawn_alone(write):
    path = write([show(f"Page {number}", 72, 700) for number in range(1000)])
    assert outline_page(path, 1000, ("999",)).boxes
    assert read_size(draw_page(path, 1000, 640))[0] == 640
