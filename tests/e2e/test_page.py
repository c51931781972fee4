"""The page in a real browser: the three kinds of query, as a person would enter them."""

import os
import wave

import pytest

from tests.support.browser import PHONE, ask, shoot, wait

pytestmark = pytest.mark.slow


def names(page):
    page.wait_for_selector("#hits .hit meter")
    return [one.get_attribute("title").split("/")[-1] for one in page.query_selector_all("#hits .name")]


def begin_box(page, start, end):
    """Drag from one point of the shown image to another, in fractions of its size, and hold the button."""
    shown = page.query_selector("dialog .croppable img").bounding_box()
    (left, top), (right, bottom) = (
        (shown["x"] + shown["width"] * x, shown["y"] + shown["height"] * y) for x, y in (start, end)
    )
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(right, bottom, steps=5)


@pytest.mark.parametrize("options", [{}, PHONE | {"color_scheme": "dark"}], ids=["desktop", "phone"])
def test_text_finds_and_the_player_starts_at_the_moment(open_page, options):
    page = open_page(**options)
    page.wait_for_selector("#hits .hit")
    wait(page, "document.querySelector('#status').textContent.includes('12 images')")
    shoot(page, f"library-{len(options)}")
    ask(page, "a red flower opens")
    assert "holiday.mp4" in names(page)
    shoot(page, f"text-{len(options)}")
    page.click(".hit:has([title$='holiday.mp4'])")
    wait(page, "document.querySelector('dialog video')?.currentTime > 4")
    assert "flower" in page.text_content("dialog mark, dialog .moment:has(mark)")
    shoot(page, f"viewer-{len(options)}")
    page.keyboard.press("Escape")
    wait(page, "!document.querySelector('dialog').open")
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0


def test_the_address_holds_the_query(open_page):
    page = open_page("/?q=a+cat&type=image")
    shown = names(page)
    assert shown[0] == "chelsea.jpg"
    assert "holiday.mp4" not in shown
    ask(page, "a cup of coffee")
    assert names(page)[0] == "morning.jpg"
    page.go_back()
    wait(page, "document.querySelector('#text').value === 'a cat'")
    page.wait_for_selector("[title$='chelsea.jpg']")


def test_a_chinese_text_finds_images(open_page):
    page = open_page()
    ask(page, "一只猫")
    assert names(page)[0] == "holiday.mp4"  # it has a shot of the same cat; the image itself is left out


def test_a_chosen_image_finds_similar_ones(open_page, demo):
    page = open_page()
    page.set_input_files("#file", str(demo / "pets/chelsea.jpg"))
    page.wait_for_selector(".part img")
    assert set(names(page)[:2]) == {"chelsea.jpg", "holiday.mp4"}
    shoot(page, "picture")
    page.reload()
    assert set(names(page)[:2]) == {"chelsea.jpg", "holiday.mp4"}
    page.click(".part .whole")
    page.wait_for_selector("dialog[open] .croppable img")
    wait(page, "document.querySelector('dialog img').naturalWidth > 0")
    begin_box(page, (0.2, 0.2), (0.7, 0.8))
    with page.expect_response("**/api/v1/search") as asked:
        page.mouse.up()
    assert asked.value.status == 200
    assert page.evaluate("new URLSearchParams(location.search).get('picture').split('@')[1].split('_').length") == 4
    wait(page, "document.querySelector('.part')?.title === 'A region of an image'")
    assert names(page)[0] == "holiday.mp4"  # it has a shot of the same cat; the image itself is left out
    # Whoever is sent the address sees the same.
    other = open_page()
    other.goto(page.url)
    wait(other, "document.querySelector('.part')?.title === 'A region of an image'")
    assert names(other)[:2] == names(page)[:2]
    page.click(".part > button:last-child")
    wait(page, "document.querySelector('#status').textContent.includes('In your library')")


def test_a_dropped_and_a_pasted_image_are_searched(open_page, demo):
    page = open_page()
    body = list((demo / "kitchen/morning.jpg").read_bytes())
    for event in ("drop", "paste"):
        page.goto(page.url.split("?")[0])
        page.evaluate(
            """([event, body]) => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(body)], "a.jpg", { type: "image/jpeg" }));
                dispatchEvent(event === "drop" ? new DragEvent("drop", { dataTransfer: data })
                                               : new ClipboardEvent("paste", { clipboardData: data }));
            }""",
            [event, body],
        )
        assert names(page)[0] == "morning.jpg"


def test_a_spoken_query_is_transcribed_and_shown(open_page, demo):
    """CROSSMODAL_TEST_VOICE may name a recording and a word that must be in its transcript: FILE:WORD."""
    chosen = os.environ.get("CROSSMODAL_TEST_VOICE")
    path, word = chosen.rsplit(":", 1) if chosen else (demo / "notes/train.wav", "train")
    page = open_page(voice=path)
    page.wait_for_selector("#hits .hit")
    page.click("#speak")
    page.wait_for_selector("#speak[aria-pressed=true]")
    with wave.open(str(path)) as recording:
        seconds = recording.getnframes() / recording.getframerate()
    page.wait_for_timeout(seconds * 1000 + 800)
    page.click("#speak")
    wait(page, "document.querySelector('#status').textContent.includes('Recognized speech')")
    assert word in page.input_value("#text")
    shoot(page, "voice")
    if not chosen:
        assert names(page)[0] == "train.wav"


def test_the_microphone_listens_while_it_is_held_down(open_page, demo):
    page = open_page(voice=demo / "notes/train.wav")
    page.wait_for_selector("#hits .hit")
    place = page.query_selector("#speak").bounding_box()
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    page.wait_for_selector("#speak[aria-pressed=true]")
    wait(page, "Number(document.querySelector('#speak').style.getPropertyValue('--level')) > 0.02")
    page.wait_for_timeout(4500)
    page.mouse.up()
    wait(page, "document.querySelector('#status').textContent.includes('Recognized speech')")
    assert "train" in page.input_value("#text")


def test_silence_is_reported(open_page, tmp_path):
    with wave.open(str(tmp_path / "silence.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(bytes(64000))
    page = open_page(voice=tmp_path / "silence.wav", refused=422)
    page.wait_for_selector("#hits .hit")
    page.click("#speak")
    page.wait_for_timeout(1500)
    with page.expect_response("**/search") as waiting:
        page.click("#speak")
    assert waiting.value.status == 422
    page.wait_for_selector("#status.wrong")
    assert "No speech was recognized" in page.text_content("#status")


@pytest.mark.parametrize("address", ["/?q=xqzzt+blorfing+vrunk", "/?q=xqzzt+blorfing+vrunk&all=1"])
def test_nonsense_is_reported_as_irrelevant_above_the_closest_matches(open_page, address):
    page = open_page(address)
    wait(page, "document.querySelector('#status').textContent.includes('Nothing relevant found. Closest matches:')")
    page.wait_for_selector("#hits .hit")
    assert page.query_selector("#hits .divider") is None
    shoot(page, "nothing")


def test_a_typing_error_is_corrected_with_a_way_back(open_page):
    page = open_page()
    ask(page, "a cup of cofee")
    wait(page, "document.querySelector('#status').textContent.includes('Showing results for a cup of coffee')")
    assert names(page)[0] == "morning.jpg"
    shoot(page, "corrected")
    page.click("text=Search instead for a cup of cofee")
    wait(page, "location.search.includes('exact=1')")
    wait(page, "!document.querySelector('#status').textContent.match(/Showing|Searching/)")
    page.reload()
    wait(page, "document.querySelector('#status').textContent.match(/[0-9] result|relevant/)")
    assert "ModelResult" not in page.text_content("#status")
    ask(page, "a cup of cofee on a table")
    wait(page, "document.querySelector('#status').textContent.includes('Showing results for')")


def test_more_like_this_searches_by_the_item(open_page):
    page = open_page()
    ask(page, "a cat")
    page.click(".hit:has([title$='chelsea.jpg'])")
    page.click("dialog >> text=More like this")
    wait(page, "location.search.startsWith('?like=')")
    wait(page, "document.querySelector('#hits .name') && !document.querySelector('#hits [title$=\"chelsea.jpg\"]')")


def test_a_search_needs_only_the_keyboard(open_page):
    page = open_page()
    page.wait_for_selector("#hits .hit")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("a red flower opens")
    page.keyboard.press("Enter")
    names(page)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "open":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open] .stage")
    first = page.text_content("#viewer-title")
    page.keyboard.press("ArrowRight")
    wait(page, f"document.querySelector('#viewer-title').textContent !== '{first}'")
    page.keyboard.press("ArrowLeft")
    wait(page, f"document.querySelector('#viewer-title').textContent === '{first}'")
    page.keyboard.press("i")
    assert not page.is_visible("dialog .side")
    page.keyboard.press("Escape")
    wait(page, "!document.querySelector('dialog').open")
    assert page.evaluate("document.activeElement.closest('.hit').querySelector('.name').textContent") == first


def test_a_box_drawn_on_an_image_searches_by_its_content(open_page):
    page = open_page()
    ask(page, "a cat")
    page.click(".hit:has([title$='chelsea.jpg'])")
    page.wait_for_selector("dialog[open] .croppable img")
    wait(page, "document.querySelector('dialog img').complete && document.querySelector('dialog img').naturalWidth > 0")
    begin_box(page, (0.2, 0.1), (0.8, 0.8))
    assert page.is_visible(".cropbox")
    shoot(page, "crop")
    page.mouse.up()
    wait(page, "location.search.includes('like=') && location.search.includes('%40')")
    assert names(page)[0] == "holiday.mp4"  # it has a shot of the same cat; the image itself is left out
    region = page.evaluate("new URLSearchParams(location.search).get('like')")
    page.reload()
    assert names(page)[0] == "holiday.mp4"  # it has a shot of the same cat; the image itself is left out
    assert page.evaluate("new URLSearchParams(location.search).get('like')") == region


def test_the_box_takes_the_query_language_and_names_mistakes(open_page):
    page = open_page(refused=400)
    ask(page, "a cup of coffee type:image -cat")
    assert names(page)[0] == "morning.jpg"
    ask(page, 'a cup of coffee type:image -"a cup of coffee"')
    wait(page, "document.querySelector('#status').textContent.includes('Nothing relevant')")
    page.fill("#text", "typ:image cat")
    page.keyboard.press("Enter")
    page.wait_for_selector("#status.wrong")
    assert "did you mean type:" in page.text_content("#status")


def test_searched_words_are_highlighted_and_stop_words_are_not(open_page):
    page = open_page()
    page.wait_for_selector("#hits .hit")
    ask(page, "the train at night")
    page.wait_for_selector("#hits mark")
    marked = {one.inner_text().lower() for one in page.query_selector_all("#hits mark")}
    assert "train" in marked
    assert not marked & {"the", "at"}
