"""Wrong passwords: whoever guesses must wait, and nobody else."""

import pytest

from search.access.throttle import MAX_ATTEMPTS_FOR_NAME, USUAL
from tests.support.accounts import PASSWORD, add_admin, add_person, make_headers, sign_in
from tests.support.clock import Clock
from tests.support.web_client import make_client

HERE, ELSEWHERE, FAR = "198.51.100.7", "203.0.113.9", "192.0.2.1"


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    clock.install(monkeypatch, "search.access.throttle")
    return clock


@pytest.fixture(autouse=True)
def ana(fresh):
    add_admin(fresh)
    return add_person(fresh, "ana")


def knock(client, name="ana", password="wrong password", address=HERE, **headers):
    """Try to sign in from an address."""
    body = {"name": name, "password": password}
    return client.post("/api/v1/session", json=body, headers=headers, environ_base={"REMOTE_ADDR": address})


def guess(client, times=USUAL.free + 1, **more):
    return [knock(client, **more) for _ in range(times)][-1]


def test_who_guesses_waits_longer_each_time(fresh, clock):
    client = make_client(fresh)
    waits = []
    assert guess(client, USUAL.free).status_code == 401
    for _ in range(5):
        assert knock(client).status_code == 401
        refused = knock(client, password=PASSWORD)
        assert (refused.status_code, refused.json["type"]) == (429, "urn:crossmodal:problem:wrong-passwords")
        waits.append(int(refused.headers["Retry-After"]))
        unit = "second" if waits[-1] == 1 else "seconds"
        assert f"in {waits[-1]} {unit}." in refused.json["detail"]
        clock.sleep(waits[-1])
    assert waits == [1, 2, 4, 8, 16]
    assert knock(client, password=PASSWORD).status_code == 200
    assert guess(client, USUAL.free).status_code == 401  # the right password has cleared the account


def test_others_sign_in_as_usual_while_somebody_guesses(fresh, clock):
    client = make_client(fresh)
    guess(client)
    assert knock(client).status_code == 429
    assert knock(client, password=PASSWORD, address=ELSEWHERE).status_code == 200


def test_a_name_without_an_account_answers_as_one_with_an_account(fresh, clock):
    client = make_client(fresh)
    for number in range(9):
        # Each from its own address, so that they do not count together.
        real, invented = knock(client, "ana"), knock(client, "eve", address=ELSEWHERE)
        assert (real.status_code, real.json["detail"]) == (invented.status_code, invented.json["detail"]), number
        assert real.headers.get("Retry-After") == invented.headers.get("Retry-After")


def test_unknown_names_are_checked_as_slowly_as_known_ones(fresh, monkeypatch):
    checked = []
    monkeypatch.setattr("search.access.authentication.is_correct", lambda *given: checked.append(given) or False)
    client = make_client(fresh)
    for name in ("ana", "eve"):
        knock(client, name)
    assert len(checked) == 2


def test_sessions_and_keys_go_on_while_somebody_guesses(fresh, ana, clock):
    client, person = make_client(fresh, sign_in_limit="off"), make_client(fresh)
    sign_in(person, "ana")
    session = client.application.test_client()
    session.set_cookie(
        "crossmodal_session", sign_in(client.application.test_client(), "ana").get_cookie("crossmodal_session").value
    )
    for number in range(MAX_ATTEMPTS_FOR_NAME):
        knock(client, address=f"10.0.0.{number}")
    assert session.get("/api/v1/items").status_code == 200
    assert client.get("/api/v1/items", headers=make_headers(fresh, ana)).status_code == 200


def test_the_password_can_be_changed_while_somebody_guesses_and_a_stolen_session_cannot_guess(fresh, clock):
    client = sign_in(make_client(fresh, sign_in_limit="off"), "ana")
    thief = client.application.test_client()
    for number in range(MAX_ATTEMPTS_FOR_NAME):
        knock(thief, address=f"10.0.0.{number}")
    body = {"current": "wrong password", "new": "another long password"}
    statuses = [client.post("/api/v1/session/password", json=body).status_code for _ in range(USUAL.free + 2)]
    assert statuses == [401] * (USUAL.free + 1) + [429]
    clock.sleep(1)
    assert client.post("/api/v1/session/password", json=body | {"current": PASSWORD}).status_code == 200


def test_when_many_clients_guess_each_has_one_try_and_the_right_person_gets_in(fresh, clock):
    client = make_client(fresh)
    for number in range(MAX_ATTEMPTS_FOR_NAME):
        knock(client, address=f"10.0.0.{number}")
    assert knock(client, address=FAR).status_code == 401
    refused = knock(client, address=FAR)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert knock(client, password=PASSWORD, address=ELSEWHERE).status_code == 200
    clock.sleep(60)
    assert knock(client, password=PASSWORD, address=FAR).status_code == 200


def test_a_client_that_tries_many_names_waits_too(fresh, clock):
    client = make_client(fresh)
    statuses = [knock(client, f"name {number}").status_code for number in range(22)]
    assert statuses == [401] * 21 + [429]
    assert knock(client, "ana", PASSWORD).status_code == 429
    assert knock(client, "ana", PASSWORD, address=ELSEWHERE).status_code == 200


def test_a_new_password_ends_the_wait(fresh, ana, clock):
    client = make_client(fresh)
    guess(client)
    boss = sign_in(make_client(fresh), "admin")
    change = {"password": "another long password"}
    assert boss.patch(f"/api/v1/accounts/{ana.id}", json=change).status_code == 200
    assert knock(client, password="another long password").status_code == 200


def test_attempts_from_one_address_have_a_rate(fresh):
    client = make_client(fresh, sign_in_limit="3 per minute")
    assert [knock(client, password=PASSWORD).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = knock(client, password=PASSWORD)
    assert refused.json["type"] == "urn:crossmodal:problem:rate-limit"
    assert "`sign_in_limit`" in refused.json["detail"]
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert knock(client, password=PASSWORD, address=ELSEWHERE).status_code == 200
    assert client.get("/api/v1/items", environ_base={"REMOTE_ADDR": HERE}).status_code == 200


def test_the_rate_is_in_the_openapi_document(fresh):
    document = make_client(fresh, sign_in_limit="3 per minute").get("/openapi.json").json
    assert document["x-limits"]["sign_in_limit"]["value"] == "3 per minute"
    refused = document["paths"]["/api/v1/session"]["post"]["responses"]["429"]
    assert "Too many wrong passwords" in refused["description"]
    assert "Retry-After" in refused["headers"]
    assert "429" in document["paths"]["/sign-in/provider"]["get"]["responses"]


def test_behind_a_trusted_proxy_each_client_counts_separately(fresh, clock):
    client = make_client(fresh, trusted_proxies=(FAR,), sign_in_limit="9 per minute")
    for _ in range(10):
        knock(client, address=FAR, **{"X-Forwarded-For": HERE})
    assert knock(client, address=FAR, **{"X-Forwarded-For": HERE}).status_code == 429
    assert knock(client, password=PASSWORD, address=FAR, **{"X-Forwarded-For": ELSEWHERE}).status_code == 200
    # Anybody else can invent the header.
    for number in range(10):
        knock(client, address="192.0.2.9", **{"X-Forwarded-For": f"10.0.0.{number}"})
    assert knock(client, address="192.0.2.9", **{"X-Forwarded-For": "10.9.9.9"}).status_code == 429
