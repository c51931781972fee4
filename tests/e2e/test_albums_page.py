"""Albums and hidden items in a real browser."""

import pytest

from search.open_home import open_home
from search.settings import Settings
from tests.support.browser import PHONE, check_accessibility, shoot, start_chromium, wait
from tests.support.fake_demo import draw_photo
from tests.support.fake_models import choose_fake_models
from tests.support.indexing import index
from tests.support.real_models import CHOOSER
from tests.support.server import run_fake_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A server with four photos."""
    media, home = tmp_path_factory.mktemp("media"), tmp_path_factory.mktemp("home")
    for number, subject in enumerate(("cat", "rocket", "cat", "rocket")):
        draw_photo(subject, number).save(media / f"photo {number}.jpg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CHOOSER, choose_fake_models)
        with open_home(Settings(home=home), create=True) as library:
            index(library, media)
    with run_fake_server(home) as server:
        yield f"http://{server.host}:{server.port}"


@pytest.fixture(scope="module")
def browser(playwright):
    chromium = start_chromium(playwright)
    yield chromium
    chromium.close()


@pytest.fixture
def open_page(browser, address):
    troubles = []

    def open_page(path, **options):
        page = browser.new_context(bypass_csp=True, **options).new_page()
        page.on("console", lambda one: one.type == "error" and troubles.append(one.text))
        page.on("pageerror", lambda one: troubles.append(str(one)))
        page.goto(address + path)
        return page

    yield open_page
    assert troubles == []


def test_without_albums_and_saved_searches_the_panel_says_how_to_get_them(open_page):
    page = open_page("/")
    page.wait_for_selector("#hits .hit")
    page.click("#saved-toggle")
    page.wait_for_selector("#saved .rows")
    searches, albums = page.locator("#saved .rows").all_inner_texts()
    assert searches == "No saved searches yet."
    assert albums.startswith("No albums yet.")


def test_an_album_is_created_renamed_arranged_and_deleted(open_page):
    page = open_page("/")
    page.wait_for_selector("#hits .hit")
    page.hover("#hits .hit")
    page.click("#hits .hit .select")
    page.click("#selection button:has-text('Select all')")
    page.wait_for_selector("#selection option[value=new]", state="attached")
    page.once("dialog", lambda dialog: dialog.accept("Trip"))
    page.select_option("#selection select", "new")
    wait(page, "document.querySelector('#selection').textContent.includes('Added to Trip')")
    check_accessibility(page)
    page.click("#selection a:has-text('Added to Trip')")
    page.wait_for_selector("#set .chip[aria-label='Remove: Trip']")
    page.click("nav a:has-text('Albums')")
    page.wait_for_selector("#albums .cover img")
    # Nobody has an account, so the album cannot be shared; the page says why.
    page.wait_for_selector("main .hint a[href$='/account']")
    check_accessibility(page)
    first = page.get_attribute("#albums .cover img", "src")
    page.once("dialog", lambda dialog: dialog.accept("Journey"))
    page.click("#albums button:has-text('Rename')")
    page.wait_for_selector("#albums strong:text-is('Journey')")
    page.click("#albums button:has-text('Arrange')")
    page.wait_for_selector("#arrange li:nth-child(4)")
    check_accessibility(page)
    second = page.inner_text("#arrange li:nth-child(2) .grow")
    page.click("#arrange li:nth-child(2) button:has-text('↑')")
    wait(page, "document.querySelector('#arrange [role=status]').textContent === 'Saved'")
    assert page.inner_text("#arrange li:nth-child(1) .grow") == second
    # The focus follows the item; at the top, it can only move down.
    assert page.evaluate("document.activeElement.textContent") == "↓"
    page.keyboard.press("Enter")
    wait(page, f"document.querySelector('#arrange li:nth-child(2) .grow').innerText === {second!r}")
    wait(page, "document.activeElement.closest('li') === document.querySelector('#arrange li:nth-child(2)')")
    page.click("#arrange li:nth-child(2) button:has-text('↑')")
    wait(page, f"document.querySelector('#arrange li:nth-child(1) .grow').innerText === {second!r}")
    page.click("#arrange li:nth-child(3) button:has-text('Use as cover')")
    page.wait_for_selector("#arrange li:nth-child(3) button:text-is('Cover')")
    shoot(page, "albums-arrange")
    page.click("#arrange .close")
    wait(page, f"document.querySelector('#albums img').getAttribute('src') !== {first!r}")
    wait(page, "document.activeElement.textContent === 'Arrange'")
    shoot(page, "albums")
    phone = open_page("/albums", **PHONE, color_scheme="dark", locale="zh-CN")
    phone.wait_for_selector("#albums .cover img")
    check_accessibility(phone)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(phone, "albums-phone")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#albums button:has-text('Delete')")
    page.wait_for_selector("#albums > li", state="detached")


def test_results_are_hidden_and_shown_again(open_page, address):
    page = open_page("/")
    page.wait_for_selector("#hits .hit")
    page.hover("#hits .hit")
    page.click("#hits .hit .select")
    page.click("#selection button:has-text('Hide')")
    page.wait_for_selector(".toast span:text-is('1 item hidden')")
    assert page.locator("#hits .gone").count() == 1
    check_accessibility(page)
    shoot(page, "hidden-toast")
    page.click(".toast button:has-text('Show again')")
    page.wait_for_selector(".toast", state="detached")
    assert page.evaluate("document.activeElement.id") == "status"
    assert page.locator("#hits .gone").count() == 0
    page.click("#hits .hit .open")
    page.click("#viewer button:text-is('Hide')")
    page.wait_for_selector("#viewer button:text-is('Show again')")
    page.goto(f"{address}/library")
    page.wait_for_selector("#hidden-items li")
    check_accessibility(page)
    page.locator("#hidden-section").scroll_into_view_if_needed()
    shoot(page, "hidden-list")
    page.click("#hidden-items button")
    page.wait_for_selector("#hidden-section", state="hidden")
