"""The pages of accounts, and what each page shows to whom."""

import re
from pathlib import Path

import pytest

import web
from search.access.tokens import TokenKind, make_token
from search.records import Principal, Rights, Role
from search.storage.albums import Albums
from search.storage.shares import Shares
from tests.support.accounts import add_admin, add_person, make_headers, sign_in
from tests.support.web_client import make_client
from web.texts import LANGUAGES, read_texts

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def client(fresh):
    return make_client(fresh)


@pytest.fixture
def make_page(fresh):
    """Return the text of a page as somebody with a role sees it."""
    add_admin(fresh)

    def read(role, path):
        if role is not Role.ADMIN:
            add_person(fresh, role, role)
        client = sign_in(make_client(fresh), role)
        return client.get(path, headers=BROWSER).text

    return read


def make_link(library):
    """Create an album of the admin with a link to it, and return the token of the link."""
    admin = add_admin(library)
    album = Albums(library.database, Principal(Role.ADMIN, Rights(), admin)).add("Best of 2024")
    token = make_token(TokenKind.LINK)
    Shares(library.database).add(album.id, token.hash, None)
    return album, token.text


def test_an_open_server_shows_nothing_of_accounts_but_how_to_create_one(client):
    for path in ("/", "/library"):
        page = client.get(path).text
        assert 'data-role="admin"' in page
        assert not re.search('data-account|form-token|id="menu"|id="share"|sign-out', page)
    assert "crossmodal serve --setup" in client.get("/account").text
    assert client.get("/people").headers["Location"] == "/account"


def test_the_header_shows_who_has_signed_in(make_page):
    page = make_page(Role.SEARCH, "/")
    assert re.search(r"<summary><span>search</span></summary>", page)
    assert re.search(r'<meta name="form-token" content="[0-9a-f]{64}">', page)
    assert 'href="/people"' not in page
    assert 'href="/people"' in make_page(Role.ADMIN, "/")


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        (Role.SEARCH, set()),
        (Role.EDIT, {"files", "choose"}),
        (Role.ADMIN, {"files", "choose", "add", "check-all", "retry-failed", "models"}),
    ],
)
def test_the_library_page_shows_only_what_a_role_may_do(make_page, role, shown):
    page = make_page(role, "/library")
    assert f'data-role="{role}"' in page
    controls = {"files", "choose", "add", "check-all", "retry-failed", "models"}
    assert {name for name in controls if f'id="{name}"' in page} == shown


def test_a_name_cannot_break_out_of_the_page(fresh):
    add_admin(fresh)
    add_person(fresh, "<b>&'\"")
    page = sign_in(make_client(fresh), "<b>&'\"").get("/", headers=BROWSER).text
    assert "<span>&lt;b&gt;&amp;&#39;&#34;</span>" in page


def test_whoever_follows_a_link_sees_the_album_and_how_to_leave(fresh, client):
    album, token = make_link(fresh)
    followed = client.get(f"/shared/{token}")
    assert followed.headers["Location"] == f"/?album={album.id}"
    page = client.get("/", headers=BROWSER).text
    assert 'data-role="view"' in page
    assert "<strong>Best of 2024</strong>" in page
    assert 'id="sign-out"' in page
    assert "/library" not in page
    hidden = re.findall(r'<button id="([\w-]+)"[^>]* hidden', page)
    assert set(hidden) == {"pick", "saved-toggle", "map-toggle"}


def test_a_link_is_followed_in_a_browser_whose_session_has_ended(fresh, client):
    _, token = make_link(fresh)
    client.set_cookie("crossmodal_session", "cms_ended")
    client.get(f"/shared/{token}")
    assert 'data-role="view"' in client.get("/", headers=BROWSER).text


def test_an_account_that_cannot_see_the_album_of_a_link_is_told_so(fresh, client):
    album, token = make_link(fresh)
    ana = add_person(fresh, "Ana")
    sign_in(client, "Ana")
    refused = client.get(f"/shared/{token}")
    assert refused.status_code == 403
    assert "signed in as Ana" in refused.json["detail"]
    Albums(fresh.database).share(album.id, False, [ana.id])
    assert client.get(f"/shared/{token}").headers["Location"] == f"/?album={album.id}"


def test_a_browser_gets_a_problem_as_a_page_and_a_program_as_a_document(fresh):
    add_person(fresh, "admin", Role.ADMIN)
    add_person(fresh, "Ana")
    client = make_client(fresh)
    client.application.test_client_class = None
    browser = sign_in(client.application.test_client(), "Ana")
    page = browser.get("/people", headers=BROWSER)
    assert (page.status_code, page.mimetype, page.headers["Cache-Control"]) == (403, "text/html", "private, no-cache")
    assert "<p>This is for admins only.</p>" in page.text
    assert "default-src" in page.headers["Content-Security-Policy"]
    expired = client.application.test_client().get("/shared/cml_old", headers=BROWSER)
    assert (expired.status_code, expired.mimetype) == (401, "text/html")
    assert "has expired or was deleted" in expired.text
    assert 'href="/sign-in"' in expired.text
    for path, headers in (("/people", {}), ("/api/v1/accounts", BROWSER)):
        assert browser.get(path, headers=headers).mimetype == "application/problem+json"


def test_the_page_to_sign_in_says_nothing_about_who_has_an_account(fresh, client):
    assert 'id="sign-in"' not in client.get("/sign-in").text
    add_person(fresh, "Wilhelmina", Role.ADMIN)
    page = client.get("/sign-in?next=/library").text
    assert 'id="sign-in"' in page
    assert "Wilhelmina" not in page
    assert 'autocomplete="current-password"' in page
    wrong = [client.post("/api/v1/session", json={"name": name, "password": "x"}) for name in ("Wilhelmina", "Nobody")]
    assert wrong[0].json["detail"] == wrong[1].json["detail"]


def test_people_can_sign_in_through_an_identity_provider_if_one_is_set_up(fresh, client):
    add_admin(fresh)
    assert 'id="provider"' not in client.get("/sign-in").text
    client = make_client(fresh, oidc_issuer="https://id.example", oidc_client_id="photos")
    assert 'href="/sign-in/provider"' in client.get("/sign-in").text
    assert "data-invites" in sign_in(client, "admin").get("/people", headers=BROWSER).text


def test_only_accounts_that_may_edit_get_the_names_to_share_with(fresh, client):
    add_person(fresh, "admin", Role.ADMIN)
    ana, bo = add_person(fresh, "Ana", Role.EDIT), add_person(fresh, "Bo")
    people = client.get("/api/v1/people", headers=make_headers(fresh, ana)).json["people"]
    assert [one["name"] for one in people] == ["admin", "Ana", "Bo"]
    assert set(people[0]) == {"id", "name"}
    assert client.get("/api/v1/people", headers=make_headers(fresh, bo)).status_code == 403
    assert client.get("/api/v1/people").status_code == 401


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_is_recorded_has_words(language):
    root = Path(web.__file__).parents[1]
    files = (path for name in ("web", "crossmodal") for path in (root / name).rglob("*.py"))
    sources = (path.read_text(encoding="utf-8") for path in files)
    actions = {name for text in sources for name in re.findall(r'record_activity\(\w+, "([\w-]+)"', text)}
    assert len(actions) > 10
    texts = read_texts(language)
    assert {f"activity.{name}" for name in actions} <= set(texts)
    assert {f"role.{role}" for role in ("search", "edit", "admin")} <= set(texts)


def test_the_page_to_set_up_says_that_there_is_an_admin(fresh, client):
    assert "data-has-admin" not in client.get("/setup", headers=BROWSER).text
    add_admin(fresh)
    assert "data-has-admin" in client.get("/setup", headers=BROWSER).text


def test_the_page_for_an_unknown_address_is_in_our_words_and_keeps_the_menu(fresh):
    add_person(fresh, "Ana")
    application = make_client(fresh).application
    application.test_client_class = None
    client = application.test_client()
    stranger = client.get("/nope", headers=BROWSER)
    sign_in(client, "Ana")
    page = client.get("/nope", headers=BROWSER)
    for one, has_menu in ((stranger, False), (page, True)):
        assert (one.status_code, one.mimetype) == (404, "text/html")
        assert "<p>There is nothing at this address. Check its spelling.</p>" in one.text
        assert ('id="menu"' in one.text) is has_menu
    key = client.get("/nope", headers=BROWSER | {"Authorization": "Bearer cmk_unknown"})
    assert (key.status_code, 'id="menu"' in key.text) == (404, False)
