"""Sign-in through an identity provider, which runs on a socket of this machine."""

import httpx
import pytest

from search.access.accounts import NewAccount, add_account
from search.records import Role
from search.storage.accounts import Accounts
from search.storage.activities import Activities
from tests.support.accounts import add_admin, add_person
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, run_provider
from tests.support.web_client import make_client
from web.api.provider import clean_target


@pytest.fixture
def provider():
    with run_provider() as provider:
        yield provider


@pytest.fixture
def client(fresh, provider):
    add_admin(fresh)
    return make_provider_client(fresh, provider)


def make_provider_client(library, provider, **settings):
    given = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
    return make_client(library, **given | settings)


def go(client, target="/library"):
    """Sign in as a browser does, and return the last response."""
    begun = client.get(f"/sign-in/provider?next={target}")
    assert begun.status_code == 302, begun.text
    answer = httpx.get(begun.headers["Location"])
    path = answer.headers["Location"].removeprefix("http://localhost")
    return client.get(path)


def test_an_invited_person_signs_in_and_is_recognized_later_under_another_name(fresh, provider, client):
    add_account(fresh, NewAccount("Ana", Role.EDIT))
    response = go(client)
    assert (response.status_code, response.headers["Location"]) == (302, "/library")
    assert client.get("/api/v1/session").json["account"]["name"] == "Ana"
    provider.person["preferred_username"] = "ana.married"
    again = make_provider_client(fresh, provider)
    go(again)
    assert again.get("/api/v1/session").json["account"]["name"] == "Ana"


def test_someone_without_an_account_is_refused(client):
    response = go(client)
    assert (response.status_code, "ana has no account here" in response.json["detail"]) == (403, True)


def test_an_account_with_a_password_is_not_taken_over_by_its_name(fresh, client):
    add_person(fresh, "ana", Role.ADMIN)
    assert go(client).status_code == 403


def test_new_people_get_an_account_without_sources_if_the_setting_says_so(fresh, provider, client):
    client = make_provider_client(fresh, provider, oidc_new_accounts=True)
    assert go(client).status_code == 302
    account = Accounts(fresh.database).find("ana")
    assert (account.role, account.sources) == (Role.SEARCH, ())


@pytest.mark.parametrize(
    "changes",
    [{"nonce": "another"}, {"aud": "another"}, {"iss": "http://evil.example"}, {"exp": 1}, {"sub": None}],
    ids=lambda one: next(iter(one)),
)
def test_a_token_for_something_else_is_refused(fresh, provider, client, changes):
    add_account(fresh, NewAccount("ana", Role.EDIT))
    provider.changes.update(changes)
    assert go(client).status_code == 401


def test_a_token_with_another_signature_is_refused(fresh, provider, client):
    add_account(fresh, NewAccount("ana", Role.EDIT))
    provider.use_another_key()
    assert go(client).status_code == 401


def test_an_answer_for_another_browser_is_refused(fresh, provider, client):
    add_account(fresh, NewAccount("ana", Role.EDIT))
    address = httpx.get(client.get("/sign-in/provider").headers["Location"]).headers["Location"]
    other = make_provider_client(fresh, provider)
    assert other.get(address.removeprefix("http://localhost")).status_code == 401
    client.get("/sign-in/provider")
    assert client.get(address.removeprefix("http://localhost")).status_code == 401


def test_a_provider_that_is_away_is_named(fresh, client, provider):
    provider.shutdown()
    provider.server_close()
    response = client.get("/sign-in/provider")
    assert (response.status_code, provider.issuer in response.json["detail"]) == (502, True)


def test_without_a_provider_there_is_no_such_page(fresh):
    assert make_client(fresh).get("/sign-in/provider").status_code == 404


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\\b", "/\n"])
def test_a_sign_in_leads_only_to_pages_of_this_server(path):
    assert clean_target(path) == "/"
    assert clean_target("/library?a=b") == "/library?a=b"


def test_a_stranger_does_not_become_the_first_account(fresh, provider):
    client = make_provider_client(fresh, provider, oidc_new_accounts=True)
    assert go(client).status_code == 403
    assert client.get("/api/v1/session").json["role"] == "admin"


def test_a_sign_in_is_recorded_and_replaces_a_link_as_one_with_a_password_does(fresh, client):
    add_account(fresh, NewAccount("ana", Role.EDIT))
    client.set_cookie("crossmodal_link", "cml_x")
    go(client)
    assert client.get_cookie("crossmodal_link") is None
    newest = Activities(fresh.database).list_page(None, 1)[0]
    assert (newest.account, newest.action, newest.subject) == ("ana", "sign-in", None)
