"""The library page in a real browser: folders, uploads, jobs with their progress, files with their states."""

import os
import re

import pytest
from PIL import Image

from search.encoders.registry import read_manifest
from search.encoders.runtime import Machine
from search.records import Retriever
from tests.support.browser import PHONE, shoot, wait
from tests.support.checkpoints import make_tiny
from tests.support.formats import RED
from tests.support.server import run_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def address(home):
    """A server with its worker over a separate, empty home."""
    with run_server(home) as running:
        yield running


@pytest.fixture
def page(open_browser, address):
    troubles = []
    page = open_browser().new_context().new_page()

    def note(message):
        text = f"{message.text} {message.location['url']}"
        # A job that found nothing to do is dropped, maybe just before the page follows it. The browser logs the answer.
        if message.type == "error" and re.search(r"\b404 .*/jobs/\d+/events$", text) is None:
            troubles.append(text)

    page.on("console", note)
    page.on("pageerror", lambda one: troubles.append(str(one)))
    page.goto(f"{address}/library")
    yield page
    assert troubles == []


def test_a_folder_is_added_followed_and_removed(page, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    for number in range(6):
        RED.rotate(number * 20).save(media / f"{number}.png")
    (media / "bad.jpg").write_text("no picture")
    page.fill("#add input[name=path]", str(media))
    page.check("#add input[name=watch]")
    page.click("#add button")
    # Having begun to follow it, the worker may look at the folder once more: that job is listed as well.
    wait(page, "document.querySelector('#jobs').textContent.includes('6 added, 1 failed')")
    wait(page, "document.querySelector('#coverage').textContent.includes('6 of 7 files can be searched')")
    page.select_option("#ledger-form select", "failed")
    wait(page, "document.querySelectorAll('#ledger tr').length === 1")
    assert "unrecognized image format" in page.text_content("#ledger")
    assert "Fix or replace" in page.text_content("#ledger")
    shoot(page, "library-page")
    # The file is fixed. The folder is watched, so it is indexed without a request.
    RED.save(media / "bad.jpg", "JPEG")
    page.select_option("#ledger-form select", "")
    wait(page, "document.querySelectorAll('#ledger .state.indexed').length === 7")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#sources >> text=Remove")
    wait(page, "document.querySelector('#sources').textContent.includes('No folders yet')")
    wait(page, "document.querySelector('#ledger').textContent.includes('No files match')")
    assert len(list(media.iterdir())) == 7


def test_chosen_and_dropped_files_are_uploaded_and_found(page, address, tmp_path):
    for number in range(2):
        RED.rotate(number * 33).save(tmp_path / f"up{number}.png")
    page.set_input_files("#files", [str(tmp_path / "up0.png"), str(tmp_path / "up1.png")])
    wait(page, "document.querySelector('#ledger').textContent.includes('up1.png')")
    wait(page, "document.querySelector('#jobs .state.done')")
    Image.effect_noise((300, 200), 70).save(tmp_path / "dropped.png")
    body = list((tmp_path / "dropped.png").read_bytes())
    page.evaluate(
        """(body) => { const data = new DataTransfer();
             data.items.add(new File([new Uint8Array(body)], "dropped.png", { type: "image/png" }));
             dispatchEvent(new DragEvent("drop", { dataTransfer: data })); }""",
        body,
    )
    wait(page, "document.querySelector('#ledger').textContent.includes('dropped.png')")
    wait(page, "document.querySelectorAll('#ledger .state.indexed').length >= 3")
    page.goto(address)
    page.wait_for_selector("#hits [title$='dropped.png']")


def test_the_viewer_shows_the_metadata_of_a_photo(page, address, tmp_path):
    exif = Image.Exif()
    exif[0x0110], exif[0x013B], exif[0x9C9E] = "D90", "Ann", "fair;summer\0".encode("utf-16-le")
    exif.get_ifd(0x8769)[0x9003] = "2021:07:14 10:20:30"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    media = tmp_path / "said"
    media.mkdir()
    Image.effect_noise((640, 480), 50).convert("RGB").save(media / "fair.jpg", exif=exif)
    page.fill("#add input[name=path]", str(media))
    page.click("#add button")
    wait(page, "document.querySelector('#ledger').textContent.includes('fair.jpg')")
    wait(page, "!document.querySelector('#jobs .state.running, #jobs .state.queued')")
    page.goto(f"{address}/?q=tag:fair")
    page.click("#hits .hit")
    page.wait_for_selector("dialog .facts dd .chip")
    facts = page.text_content("dialog .facts")
    assert all(one in facts for one in ("Jul 14, 2021", "D90", "Ann", "640 × 480", "48.85833, 2.29444"))
    link = page.get_attribute("dialog .facts a[href*=openstreetmap]", "href")
    assert "mlat=48.858333&mlon=2.294444" in link
    page.click("dialog .facts .chip:has-text('summer')")
    wait(page, "location.search === '?tag=summer'")
    page.wait_for_selector("#hits [title$='fair.jpg']")
    page.click("#filters-toggle")
    page.wait_for_selector("#filters .tags .chip[aria-pressed=true]")
    assert page.query_selector("#filters label:has-text('Camera') option[value=D90]")


def test_guessed_dates_are_marked_and_ratings_filter(page, open_browser, address, tmp_path):
    media = tmp_path / "dated"
    media.mkdir()
    exif = Image.Exif()
    exif[0x4746] = 4
    exif.get_ifd(0x8769)[0x9003] = "1989:05:01 10:20:30"
    images = [Image.effect_noise((640, 480), 30 + 20 * number).convert("RGB") for number in range(3)]
    images[0].save(media / "known.jpg", exif=exif)
    images[1].save(media / "1989-05-01 party.jpg")
    images[2].save(media / "IMG_1.jpg")
    os.utime(media / "IMG_1.jpg", (610_000_000, 610_000_000))  # in May 1989
    page.fill("#add input[name=path]", str(media))
    page.click("#add button")
    wait(page, "document.querySelector('#jobs').textContent.includes('3 added')")
    page.goto(f"{address}/?after=1989-05&before=1989-06&sort=oldest&group=day")
    page.wait_for_selector("#hits [title$='party.jpg']")
    texts = page.locator("#hits .about").all_text_contents()
    assert [text for text in texts if "about" in text] == [
        "1989-05-01 party.jpgabout May 1, 1989 (from its name or folder)",
        "IMG_1.jpgabout May 1, 1989 (date of the file)",
    ]
    assert texts[0].startswith("known.jpgMay 1, 1989")
    assert page.locator("#hits h2").all_text_contents() == ["May 1, 1989"]
    shoot(page, "dates-guessed")
    page.click("#hits .hit:has-text('party')")
    page.wait_for_selector("dialog .facts dd")
    assert "DateMay 1, 1989" not in page.text_content("dialog .facts")
    assert "about May 1, 1989 (from its name or folder)" in page.text_content("dialog .facts")
    shoot(page, "dates-viewer")
    page.goto(f"{address}/?q=party+after:1989-05+before:1989-06")
    page.wait_for_selector("#hits .why:has-text('about May 1, 1989 · ')")
    shoot(page, "dates-evidence")
    page.goto(f"{address}/?q=rating:4")
    page.click("#hits .hit:has-text('known.jpg')")
    page.wait_for_selector("dialog .facts dd:has-text('★★★★')")
    page.keyboard.press("Escape")
    wait(page, "!history.state?.viewing")
    page.goto(address)
    page.click("#filters-toggle")
    page.select_option("#filters label:has-text('Rating') select", label="★★★★ or more (1)")
    wait(page, "location.search === '?rating=4'")
    page.wait_for_selector("#set .chip:has-text('★★★★ or more')")
    wait(page, "document.querySelectorAll('#hits .hit').length === 1")
    shoot(page, "rating")
    phone = open_browser().new_context(**PHONE, locale="zh", color_scheme="dark").new_page()
    phone.goto(f"{address}/?after=1989-05&before=1989-06&rating=4")
    phone.wait_for_selector("#hits .hit")
    assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    shoot(phone, "rating-phone")


def test_a_wrong_folder_is_refused_by_name(open_browser, address):
    page = open_browser().new_context(**PHONE).new_page()
    page.goto(f"{address}/library")
    page.fill("#add input[name=path]", "/no/such/folder")
    page.click("#add button")
    page.wait_for_selector("#status.wrong")
    assert "/no/such/folder does not exist" in page.text_content("#status")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_files_are_left_out_of_a_folder_and_included_again(page, tmp_path):
    media = tmp_path / "ruled"
    (media / "drafts").mkdir(parents=True)
    for number, name in enumerate(("a.png", "drafts/b.png", ".hidden.png")):
        RED.rotate(number * 25).save(media / name)
    page.fill("#add input[name=path]", str(media))
    page.click("#add button")
    # Jobs of other tests are listed, too. While this one runs, a change of the rules would apply to it.
    wait(page, "document.querySelector('#jobs li:has(.state.done)')?.textContent.includes('/ruled')")
    assert "2 added" in page.text_content("#jobs li >> nth=0")
    row = f"#sources li:has-text('{media}')"
    # With the keyboard only.
    page.focus(f"{row} button[aria-expanded]")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert "keep their embeddings" in page.text_content(f"{row} .rules")
    page.fill(f"{row} textarea", "drafts/")
    page.check(f"{row} .rules input[type=checkbox]")
    page.press(f"{row} .rules button[type=submit]", "Enter")
    wait(page, "document.querySelector('#sources').textContent.includes('Left out: drafts/ · with hidden files')")
    assert page.is_hidden(f"{row} .rules")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
    wait(page, "document.querySelector('#jobs li').textContent.includes('1 added')")
    wait(page, "document.querySelector('#ledger').textContent.includes('.hidden.png')")
    page.select_option("#ledger-form select", "skipped")
    wait(page, "document.querySelector('#ledger').textContent.includes('drafts')")
    shoot(page, "library-rules-closed")
    # What is being written survives a job that ends meanwhile, and Escape; Cancel drops it.
    page.click(f"{row} button[aria-expanded]")
    page.fill(f"{row} textarea", "")
    page.click(f"{row} button:has-text('Check for changes')")
    wait(page, "document.querySelector('#jobs li .state.done')")
    assert page.input_value(f"{row} textarea") == ""
    shoot(page, "library-rules-open")
    page.press(f"{row} textarea", "Escape")
    assert page.is_hidden(f"{row} .rules")
    page.click(f"{row} button[aria-expanded]")
    assert page.input_value(f"{row} textarea") == ""
    page.click(f"{row} button:text-is('Cancel')")
    page.click(f"{row} button[aria-expanded]")
    assert page.input_value(f"{row} textarea") == "drafts/"
    page.fill(f"{row} textarea", "")
    page.click(f"{row} .rules button[type=submit]")
    page.select_option("#ledger-form select", "indexed")
    wait(page, "document.querySelector('#ledger').textContent.includes('b.png')")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_pattern_that_is_not_valid_is_refused_at_its_field(open_browser, address, tmp_path, language):
    page = open_browser().new_context(**PHONE, locale=language, color_scheme="dark").new_page()
    page.request.post(f"{address}/api/v1/sources", data={"path": str(tmp_path)})
    page.goto(f"{address}/library")
    row = f"#sources li:has-text('{tmp_path}')"
    page.tap(f"{row} button[aria-expanded]")
    page.fill(f"{row} textarea", "*.tmp\n!")
    page.press(f"{row} .rules button[type=submit]", "Enter")
    wait(page, "document.querySelector('.rules textarea[aria-invalid=true]')")
    reason = page.text_content(f"{row} .rules .wrong")
    assert reason.startswith("'!' is not a valid pattern: it does not have the syntax of a line in .gitignore")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    shoot(page, f"library-rules-{language}")
    page.fill(f"{row} textarea", "*.tmp")
    page.press(f"{row} .rules button[type=submit]", "Enter")
    wait(page, "document.querySelector('#sources').textContent.includes('*.tmp')")
    wait(page, f"document.querySelector('#status').textContent.includes('{tmp_path}')")


def test_a_job_is_cancelled_from_the_page(page, tmp_path):
    media = tmp_path / "many"
    media.mkdir()
    noise = Image.effect_noise((900, 700), 60)
    for number in range(400):
        noise.putpixel((0, 0), number % 256)
        noise.putpixel((1, 0), number // 256)
        noise.save(media / f"{number}.jpg", quality=100)  # in PNG files text would be read
    page.fill("#add input[name=path]", str(media))
    page.click("#add button")
    wait(page, "document.querySelector('#jobs .state.running')")
    page.click("#jobs button:has-text('Cancel')")
    wait(page, "document.querySelector('#jobs .state.cancelled')")
    page.click("#jobs li:has(.cancelled) button")
    wait(page, "document.querySelector('#jobs progress')?.value > 0 || document.querySelector('#jobs .state.done')")
    shoot(page, "job")


def test_another_model_is_used_and_taken_back(page, address, home, tmp_path):
    media = tmp_path / "pictures"
    media.mkdir()
    for number in range(8):
        RED.rotate(number * 20).save(media / f"{number}.png")
    page.fill("#add input[name=path]", str(media))
    page.click("#add button")
    # These flat images are searched for text, too.
    wait(page, "document.querySelector('#jobs li').textContent.includes('8 added')", 120)
    tiny = make_tiny(tmp_path / "tiny")
    read_manifest(tiny, Retriever.VISUAL, home / "models", Machine(1))
    page.reload()
    wait(page, "document.querySelector('#models select')")
    page.select_option("#models select", label=f"images: {tiny}")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#models button:text-is('Use')")
    wait(page, "document.querySelector('#models').textContent.includes('previous: compact/flickr8k')")
    assert f"images: {tiny}, 32-d" in page.text_content("#models")
    held = page.request.get(f"{address}/api/v1/status").json()["spaces"]["visual"]["embeddings"]
    assert held >= 8
    assert f"{tiny}{held} embedded" in page.text_content("#jobs li")
    shoot(page, "library-models")
    page.click("#models button:text-is('Roll back')")
    wait(page, "document.querySelector('#models').textContent.includes('images: compact/flickr8k')")
