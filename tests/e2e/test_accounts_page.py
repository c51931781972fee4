"""Accounts in a real browser: the first one, people who see one folder, shared albums, and sessions that end."""

import re
import time
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest

from search.open_home import open_home
from search.settings import Settings
from tests.support.browser import PHONE, check_accessibility, shoot, start_chromium, wait
from tests.support.fake_models import choose_fake_models
from tests.support.formats import RED
from tests.support.indexing import index
from tests.support.real_models import CHOOSER
from tests.support.server import run_setup_server

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery"
LATER = "another horse battery"


@dataclass
class Site:
    """A server on which the admin Wei has created the first account.

    Attributes:
        address: Its address.
        link: The link that the first account was created with.
        browser: A browser.
        troubles: What pages wrote to their console, other than refused requests.
    """

    address: str
    link: str
    browser: Any
    troubles: list[str]

    def open(self, path="/", **options):
        """Open a page in a new browser profile."""
        page = self.browser.new_context(**options).new_page()
        page.on("console", lambda one: one.type == "error" and "status of 4" not in one.text and self.note(one.text))
        page.on("pageerror", lambda one: self.note(str(one)))
        page.goto(self.address + path)
        return page

    def note(self, trouble):
        self.troubles.append(trouble)

    def enter(self, name, path="/", password=PASSWORD, **options):
        """Open a page in a new browser profile and sign in there."""
        page = self.open(path, **options)
        sign_in(page, name, password)
        page.wait_for_url(f"{self.address}{path}")
        return page


def sign_in(page, name, password=PASSWORD):
    page.wait_for_selector("#sign-in")
    page.fill("#sign-in [name=name]", name)
    page.fill("#sign-in [name=password]", password)
    page.keyboard.press("Enter")


def list_names(page):
    page.wait_for_selector("#hits .hit")
    return sorted(one.get_attribute("title").rsplit("/", 1)[-1] for one in page.query_selector_all("#hits .name"))


def add_person(admin, name, role="search", folder=None):
    """Create an account on the page for admins."""
    admin.click("#add summary")
    admin.fill("#add-account [name=name]", name)
    admin.fill("#add-account [name=password]", PASSWORD)
    admin.select_option("#add-account [name=role]", role)
    if folder:
        admin.uncheck("#add-account fieldset > label input")
        admin.check(f"#add-account .choices label:has-text('{folder}') input")
    admin.click("#add-account button[type=submit]")
    admin.wait_for_selector(f"#accounts strong:text-is('{name}')")


def make_album(page, name):
    """Put the first result into a new album."""
    page.hover("#hits .hit")
    page.click("#hits .hit .select")
    page.wait_for_selector("#selection option[value=new]", state="attached")
    page.once("dialog", lambda dialog: dialog.accept(name))
    page.select_option("#selection select", "new")
    wait(page, f"document.querySelector('#selection').textContent.includes('Added to {name}')")
    page.click("#saved-toggle")
    page.wait_for_selector(f"#saved a:has-text('{name}')")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with two folders of pictures."""
    media = tmp_path_factory.mktemp("media")
    for folder, names in {"Family": ("beach", "garden"), "Newsroom": ("strike", "summit", "trial")}.items():
        (media / folder).mkdir()
        for number, name in enumerate(names):
            RED.rotate(number * 20 + len(folder)).save(media / folder / f"{name}.png")
    root = tmp_path_factory.mktemp("home")
    # These tests sign in more often than people do.
    (root / "settings.toml").write_text('sign_in_limit = "off"')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CHOOSER, choose_fake_models)
        with open_home(Settings(home=root), create=True) as library:
            index(library, media / "Family", media / "Newsroom")
    return root


@pytest.fixture(scope="module")
def site(playwright, home):
    """The server, on which the admin has created the first account with the link, and the people."""
    browser = start_chromium(playwright)
    with run_setup_server(home) as link:
        site = Site(link.split("/setup")[0], link, browser, [])
        page = site.open(link.removeprefix(site.address))
        assert page.url == f"{site.address}/setup"
        page.fill("#setup [name=name]", "Wei")
        page.fill("#setup [name=password]", PASSWORD)
        page.fill("#setup [name=again]", "something else")
        page.keyboard.press("Enter")
        wait(page, "document.querySelector('#status').textContent.includes('differ')")
        page.fill("#setup [name=again]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("#hits .hit")
        page.goto(f"{site.address}/people")
        page.wait_for_selector("#accounts li")
        add_person(page, "Ana", folder="Family")
        add_person(page, "Bo", "edit")
        yield site
        browser.close()
    assert site.troubles == []


def test_the_first_account_is_created_once(site):
    page = site.open(site.link.removeprefix(site.address))
    wait(page, "document.querySelector('#status').textContent.includes('There is an admin already')")
    page = site.open("/setup")
    wait(page, "document.querySelector('#status').textContent.includes('There is an admin already')")
    assert page.is_hidden("#setup")


def test_a_wrong_password_is_explained_and_the_right_one_leads_on(site):
    page = site.open("/library?state=failed")
    assert page.url == f"{site.address}/sign-in?next=%2Flibrary%3Fstate%3Dfailed"
    sign_in(page, "Ana", "wrong")
    wait(page, "document.querySelector('#status').textContent === 'The name or the password is wrong.'")
    sign_in(page, "Ana")
    page.wait_for_url(f"{site.address}/library?state=failed")
    page = site.open("/sign-in?next=//evil.example")
    sign_in(page, "Ana")
    page.wait_for_url(f"{site.address}/")


@pytest.mark.parametrize("options", [{}, PHONE | {"color_scheme": "dark"}], ids=["desktop", "phone"])
def test_a_person_who_may_search_one_folder_sees_only_that(site, options):
    page = site.enter("Ana", **options)
    assert list_names(page) == ["beach.png", "garden.png"]
    shoot(page, f"one-folder-search-{len(options)}")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.goto(f"{site.address}/library")
    page.wait_for_selector("#ledger td")
    shown = page.text_content("main")
    assert "beach.png" in shown
    assert "Newsroom" not in shown
    buttons = [one.text_content().strip() for one in page.query_selector_all("main button:visible")]
    assert buttons == []
    assert page.query_selector("input[type=file], #add, #models") is None
    shoot(page, f"one-folder-library-{len(options)}")
    page.click("#menu summary")
    assert page.locator("#menu .entries > *").all_text_contents() == ["Account", "Sign out"]
    page.goto(f"{site.address}/people")
    assert "This is for admins" in page.text_content("main")


def test_a_forced_request_is_refused_in_words(site):
    page = site.enter("Ana")
    words = """async (id) => {
        const { %s } = await import(document.querySelector("link[href$='shared/api.js']").href);
        return %s.then(() => "done", (error) => error.message);
    }"""
    said = page.evaluate(words % ("addAlbum", "addAlbum('mine')"), 0)
    assert said == "This needs an account that may edit (role edit). Ask an admin."
    assert page.evaluate(words % ("forgetItem", "forgetItem(id)"), 1) == "This is for admins only."
    upload = "upload([{ file: new File(['x'], 'x.txt'), name: 'x.txt' }], () => {})"
    assert "may edit" in page.evaluate(words % ("upload", upload), 0)


def test_changes_of_a_page_prove_that_they_come_from_it(site, tmp_path):
    page = site.enter("Bo")
    page.hover("#hits .hit")
    page.click("#hits .hit .select")
    with page.expect_download() as download:
        page.click("#selection >> text=Download")
    assert zipfile.ZipFile(download.value.path()).namelist()
    page.goto(f"{site.address}/library")
    (tmp_path / "notes.txt").write_text("The lighthouse keeper wrote a letter.")
    page.set_input_files("#files", str(tmp_path / "notes.txt"))
    wait(page, "document.querySelector('#jobs').textContent.includes('notes.txt')")
    # The page of a session that has ended, because somebody else signed in with the same browser.
    context, old = page.context, page
    page = context.new_page()
    page.goto(f"{site.address}/sign-in")
    sign_in(page, "Wei")
    page.wait_for_url(f"{site.address}/")
    old.set_input_files("#files", str(tmp_path / "notes.txt"))
    wait(old, "document.querySelector('#status').textContent.includes('Reload this page')")


def test_a_person_who_may_only_search_judges_nothing(site):
    page = site.enter("Ana", "/?q=garden")
    sent = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    page.hover("#hits .hit")
    page.click("#hits .hit .acts button")
    page.wait_for_selector("#parts .part")
    page.wait_for_timeout(300)
    # Searching and counting, and no feedback.
    assert {"search"} <= {url.rsplit("/", 1)[-1] for url in sent} <= {"search", "facets", "folders"}


def test_an_album_is_shared_with_a_person_who_cannot_change_it(site):
    owner = site.enter("Bo")
    make_album(owner, "For Ana")
    owner.click("#saved li:has-text('For Ana') >> text=Share…")
    owner.check("#share .choices label:has-text('Ana') input")
    wait(owner, "document.querySelector('#share').textContent.includes('Saved')")
    owner.keyboard.press("Escape")
    wait(owner, "document.querySelector('#saved').textContent.includes('shared with 1 person')")
    page = site.enter("Ana")
    assert len(list_names(page)) == 3
    page.click("#saved-toggle")
    page.wait_for_selector("#saved li:has-text('For Ana')")
    row = page.locator("#saved li:has-text('For Ana')")
    assert "by Bo" in row.text_content()
    assert row.locator("button").count() == 0


def test_an_album_is_seen_by_a_link_without_an_account_until_it_is_deleted(site):
    owner = site.enter("Bo")
    make_album(owner, "For friends")
    owner.click("#saved li:has-text('For friends') >> text=Share…")
    owner.click("#share >> text=Create a link")
    owner.wait_for_selector("#share .secret input")
    link = owner.input_value("#share .secret input")
    guest = site.open(link.removeprefix(site.address))
    assert len(list_names(guest)) == 1
    header = guest.text_content("header")
    assert "For friends" in header
    assert guest.query_selector("header a[href='/library']") is None
    assert guest.is_hidden("#pick")
    assert guest.is_hidden("#saved-toggle")
    guest.click("#hits .hit .open")
    guest.wait_for_selector("dialog .facts")
    assert "Newsroom" not in guest.text_content("dialog")
    guest.keyboard.press("Escape")
    wait(guest, "!document.querySelector('dialog').open")
    guest.click("#sign-out")
    guest.wait_for_url("**/sign-in?left")
    guest.goto(link)
    assert len(list_names(guest)) == 1
    owner.click("#share .rows >> text=Delete")
    wait(owner, "!document.querySelector('#share .rows li')")
    guest.fill("#text", "anything")
    guest.keyboard.press("Enter")
    wait(guest, "document.querySelector('#status').textContent.includes('expired or was deleted')")
    guest.goto(link)
    assert "Ask who sent it for another one" in guest.text_content("main")


def test_signing_out_ends_the_session(site):
    page = site.enter("Bo")
    page.click("#menu summary")
    page.click("#sign-out")
    page.wait_for_url("**/sign-in?out")
    page.goto(f"{site.address}/library")
    assert page.url == f"{site.address}/sign-in?next=%2Flibrary"
    page.go_back()
    page.wait_for_selector("#sign-in")


def test_signing_out_everywhere_ends_the_sessions_of_other_browsers(site):
    other, page = site.enter("Bo", "/account"), site.enter("Bo", "/account")
    page.click("#sign-out-everywhere")
    page.wait_for_url("**/sign-in?everywhere")
    wait(page, "document.querySelector('#status').textContent === 'You have signed out everywhere.'")
    other.click("#sign-out-everywhere")
    other.wait_for_url("**/sign-in?next=%2Faccount")
    sign_in(other, "Bo")
    other.wait_for_url(f"{site.address}/account")


def test_a_session_that_ends_leads_to_the_sign_in_and_back(site):
    admin = site.enter("Wei", "/people")
    admin.wait_for_selector("#accounts li")
    asked = []
    admin.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    admin.click("#add summary")
    admin.fill("#add-account [name=name]", "Cem")
    admin.fill("#add-account [name=password]", PASSWORD)
    admin.uncheck("#add-account fieldset > label input")
    admin.click("#add-account button[type=submit]")
    wait(admin, "!document.querySelector('#add-account button').disabled")
    assert "Cem will find nothing" in asked[0]
    admin.reload()
    admin.wait_for_selector("#accounts li")
    add_person(admin, "Cem")
    page = site.enter("Cem")
    page.wait_for_selector("#hits .hit")
    row = "#accounts li:has(strong:text-is('Cem'))"
    admin.click(f"{row} summary")
    admin.fill(f"{row} [name=password]", LATER)
    admin.click(f"{row} >> text=Set password")
    wait(admin, "document.querySelector('#status').textContent.includes('signed out everywhere')")
    page.fill("#text", "a garden")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in?next=%2F%3Fq%3Da%2Bgarden")
    sign_in(page, "Cem", LATER)
    page.wait_for_url(f"{site.address}/?q=a+garden")
    admin.once("dialog", lambda dialog: dialog.accept())
    admin.click(f"{row} >> text=Delete")
    wait(admin, "!document.querySelector('#accounts').textContent.includes('Cem')")
    activities = admin.text_content("#activities")
    assert "Wei deleted the account “Cem”" in activities
    assert "Cem signed in" in activities


def test_a_password_is_changed_and_a_key_is_shown_once(site):
    admin = site.enter("Wei", "/people")
    admin.wait_for_selector("#accounts li")
    add_person(admin, "Dag", "edit")
    page = site.enter("Dag", "/account")
    page.fill("#password [name=current]", "not this one")
    page.fill("#password [name=new]", LATER)
    page.keyboard.press("Enter")
    wait(page, "document.querySelector('#status').textContent === 'The name or the password is wrong.'")
    page.fill("#password [name=current]", PASSWORD)
    page.keyboard.press("Enter")
    wait(page, "document.querySelector('#status').textContent.includes('password is changed')")
    # The page goes on in the new session.
    page.click(".card summary")
    page.fill("#add-key [name=name]", "photo frame")
    assert page.locator("#add-key [name=role] option").all_text_contents()[-1].startswith("Search, upload")
    page.click("#add-key button[type=submit]")
    page.wait_for_selector(".secret input")
    key = page.input_value(".secret input")
    answer = page.request.get(f"{site.address}/api/v1/session", headers={"Authorization": f"Bearer {key}"})
    assert answer.json()["account"]["name"] == "Dag"
    page.reload()
    page.wait_for_selector("#keys strong")
    assert page.query_selector(".secret") is None
    assert key not in page.content()
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#keys >> text=Delete")
    wait(page, "document.querySelector('#keys').textContent.includes('No keys yet')")


def test_a_wait_after_wrong_passwords_is_explained_and_ended_by_a_new_password(site):
    admin = site.enter("Wei", "/people")
    admin.wait_for_selector("#accounts li")
    add_person(admin, "Eva")
    page = site.open("/sign-in", locale="en-US")
    for _ in range(12):
        refused = page.request.post(f"{site.address}/api/v1/session", data={"name": "Eva", "password": "wrong"})
        if refused.status == 429:
            time.sleep(int(refused.headers["retry-after"]))
    sign_in(page, "Eva")
    wait(page, "document.querySelector('#status').textContent.startsWith('Too many wrong passwords')")
    assert re.search(r"Try again in \d+ seconds", page.text_content("#status"))
    row = "#accounts li:has(strong:text-is('Eva'))"
    admin.click(f"{row} summary")
    admin.fill(f"{row} [name=password]", LATER)
    admin.click(f"{row} >> text=Set password")
    wait(admin, "document.querySelector('#status').textContent.includes('Eva has a new password')")
    sign_in(page, "Eva", LATER)
    page.wait_for_selector("#hits .hit")


@pytest.mark.parametrize("theme", ["light", "dark", "phone"])
def test_the_pages_are_accessible(site, theme):
    options = {"bypass_csp": True} | (PHONE if theme == "phone" else {"color_scheme": theme})
    page = site.open("/sign-in", **options)
    check_accessibility(page)
    page.goto(site.link)
    check_accessibility(page)
    page.goto(f"{site.address}/sign-in?next=/account")
    sign_in(page, "Wei")
    page.wait_for_selector("#keys li")
    page.click(".card summary")
    check_accessibility(page)
    page.goto(f"{site.address}/people")
    page.wait_for_selector("#activities time")
    page.click("#add summary")
    page.click("#accounts summary")
    page.click("#menu summary")
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.goto(site.address)
    page.wait_for_selector("#hits .hit")
    make_album(page, f"Of {theme}")
    page.click(f"#saved li:has-text('Of {theme}') >> text=Share…")
    page.click("#share >> text=Create a link")
    page.wait_for_selector("#share .secret")
    page.wait_for_timeout(300)
    check_accessibility(page)
