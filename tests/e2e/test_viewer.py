"""The viewer in a real browser: transcript, timeline, heatmap, and the way back."""

import re
from itertools import pairwise

import pytest

from search.open_home import open_home
from search.settings import Settings
from tests.support.browser import PHONE, ask, check_accessibility, read_fields, shoot, wait
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


def test_marks_that_are_too_near_to_be_hit_are_no_buttons_and_a_clip_says_its_span(open_page):
    page = open_page("/?q=a+red+flower+opens", bypass_csp=True, **PHONE)
    page.click(".hit:has([title$='holiday.mp4']) .open")
    page.wait_for_selector(".timeline .mark")
    wait(page, "document.querySelector('dialog video').readyState >= 2")
    check_accessibility(page)
    assert re.fullmatch(r"Save clip \d:\d\d–\d:\d\d", page.text_content("dialog .clip"))
    places = page.evaluate("[...document.querySelectorAll('button.mark')].map((one) => one.getBoundingClientRect().x)")
    assert all(right - left >= 24 for left, right in pairwise(sorted(places)))


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


def test_an_address_restores_the_moment_and_its_place_in_the_transcript(open_page):
    page = open_page("/?q=a+red+flower+opens")
    page.click(".hit:has([title$='holiday.mp4']) .open")
    page.wait_for_selector(".word")
    wait(page, "document.querySelector('dialog video').readyState >= 2")
    # One picture for each moment.
    page.wait_for_selector("dialog .moment img[src*='thumbnail?at=']")
    page.click(".word:has-text('cat')")
    wait(page, "document.querySelector('dialog video').currentTime > 2.5")
    page.evaluate("document.querySelector('dialog video').pause()")
    wait(page, "/[?&]t=[2-9]/.test(location.search)")
    # The page may write to the clipboard, but not read it.
    page.evaluate("navigator.clipboard.writeText = async (text) => { globalThis.copied = text; }")
    page.click("dialog button:has-text('Copy link')")
    wait(page, "document.querySelector('dialog .side').textContent.includes('Copied')")
    link = page.evaluate("globalThis.copied")
    assert "item=" in link
    assert "q=" not in link
    page.goto(link)
    # The recording is not played, and yet its text shows what is said there.
    wait(page, "document.querySelector('.moment.now')?.textContent.includes('cat')")
    assert page.evaluate("document.querySelector('dialog video').paused")
    assert page.get_attribute("dialog a[download]", "download") == "holiday.mp4"


def test_a_recording_opens_at_its_moment_with_its_text_there(open_page):
    page = open_page("/?type=audio")
    page.click("#hits .open >> nth=0")
    page.wait_for_selector(".paper .word >> nth=-1")
    start = page.get_attribute(".paper .word >> nth=-1", "data-start")
    item = read_fields(page)["item"][0]
    page.goto(f"{page.url.split('?')[0]}?item={item}&t={start}")
    wait(page, "document.querySelector('.moment.now')")
    wait(page, f"Math.abs(document.querySelector('dialog audio').currentTime - {start}) < 0.2")
    shoot(page, "recording")


def test_find_in_an_item_says_when_nothing_is_found(open_page):
    page = open_page("/?q=a+red+flower+opens")
    page.click(".hit:has([title$='holiday.mp4']) .open")
    page.wait_for_selector(".word")
    page.fill("dialog .find", "zebra crossing xqzzt")
    wait(page, "document.querySelector('dialog').textContent.includes('Nothing found for')")
    assert page.query_selector_all(".texts li[hidden]") == []
    page.fill("dialog .find", "cat")
    wait(page, "document.querySelectorAll('.texts li:not([hidden])').length === 1")
    page.wait_for_selector("dialog .moments button:has-text('cat')")
    assert "Nothing found" not in page.text_content("dialog")


def test_an_item_is_added_to_an_album_in_the_viewer(open_page):
    page = open_page("/?q=a+cat")
    page.click(".hit:has([title$='chelsea.jpg']) .open")
    page.on("dialog", lambda dialog: dialog.accept("From the viewer"))
    page.wait_for_selector("dialog select option[value=new]", state="attached")
    page.select_option("dialog select", "new")
    wait(page, "document.querySelector('dialog .side').textContent.includes('Added to From the viewer')")
    page.evaluate(
        """async () => { const { albums } = await (await fetch('/api/v1/albums')).json();
           for (const one of albums) await fetch(`/api/v1/albums/${one.id}`, { method: 'DELETE' }); }"""
    )


def test_the_heatmap_button_is_busy_until_something_is_shown(open_page):
    page = open_page("/?q=a+cat")
    page.click(".hit:has([title$='chelsea.jpg']) .open")
    page.wait_for_selector("dialog[open] .heat-toggle")
    page.route("**/heatmap?*", lambda route: (page.wait_for_timeout(1000), route.continue_()))
    page.click("dialog .heat-toggle")
    assert page.get_attribute(".heat-toggle", "aria-busy") == "true"
    assert page.text_content(".heat-toggle") == "Highlighting…"
    page.wait_for_selector("canvas.heat")
    assert page.get_attribute(".heat-toggle", "aria-busy") is None
    assert page.text_content(".heat-toggle") == "Hide highlights"


def test_a_region_is_shown_as_it_was_drawn_and_finds_others(open_page):
    page = open_page("/?q=a+cat")
    page.click(".hit:has([title$='chelsea.jpg']) .open")
    page.wait_for_selector("dialog .croppable img")
    wait(page, "document.querySelector('dialog .croppable img').naturalWidth > 0")
    box = page.query_selector("dialog .croppable img").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.5, steps=5)
    page.mouse.up()
    wait(page, "location.search.includes('like=')")
    wait(page, "document.querySelector('#parts canvas')")
    width, height = page.evaluate("(({ width, height }) => [width, height])(document.querySelector('#parts canvas'))")
    assert width > height
    wait(page, "document.querySelectorAll('#hits .hit').length > 3")
    assert page.query_selector("#hits [title$='chelsea.jpg']") is None
    assert page.evaluate("getComputedStyle(document.querySelector('#status')).outlineStyle") == "none"


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
