"""Documents in the viewer, in a real browser: pages of PDFs, texts of others, links, and readers of a shared album."""

from urllib.parse import parse_qs, urlsplit

import pytest

from search.access.tokens import TokenKind, make_token
from search.open_home import open_home
from search.records import Principal, Rights, Role
from search.settings import Settings
from search.storage.albums import Albums
from search.storage.shares import Shares
from tests.support.accounts import add_admin
from tests.support.browser import check_accessibility, shoot, wait
from tests.support.indexing import index
from tests.support.office import make_shape, make_slides
from tests.support.pdf import make_pages, show
from tests.support.server import run_server

pytestmark = pytest.mark.slow
PAGES = [
    show("The council met in the town hall on Monday evening.", 72, 700),
    show("Minutes of the last meeting were read and approved.", 72, 700),
    show("Quiet hours: no loud music after ten o'clock in the evening.", 72, 120),
]
IMAGE = "document.querySelector('.page img')"


@pytest.fixture
def media(tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "house.pdf").write_bytes(make_pages(PAGES))
    slides = [f"Introduction number {number} to the archive of negatives" for number in range(12)]
    slides.append("Budget of the lighthouse repair")
    (folder / "talk.pptx").write_bytes(make_slides([make_shape(text) for text in slides]))
    (folder / "secret.txt").write_text("The salary of the mayor.")
    return folder


@pytest.fixture
def library(tmp_path, media):
    with open_home(Settings(home=tmp_path / "home"), create=True) as library:
        index(library, media)
        yield library


@pytest.fixture
def address(library):
    with run_server(library.home.root) as address:
        yield address


@pytest.fixture
def troubles():
    return []


@pytest.fixture
def open_here(open_browser, address, troubles):
    def open_at(path, **options):
        page = open_browser().new_context(bypass_csp=True, **options).new_page()
        page.on("console", lambda one: one.type == "error" and troubles.append(one.text))
        page.on("pageerror", lambda one: troubles.append(str(one)))
        page.goto(address + path)
        return page

    yield open_at
    assert troubles == []


def find(library, name):
    paths = {item.path.rsplit("/", 1)[-1]: item.id for item in library.catalog.list_page(None, 0, 100)}
    return paths[name]


def read_place(page):
    fields = parse_qs(urlsplit(page.url).query)
    return {name: fields[name][0] for name in ("item", "page", "t") if name in fields}


def test_a_pdf_opens_at_the_page_that_was_found(library, open_here):
    page = open_here("/?q=quiet+hours+music", device_scale_factor=2)
    page.click(".hit:has([title$='house.pdf']) .open")
    wait(page, "document.querySelectorAll('.page-marks span').length === 3")
    assert page.input_value(".page-bar input") == "3"
    # As many pixels as the screen has, and the mark, which is at the bottom of the page, is in view.
    wait(page, f"{IMAGE}.complete && {IMAGE}.naturalWidth >= 2 * {IMAGE}.clientWidth")
    assert page.is_visible(".page-marks span >> nth=0")
    assert (
        page.evaluate(
            "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.page-view'))"
        )
        == 0
    )
    shoot(page, "pdf")
    check_accessibility(page)
    item = str(find(library, "house.pdf"))
    assert read_place(page) == {"item": item, "page": "3"}
    page.keyboard.press("PageUp")
    wait(page, "document.querySelector('.page-bar input').value === '2'")
    wait(page, "location.search.includes('page=2')")
    page.click("dialog .moment:has-text('page 3')")
    wait(page, "document.querySelector('.page-bar input').value === '3'")
    page.fill(".page-bar input", "1")
    page.keyboard.press("Enter")
    wait(page, "!location.search.includes('page=')")
    page.click("dialog [aria-label='Next page']")
    wait(page, "location.search.includes('page=2')")
    page.reload()
    wait(page, "document.querySelector('.page-bar input')?.value === '2'")
    page.go_back()
    wait(page, "!document.querySelector('dialog').open && !location.search.includes('item')")


def test_the_text_of_slides_that_cannot_be_drawn_opens_at_the_slide_that_was_found(open_here, troubles):
    page = open_here("/?q=lighthouse+repair", viewport={"width": 1000, "height": 500})
    page.click(".hit:has([title$='talk.pptx']) .open")
    wait(page, "document.querySelector('.paper .now mark')?.textContent.toLowerCase() === 'lighthouse'")
    assert page.text_content(".paper .now small") == "Slide 13"
    wait(page, "document.querySelector('.paper').scrollTop > 100")
    shoot(page, "slides")
    # Where LibreOffice is installed, it tries these slides, which have no layout, and refuses them.
    troubles[:] = [trouble for trouble in troubles if "422" not in trouble]


def test_a_link_leads_to_an_item_that_is_not_among_the_results(library, open_here):
    item = find(library, "house.pdf")
    page = open_here(f"/?q=mayor&type=image&item={item}&page=2")
    wait(page, "document.querySelector('.page-bar input')?.value === '2'")
    page.keyboard.press("Escape")
    wait(page, "!document.querySelector('dialog').open")
    wait(page, "location.search === '?q=mayor&type=image'")
    page.go_forward()
    wait(page, "document.querySelector('.page-bar input')?.value === '2'")


def test_a_reader_of_a_shared_link_comes_back_to_a_page(library, open_browser, address):
    albums = Albums(library.database, Principal(Role.ADMIN, Rights(), add_admin(library)))
    album = albums.add("Papers")
    item, other = find(library, "house.pdf"), find(library, "secret.txt")
    albums.change(album.id, [item], [])
    token = make_token(TokenKind.LINK)
    Shares(library.database).add(album.id, token.hash, None)
    page = open_browser().new_page()
    page.goto(f"{address}/shared/{token.text}")
    page.goto(f"{address}/?item={item}&page=3")
    wait(page, "document.querySelector('.page-bar input')?.value === '3'")
    wait(page, f"{IMAGE}.naturalWidth > 0")
    assert page.query_selector("dialog select") is None
    page.goto(f"{address}/?item={other}")
    wait(page, "document.querySelector('#status').textContent.includes('does not exist')")
    assert not page.evaluate("document.querySelector('dialog').open")
