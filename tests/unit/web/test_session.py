"""Open servers, sessions and form tokens."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from search.access.authentication import MAX_CHECKS, MAX_WAITING
from search.access.tokens import TokenKind, make_token
from search.storage import account_tables as a
from search.storage.accounts import Accounts, AccountUpdate
from search.storage.database import now
from tests.support.accounts import PASSWORD, add_admin, add_person, make_headers, sign_in
from tests.support.web_client import make_client

EXPOSED = [
    {"X-Forwarded-For": "203.0.113.5"},
    {"Forwarded": "for=203.0.113.5"},
    {"X-Real-IP": "203.0.113.5"},
    {"Via": "1.1 proxy"},
    {"Host": "192.168.1.5:8000"},
    {"Host": "photos.example.org"},
]


def test_without_accounts_the_person_at_the_machine_may_do_everything(fresh):
    client = make_client(fresh)
    session = client.get("/api/v1/session").json
    assert (session["account"], session["role"]) == (None, "admin")
    assert client.get("/api/v1/models").status_code == 200


@pytest.mark.parametrize("headers", EXPOSED, ids=lambda one: next(iter(one)))
def test_without_accounts_requests_from_elsewhere_are_refused(fresh, headers):
    client = make_client(fresh, hosts=("photos.example.org",))
    for address in ("/api/v1/search?q=a", "/api/v1/status", "/"):
        response = client.get(address, headers=headers)
        assert (response.status_code, response.json["type"]) == (403, "urn:crossmodal:problem:not-allowed")
        assert "crossmodal users add" in response.json["detail"]
    assert client.get("/healthz", headers=headers).status_code == 200


def test_without_accounts_other_machines_are_refused_whatever_host_they_claim(fresh):
    client = make_client(fresh)
    response = client.get("/api/v1/status", environ_base={"REMOTE_ADDR": "192.168.1.9"})
    assert response.status_code == 403


def test_with_accounts_nobody_gets_in_without_signing_in(fresh):
    add_admin(fresh)
    client = make_client(fresh)
    refused = client.get("/api/v1/status")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Crossmodal"')
    page = client.get("/library?a=b", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Location"]) == (302, "/sign-in?next=%2Flibrary%3Fa%3Db")


def test_a_session_lasts_until_the_sign_out(fresh):
    add_admin(fresh)
    client = sign_in(make_client(fresh), "ADMIN")
    assert client.get("/api/v1/session").json["account"]["name"] == "admin"
    cookie = client.get_cookie("crossmodal_session")
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    assert client.delete("/api/v1/session").status_code == 204
    client.set_cookie("crossmodal_session", cookie.value)
    assert client.get("/api/v1/status").status_code == 401


def test_a_session_expires(fresh):
    add_admin(fresh)
    client = sign_in(make_client(fresh), "admin")
    with fresh.database.write() as db:
        db.execute(a.session.update().values(expires_at=now(past=timedelta(seconds=1))))
    refused = client.get("/api/v1/status")
    assert refused.status_code == 401
    assert "crossmodal_session=;" in refused.headers["Set-Cookie"]


def backdate_session(library, **ages):
    """Let a session have begun, been used or expired some time ago."""
    with library.database.write() as db:
        db.execute(a.session.update().values({name: now(past=age) for name, age in ages.items()}))


def test_a_session_in_use_ends_some_time_after_the_sign_in(fresh):
    add_admin(fresh)
    client = sign_in(make_client(fresh, session_days=7, session_max_days=30), "admin")
    backdate_session(fresh, created_at=timedelta(days=29), used_at=timedelta(days=1))
    assert client.get("/api/v1/status").status_code == 200  # extends the session
    with fresh.database.read() as db:
        expires_at = db.execute(select(a.session.c.expires_at)).scalar_one()
    assert now(past=-timedelta(hours=23)) < expires_at <= now(past=-timedelta(days=1))
    backdate_session(fresh, created_at=timedelta(days=30))
    assert client.get("/api/v1/status").status_code == 401


def test_a_session_that_is_not_used_ends_before(fresh):
    add_admin(fresh)
    client = sign_in(make_client(fresh, session_days=7, session_max_days=30), "admin")
    backdate_session(fresh, used_at=timedelta(days=6))
    assert client.get("/api/v1/status").status_code == 200
    backdate_session(fresh, used_at=timedelta(days=7), expires_at=timedelta(seconds=1))
    assert client.get("/api/v1/status").status_code == 401


def test_the_cookie_lasts_as_long_as_a_session_in_use(fresh):
    add_admin(fresh)
    cookie = sign_in(make_client(fresh, session_days=7, session_max_days=30), "admin").get_cookie("crossmodal_session")
    assert cookie.max_age == timedelta(days=30).total_seconds()


def test_one_can_sign_out_everywhere(fresh):
    add_admin(fresh)
    add_person(fresh, "ana")
    here, elsewhere = (sign_in(make_client(fresh), "ana") for _ in range(2))
    other = sign_in(make_client(fresh), "admin")
    assert here.delete("/api/v1/session?everywhere=true").status_code == 204
    assert [one.get("/api/v1/items").status_code for one in (here, elsewhere, other)] == [401, 401, 200]
    assert other.get("/api/v1/activities").json["activities"][0]["action"] == "signed-out-everywhere"


def test_a_key_cannot_sign_its_account_out_everywhere(fresh):
    headers, client = make_headers(fresh, add_admin(fresh)), sign_in(make_client(fresh), "admin")
    assert make_client(fresh).delete("/api/v1/session?everywhere=true", headers=headers).status_code == 403
    assert client.get("/api/v1/items").status_code == 200


def test_signing_in_ends_the_session_that_the_browser_had_and_takes_over_no_token(fresh):
    add_admin(fresh)
    client = sign_in(make_client(fresh), "admin")
    first = client.get_cookie("crossmodal_session").value
    sign_in(client, "admin")
    assert client.get_cookie("crossmodal_session").value != first
    client.set_cookie("crossmodal_session", first)
    assert client.get("/api/v1/items").status_code == 401
    planted = make_token(TokenKind.SESSION).text
    victim = make_client(fresh)
    victim.set_cookie("crossmodal_session", planted)
    sign_in(victim, "admin")
    attacker = make_client(fresh)
    attacker.set_cookie("crossmodal_session", planted)
    assert attacker.get("/api/v1/items").status_code == 401


@pytest.mark.parametrize("ending", ["drop", "disable", "password"])
def test_an_account_that_changes_during_the_sign_in_gets_no_session(fresh, monkeypatch, ending):
    add_admin(fresh)
    person, accounts = add_person(fresh, "ana"), Accounts(fresh.database)

    def check(*_):
        if ending == "drop":
            accounts.drop(person.id)
        elif ending == "disable":
            accounts.change(person.id, AccountUpdate(is_disabled=True))
        else:
            accounts.change(person.id, AccountUpdate(password_hash="another"))
        return True

    monkeypatch.setattr("search.access.authentication.is_correct", check)
    refused = make_client(fresh).post("/api/v1/session", json={"name": "ana", "password": PASSWORD})
    assert refused.status_code == 401
    with fresh.database.read() as db:
        assert db.execute(select(a.session)).all() == []


def test_an_account_that_is_deleted_is_signed_out(fresh):
    add_admin(fresh)
    person = add_person(fresh, "ana")
    client, boss = sign_in(make_client(fresh), "ana"), sign_in(make_client(fresh), "admin")
    headers = make_headers(fresh, person)
    assert boss.delete(f"/api/v1/accounts/{person.id}").status_code == 204
    assert client.get("/api/v1/items").status_code == 401
    assert make_client(fresh).get("/api/v1/items", headers=headers).status_code == 401


def test_the_cookie_is_secure_behind_tls(fresh):
    add_admin(fresh)
    body = {"name": "admin", "password": PASSWORD}
    response = make_client(fresh).post("/api/v1/session", json=body, base_url="https://localhost")
    assert "Secure" in response.headers.getlist("Set-Cookie")[0]


def test_many_who_sign_in_at_once_are_refused_rather_than_using_all_memory(fresh, monkeypatch):
    add_admin(fresh)
    began, release = threading.Semaphore(0), threading.Event()

    def check(*_):
        began.release()
        release.wait(20)
        return False

    monkeypatch.setattr("search.access.authentication.is_correct", check)
    client = make_client(fresh)
    body = {"name": "admin", "password": "wrong password"}

    def knock():
        return client.application.test_client().post("/api/v1/session", json=body).status_code

    with ThreadPoolExecutor(MAX_CHECKS + MAX_WAITING) as pool:
        others = [pool.submit(knock) for _ in range(MAX_CHECKS + MAX_WAITING)]
        for _ in range(MAX_CHECKS):
            assert began.acquire(timeout=20)
        time.sleep(0.2)
        assert knock() == 503
        assert client.get("/healthz").status_code == 200
        release.set()
        assert {one.result() for one in others} <= {401, 429, 503}


def test_changes_by_a_browser_need_the_form_token(fresh):
    add_admin(fresh)
    client = sign_in(make_client(fresh), "admin")
    assert client.post("/api/v1/albums", json={"name": "A"}).status_code == 201
    for wrong in ("", "0" * 64, "é"):
        response = client.post("/api/v1/albums", json={"name": "B"}, headers={"X-Form-Token": wrong})
        assert (response.status_code, response.json["type"]) == (403, "urn:crossmodal:problem:form-token")
    other = sign_in(make_client(fresh), "admin")
    stolen = other.environ_base["HTTP_X_FORM_TOKEN"]
    assert client.post("/api/v1/albums", json={"name": "C"}, headers={"X-Form-Token": stolen}).status_code == 403


def test_a_download_form_sends_the_form_token_as_a_field(fresh):
    add_admin(fresh)
    client = sign_in(make_client(fresh), "admin")
    token = client.environ_base.pop("HTTP_X_FORM_TOKEN")
    assert client.post("/api/v1/archive", data={"items": "1"}).status_code == 403
    assert client.post("/api/v1/archive", data={"items": "1", "form_token": token}).status_code == 404


def test_a_new_password_ends_the_other_sessions(fresh):
    add_admin(fresh)
    here, elsewhere = (sign_in(make_client(fresh), "admin") for _ in range(2))
    change = {"current": PASSWORD, "new": "another long password"}
    response = here.post("/api/v1/session/password", json=change)
    assert response.status_code == 200
    assert here.get("/api/v1/status").status_code == 200
    assert elsewhere.get("/api/v1/status").status_code == 401
    here.environ_base["HTTP_X_FORM_TOKEN"] = response.json["form_token"]
    wrong = here.post("/api/v1/session/password", json={"current": PASSWORD, "new": "yet another password"})
    assert wrong.status_code == 401
