"""Looking through a library in a real browser: filters, feedback, selection, endless lists, Chinese."""

import io
import zipfile
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from benchmarks.page import FAKE_ANSWER, SCROLL
from tests.support.browser import PHONE, ask, read_fields, shoot, wait

pytestmark = pytest.mark.slow


def count(page):
    return page.evaluate("document.querySelectorAll('#hits .hit').length")


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_filters_narrow_down_and_live_in_the_address(open_page, options):
    page = open_page(**options)
    page.wait_for_selector("#hits .hit")
    page.click("#filters-toggle")
    page.wait_for_selector("#filters select")
    shoot(page, f"filters-{len(options)}")
    page.select_option("#filters label:has-text('Duration') select", index=1)
    wait(page, "document.querySelector('#set .chip')")
    assert read_fields(page) == {"shorter": ["10"]}
    wait(page, "[...document.querySelectorAll('#hits .name')].some((one) => one.title.endsWith('holiday.mp4'))")
    page.select_option("#filters label:has-text('Order') select", "longest")
    wait(page, "location.search.includes('sort=longest')")
    page.go_back()
    wait(page, "!location.search.includes('sort')")
    page.click("#set .chip")
    wait(page, "location.search === ''")
    wait(page, "document.querySelectorAll('#hits .hit').length > 12")


def test_a_bar_of_the_histogram_sets_the_dates(open_page):
    page = open_page("/?type=image")
    page.wait_for_selector("#hits .hit")
    page.click("#filters-toggle")
    page.wait_for_selector(".histogram button")
    page.click(".histogram button >> nth=0")
    wait(page, "location.search.includes('after=') && location.search.includes('before=')")
    assert count(page) > 0


def test_the_dates_of_a_bar_are_one_chip(open_page):
    page = open_page("/?after=2024-01&before=2024-02&type=image")
    wait(page, "document.querySelector('#set .chip')")
    assert page.locator("#set .chip").all_inner_texts() == ["January 2024 ×"]
    page.click("#set .chip")
    wait(page, "location.search === '?type=image'")


def test_the_last_day_of_a_filter_by_date_is_included(open_page):
    page = open_page("/?type=image")
    page.wait_for_selector("#hits .hit")
    day = page.evaluate(
        """async () => { const answer = await (await fetch('/api/v1/search?types=image')).json();
             const { captured_at, modified_at } = answer.hits[0].item;
             return (captured_at ?? modified_at).slice(0, 10); }"""
    )
    page.click("#filters-toggle")
    page.fill("#filters label:has-text('From') input", day)
    wait(page, "location.search.includes('after=')")
    page.fill("#filters label:has-text('Until') input", day)
    wait(page, "location.search.includes('before=')")
    wait(page, "document.querySelectorAll('#set .chip.on').length === 2")
    assert read_fields(page)["before"][0] > day
    until = page.locator("#filters label:has-text('Until') input")
    expect(until).to_have_value(day)  # the filters are drawn again when they arrive
    wait(page, "document.querySelector('#hits .hit')")


def test_of_many_tags_the_most_frequent_are_shown_first(open_page):
    page = open_page("/?type=image&shows=tag+25")
    page.route("**/facets*", add_tags)
    page.wait_for_selector("#hits, #status button")
    page.click("#filters-toggle")
    page.wait_for_selector("#filters .tags .chip")
    chips = page.locator("#filters .tags .chip.machine")
    shown = [index for index in range(chips.count()) if chips.nth(index).is_visible()]
    assert shown == [*range(20), 25]  # the chosen one too
    page.click("#filters .tags button:text-is('Show more')")
    assert all(chips.nth(index).is_visible() for index in range(30))
    assert page.evaluate("document.activeElement.matches('#filters .tags .chip.machine')")


def add_tags(route):
    """Answer a request for facets with thirty tags of the machine."""
    response = route.fetch()
    facets = response.json()
    facets["machine_tags"] = [{"value": f"tag {number}", "count": 99 - number} for number in range(30)]
    route.fulfill(response=response, json=facets)


def test_results_are_grouped_by_folder(open_page):
    page = open_page("/?type=audio&group=folder")
    page.wait_for_selector("#hits .group")
    assert page.text_content("#hits .group").endswith("/notes")


FEEDBACK_TEXT = "a flower, a cat"


def read_feedback(page):
    """Return the stored feedback on the results of `FEEDBACK_TEXT`: pairs of a file name and whether it is relevant."""
    root = page.url.split("?")[0]
    feedback = page.request.get(f"{root}api/v1/feedback").json()["feedback"]
    name = {one["item"]: page.request.get(f"{root}api/v1/items/{one['item']}").json()["path"] for one in feedback}
    return {(name[one["item"]].split("/")[-1], one["relevant"]) for one in feedback if one["text"] == FEEDBACK_TEXT}


def wait_for(page, condition):
    for _ in range(50):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("never came true")


def test_more_and_less_like_this_rerank_and_can_be_undone(open_page):
    page = open_page()
    ask(page, FEEDBACK_TEXT)
    page.wait_for_selector("[title$='chelsea.jpg']")  # relevant, or less certain below
    page.hover(".hit:has([title$='chelsea.jpg'])")
    page.click(".hit:has([title$='chelsea.jpg']) .acts button:nth-child(2)")
    page.wait_for_selector(".part.without")
    wait(page, "location.search.includes('like=-')")
    wait(page, "!document.querySelector('#hits .hit:first-child [title$=\"chelsea.jpg\"]')")
    page.wait_for_selector(".hit:has([title$='dahlia.jpg'])")
    page.hover(".hit:has([title$='dahlia.jpg'])")
    page.click(".hit:has([title$='dahlia.jpg']) .acts button:nth-child(1)")
    wait(page, "document.querySelectorAll('.part').length === 2")
    wait(page, "!document.querySelector('#hits .hit:first-child [title$=\"chelsea.jpg\"]')")
    wait(
        page,
        "[...document.querySelectorAll('#hits .name')].slice(0, 3).some((one) => one.title.endsWith('dahlia.jpg'))",
    )
    assert read_feedback(page) == {("dahlia.jpg", True), ("chelsea.jpg", False)}
    page.click(".part.without button")
    wait(page, "!location.search.includes('like=-')")
    wait_for(page, lambda: read_feedback(page) == {("dahlia.jpg", True)})
    page.go_back()
    wait(page, "location.search.includes('like=-')")
    page.wait_for_selector(".part.without")


def test_many_are_selected_copied_and_downloaded(open_page):
    page = open_page("/?type=image")
    page.wait_for_selector("#hits .hit")
    page.click("#status")
    page.keyboard.press("Control+a")
    wait(page, "document.querySelector('#selection')?.textContent.includes('12 selected')")
    page.keyboard.press("Escape")
    assert not page.is_visible("#selection")
    page.click("#hits .hit >> nth=0", modifiers=["Control"])
    page.click("#hits .hit >> nth=3", modifiers=["Shift"])
    assert "4 selected" in page.text_content("#selection")
    shoot(page, "selection")
    page.click("text=Copy paths")
    wait(page, "document.querySelector('#selection').textContent.includes('Copied')")
    # The pages may not read the clipboard, so it is pasted elsewhere.
    notes = page.context.new_page()
    notes.set_content("<textarea autofocus></textarea>")
    notes.press("textarea", "Control+v")
    paths = notes.input_value("textarea").split("\n")
    notes.close()
    assert len(paths) == 4
    with page.expect_download() as waiting:
        page.click("#selection >> text=Download")
    with zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes())) as archive:
        assert sorted(archive.namelist()) == sorted(path.rsplit("/", 1)[-1] for path in paths)


def test_a_film_moves_under_the_pointer(open_page):
    page = open_page("/?q=a+red+flower+opens")
    page.wait_for_selector("#hits .hit meter")
    page.hover(".hit:has([title$='holiday.mp4']) .face")
    page.wait_for_selector(".face video.loaded")
    wait(page, "document.querySelector('.face video').currentTime > 4")
    page.mouse.move(5, 5)
    wait(page, "!document.querySelector('.face video')")


def test_the_page_speaks_chinese_to_who_reads_it(open_page):
    page = open_page(locale="zh-CN")
    page.wait_for_selector("#hits .hit")
    assert page.get_attribute("html", "lang") == "zh"
    assert "12 张图片" in page.text_content("#status")
    shoot(page, "chinese")
    page.goto(page.url + "library")
    page.wait_for_selector("#ledger tr")
    assert page.text_content("h1") == "资料库"


def test_recent_searches_are_offered(open_page):
    page = open_page()
    ask(page, "a cup of coffee")
    page.goto(page.url.split("?")[0])
    page.focus("#text")
    page.keyboard.press("ArrowDown")
    wait(page, "document.querySelector('#suggestions [role=option] span')?.textContent === 'a cup of coffee'")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait(page, "document.querySelector('#status').textContent.match(/[0-9] result/)")
    assert page.input_value("#text") == "a cup of coffee"


def test_a_search_is_saved_and_an_album_filled(open_page):
    page = open_page()
    ask(page, "a cup of coffee")
    page.click("#saved-toggle")
    page.wait_for_selector("#saved input")
    assert page.input_value("#saved input >> nth=0") == "a cup of coffee"
    page.click("#saved >> text=Save this search")
    page.wait_for_selector("#saved .rows a:has-text('a cup of coffee')")
    page.click("#saved-toggle")
    page.click("#hits .hit >> nth=0", modifiers=["Control"])
    page.wait_for_selector("#selection select option[value=new]", state="attached")
    page.once("dialog", lambda dialog: dialog.accept("Breakfast"))
    page.select_option("#selection select", "new")
    wait(page, "document.querySelector('#selection').textContent.includes('Added to Breakfast')")
    page.goto(page.url.split("?")[0])
    page.click("#saved-toggle")
    page.wait_for_selector("#saved >> text=Breakfast (1)")
    shoot(page, "saved")
    page.click("#saved >> text=Breakfast (1)")
    wait(page, "location.search.includes('album=')")
    wait(page, "document.querySelectorAll('#hits .hit').length === 1")
    assert page.get_attribute("#hits .name", "title").endswith("morning.jpg")
    page.click("#saved-toggle")
    page.click("#saved .rows a:has-text('a cup of coffee')")
    wait(page, "document.querySelector('#text').value === 'a cup of coffee'")
    page.click("#saved-toggle")
    page.on("dialog", lambda dialog: dialog.accept())
    for _ in range(2):
        page.click("#saved .rows button >> nth=0")
        page.wait_for_timeout(400)
    wait(page, "document.querySelectorAll('#saved .rows a').length === 0")


def test_arrows_and_letters_do_what_buttons_do(open_page):
    page = open_page("/?type=image")
    page.wait_for_selector("#hits .hit")
    page.focus("#hits .open >> nth=0")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.closest('.hit').getAttribute('aria-posinset')") == "2"
    page.keyboard.press("x")
    wait(page, "document.querySelector('#selection').textContent.includes('1 selected')")
    page.keyboard.press("ArrowDown")
    assert int(page.evaluate("document.activeElement.closest('.hit').getAttribute('aria-posinset')")) > 3
    page.keyboard.press("+")
    wait(page, "location.search.includes('like=')")
    assert page.evaluate("document.activeElement !== document.body")


# Another answer to every search: 30 relevant hits and 400 possible ones.
TIERS = (
    FAKE_ANSWER.replace("10000", "430")
    .replace(
        "const from = ",
        """
  const isPossible = request.tier === 'possible';
  const [low, high] = isPossible ? [30, 430] : [0, 30];
  const from = low + """,
    )
    .replace("Math.min(from + request.limit, 430)", "Math.min(from + request.limit, high)")
    .replace("next: to < 430 ? String(to) : null", "possible: 400, next: to < high ? String(to - low) : null")
    .replace("id: 1 + rank % IDS", "id: 1 + rank")
    .replace("total: 430", "total: 30")
)


def test_less_certain_results_follow_below_a_divider(open_browser, server):
    page = open_browser().new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(TIERS)
    page.goto(f"{server}/?q=anything")
    page.wait_for_selector("#hits .hit")
    assert "30 results" in page.text_content("#status")
    for _ in range(20):
        if page.query_selector("#hits .divider"):
            break
        page.evaluate("scrollBy(0, 400)")
        page.wait_for_timeout(100)
    assert page.text_content("#hits .divider h2") == "Less certain"
    order = page.evaluate("""[...document.querySelectorAll('#hits > *')].map((one) =>
        one.classList.contains('divider') ? 'divider' : Number(one.getAttribute('aria-posinset')))""")
    at = order.index("divider")
    assert order[at - 1 : at + 2] == [30, "divider", 31]
    # Keys go across it, and what is selected as a whole is what is relevant.
    page.focus("#hits .hit[aria-posinset='30'] .open")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.closest('.hit').getAttribute('aria-posinset')") == "31"
    page.keyboard.press("Control+a")
    wait(page, "document.querySelector('#selection')?.textContent.includes('30 selected')")
    for _ in range(100):
        page.evaluate("scrollBy(0, 3000)")
        page.wait_for_timeout(15)
    wait(page, "document.querySelector('#hits .hit:last-child')?.getAttribute('aria-posinset') === '430'")
    assert count(page) < 120
    assert page.evaluate("document.querySelectorAll('#hits .divider').length") <= 1


def test_what_hides_everything_can_be_taken_off(open_page):
    page = open_page("/?q=a+cat&type=audio")
    page.wait_for_selector("#status button")
    assert "Nothing relevant" in page.text_content("#status")
    page.click("text=without the filters")
    wait(page, "location.search === '?q=a+cat'")
    page.wait_for_selector("[title$='chelsea.jpg']")


def test_ten_thousand_results_scroll_smoothly_in_constant_memory(open_page, open_browser, server):
    """The list is invented, since no demo library is so large. The grid, the images and the browser are real."""
    page = open_browser().new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(FAKE_ANSWER.replace("IDS", "20"))
    page.goto(f"{server}/?q=anything")
    page.wait_for_selector("#hits .hit")
    session = page.context.new_cdp_session(page)
    heap = lambda: session.send("Runtime.getHeapUsage")["usedSize"] / 2**20  # noqa: E731
    for _ in range(400):
        page.evaluate("scrollBy(0, 3000)")
        page.wait_for_timeout(15)
        if page.evaluate("window.asked") > 50:
            break
    wait(page, "scrollY + innerHeight >= document.documentElement.scrollHeight - 5 || (scrollBy(0, 20000), false)")
    assert page.evaluate("document.querySelector('#hits .hit:last-child').getAttribute('aria-setsize')") == "10000"
    assert count(page) < 120
    session.send("HeapProfiler.collectGarbage")
    before = heap()
    frames = page.evaluate(SCROLL)
    gaps = sorted(later - earlier for earlier, later in pairwise(frames))
    middle, slow = gaps[len(gaps) // 2], gaps[len(gaps) * 19 // 20]
    print(f"median frame {middle:.1f} ms, 95 % {slow:.1f} ms, heap {before:.1f} MiB")
    session.send("HeapProfiler.collectGarbage")
    assert heap() < before + 8
    # Printed with -s. Not asserted, since a busy machine scrolls less smoothly.
    assert middle < 100
