"""The viewer in a real browser: transcript, timeline, heatmap, and the way back."""

import pytest

from search.open_home import open_home
from search.settings import Settings
from tests.support.browser import ask, read_fields, shoot, wait
from tests.support.indexing import index
from tests.support.motion_photos import make_film, make_motion_photo
from tests.support.server import run_server

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


@pytest.fixture
def motion_photo(tmp_path):
    """The address of a server over a library with one Motion Photo."""
    (tmp_path / "media").mkdir()
    (tmp_path / "media/PXL_1.MP.jpg").write_bytes(make_motion_photo(make_film(tmp_path)))
    with open_home(Settings(home=tmp_path / "home"), create=True) as library:
        index(library, tmp_path / "media")
    with run_server(tmp_path / "home") as address:
        yield address


def test_the_film_inside_a_photo_is_played_in_its_place(open_browser, motion_photo):
    page = open_browser().new_page()
    page.goto(motion_photo)
    page.click("#hits .open >> nth=0")
    page.click("dialog .tools button:has-text('Play film')")
    wait(page, "document.querySelector('.stage.playing video')?.currentTime > 0.2")
    shoot(page, "film")
    assert not page.is_visible("dialog .croppable")
    page.click("dialog .tools button:has-text('Play film')")
    assert page.is_visible("dialog .croppable")
    assert page.query_selector("dialog video") is None
    # At its end the photo is shown again.
    page.click("dialog .tools button:has-text('Play film')")
    wait(page, "document.querySelector('.stage.playing video')?.readyState >= 2")
    page.evaluate("document.querySelector('dialog video').currentTime = 3.8")
    wait(page, "document.querySelector('dialog video') === null")
    assert page.is_visible("dialog .croppable")
