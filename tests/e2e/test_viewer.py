"""The viewer in a real browser: transcript, timeline, heatmap, and the way back."""

import pytest

from tests.support.browser import ask, read_fields, shoot, wait

pytestmark = pytest.mark.slow


def test_the_transcript_follows_and_a_word_seeks(open_page):
    page = open_page("/?q=a+red+flower+opens")
    page.wait_for_selector("#hits .hit meter")
    page.click(".hit:has([title$='holiday.mp4'])")
    page.wait_for_selector(".word")
    wait(page, "document.querySelector('dialog video').readyState >= 2")
    page.click(".word:has-text('cat')")
    wait(page, "document.querySelector('dialog video').currentTime > 2.5")
    wait(page, "document.querySelector('.moment.now')?.textContent.includes('cat')")
    page.keyboard.press("Escape")


def test_the_timeline_shows_the_results_and_links_to_them(open_page):
    page = open_page("/?q=a+red+flower+opens")
    page.wait_for_selector("#hits .hit meter")
    page.click(".hit:has([title$='holiday.mp4'])")
    page.wait_for_selector(".timeline .mark")
    wait(page, "document.querySelector('dialog video').readyState >= 2")
    page.wait_for_timeout(300)
    bar = page.query_selector(".timeline").bounding_box()
    page.mouse.click(bar["x"] + bar["width"] * 0.1, bar["y"] + bar["height"] / 2)
    wait(page, "document.querySelector('dialog video').currentTime < 1.6")
    page.fill("dialog .find", "a cat looks")
    page.wait_for_selector("dialog .moments button:has-text('cat')")
    wait(page, "document.querySelectorAll('.texts li:not([hidden])').length === 1")
    page.click("dialog .moments button:has-text('cat')")
    wait(page, "document.querySelector('dialog video').currentTime > 2.5")
    pixels = page.evaluate(
        """() => { const canvas = document.querySelector('.timeline canvas');
             const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
             return data.filter((value, at) => at % 4 === 3 && value).length; }"""
    )
    assert pixels > 1000


def test_the_heatmap_is_drawn_over_an_image(open_page):
    page = open_page("/?q=a+cat")
    page.wait_for_selector("#hits .hit meter")
    page.click(".hit:has([title$='chelsea.jpg'])")
    page.wait_for_selector("dialog[open] img")
    page.keyboard.press("h")
    page.wait_for_selector("canvas.heat")
    wait(page, "document.querySelector('canvas.heat')?.style.left")
    shoot(page, "heat")
    page.keyboard.press("h")
    wait(page, "!document.querySelector('canvas.heat')")
    page.keyboard.press("+")
    assert page.evaluate("document.querySelector('.stage').classList.contains('zoomed')")
    page.keyboard.press("0")
    assert not page.evaluate("document.querySelector('.stage').classList.contains('zoomed')")


def test_back_closes_the_viewer_and_keeps_the_place(open_page):
    page = open_page(viewport={"width": 700, "height": 500})
    page.wait_for_selector("#hits .hit")
    page.evaluate("scrollTo(0, 500)")
    page.wait_for_timeout(300)
    ask(page, "a red flower opens")
    page.wait_for_selector("#hits meter")
    page.click("#hits .open >> nth=0")
    page.wait_for_selector("dialog[open] .stage")
    page.go_back()
    wait(page, "!document.querySelector('dialog').open")
    assert read_fields(page) == {"q": ["a red flower opens"]}
    page.click("#hits .open >> nth=0")
    page.wait_for_selector("dialog[open] .stage")
    page.keyboard.press("Escape")
    wait(page, "!document.querySelector('dialog').open && !history.state?.viewing")
    page.go_back()
    wait(page, "location.search === '' && scrollY > 400")
