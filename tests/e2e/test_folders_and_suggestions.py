"""Folders as a tree, counts of types, suggestions and examples, in a browser."""

import pytest

from tests.support.browser import PHONE, ask, check_accessibility, read_fields, shoot, wait

# Elements of the filters that reach over the right edge of the window.
CUT_OFF = """[...document.querySelectorAll("#filters *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5).map((one) => one.outerHTML.slice(0, 80))"""


def test_a_folder_is_opened_and_chosen_in_the_tree(open_page):
    page = open_page("/", bypass_csp=True)
    page.click("#filters-toggle")
    page.wait_for_selector(".folders ul ul .folder")
    check_accessibility(page)
    page.locator(".folders .folder", has_text="notes").click()
    wait(page, "new URLSearchParams(location.search).get('in')?.endsWith('/notes')")
    wait(page, "document.querySelector('#set').textContent.includes('in notes')")
    wait(page, "document.querySelector('.folders .folder[aria-pressed=true]')?.textContent.startsWith('notes')")
    shoot(page, "folders")
    page.locator("#set .chip.on").click()
    wait(page, "!location.search.includes('in=')")


def test_the_types_have_the_numbers_of_the_results(open_page):
    page = open_page("/")
    ask(page, "a cup of coffee")
    wait(page, "document.querySelectorAll('#ask fieldset .count').length === 4")
    shown = page.evaluate(
        "[...document.querySelectorAll('#ask fieldset .count')].map((one) => Number(one.textContent))"
    )
    assert f"{sum(shown)} result" in page.text_content("#status")


@pytest.mark.parametrize("width", [320, 390])
def test_no_filter_is_cut_off_on_a_phone_with_long_names(open_page, width):
    page = open_page("/", **PHONE | {"viewport": {"width": width, "height": 800}})
    page.click("#filters-toggle")
    page.wait_for_selector(".folders .folder")
    long = "A folder with a name that is much longer than the window of a phone is wide" * 2
    page.evaluate(
        """(long) => {
            for (const one of document.querySelectorAll("#filters option, #filters .folder, #filters .tags .chip"))
                one.prepend(long);
        }""",
        long,
    )
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_suggestions_are_taken_with_the_keyboard(open_page):
    page = open_page("/", bypass_csp=True)
    page.focus("#text")
    page.keyboard.type("not")
    page.wait_for_selector("#suggestions [role=option]")
    assert page.get_attribute("#text", "aria-expanded") == "true"
    check_accessibility(page)
    page.keyboard.press("ArrowDown")
    active = page.get_attribute("#text", "aria-activedescendant")
    assert page.get_attribute(f"#{active}", "aria-selected") == "true"
    shoot(page, "suggestions")
    page.keyboard.press("Escape")
    assert page.is_hidden("#suggestions")
    assert page.input_value("#text") == "not"
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#suggestions [role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait(page, "location.search.includes('in=')")
    assert page.input_value("#text") == ""


def test_an_example_of_the_empty_page_finds_something(open_page):
    page = open_page("/")
    page.wait_for_selector("#examples .chip")
    page.locator("#examples .chip").first.click()
    wait(page, "document.querySelector('#status').textContent.match(/[1-9][0-9]* (result|item)/)")
    assert page.is_hidden("#examples")


def test_a_folder_of_an_item_searches_there(open_page):
    page = open_page("/?q=a+cup+of+coffee")
    page.locator(".hit img").first.click()
    page.locator(".side .path a").last.click()
    wait(page, "location.search.includes('in=')")
    assert read_fields(page)["q"] == ["a cup of coffee"]
