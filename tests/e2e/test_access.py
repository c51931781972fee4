"""Accessibility: axe-core finds no violation of WCAG 2.2 AA, in both themes and on a phone."""

import pytest

from tests.support.browser import PHONE, ask, check_accessibility, wait

pytestmark = pytest.mark.slow


@pytest.fixture(params=["light", "dark", "phone"])
def options(request):
    plain = {"bypass_csp": True}  # axe is put into the page, which its policy forbids
    return plain | (PHONE if request.param == "phone" else {"color_scheme": request.param})


def test_the_search_page_is_accessible(open_page, options):
    page = open_page(**options)
    page.wait_for_selector("#hits .hit")
    check_accessibility(page)
    ask(page, "a red flower opens")
    page.wait_for_selector("#hits .hit meter")
    page.click("#filters-toggle")
    page.wait_for_selector("#filters select")
    page.wait_for_timeout(400)
    check_accessibility(page)


def test_the_viewer_is_accessible(open_page, options):
    page = open_page("/?q=a+red+flower+opens", **options)
    page.wait_for_selector("#hits .hit meter")
    for name in ("holiday.mp4", "dahlia.jpg"):
        page.click(f".hit:has([title$='{name}']) .open")
        page.wait_for_selector("dialog .facts")
        page.wait_for_timeout(300)
        check_accessibility(page)
        page.keyboard.press("Escape")
        wait(page, "!document.querySelector('dialog').open")


def test_the_library_page_is_accessible(open_page, options):
    page = open_page("/library", **options)
    page.wait_for_selector("#ledger tr")
    check_accessibility(page)


def test_what_cannot_be_seen_or_moves_is_spared(open_page):
    page = open_page("/?q=a+red+flower+opens", reduced_motion="reduce")
    page.wait_for_selector("#hits .hit meter")
    page.hover(".hit:has([title$='holiday.mp4']) .face")
    page.wait_for_timeout(900)
    assert page.query_selector(".face video") is None
