"""What somebody tries who wants to do more than they may."""

import httpx
import pytest

from search.access.accounts import NewAccount, add_account
from search.access.tokens import TokenKind, make_token
from search.records import Role
from tests.support.accounts import PASSWORD, add_admin, add_person, make_headers, sign_in
from tests.support.fake_demo import draw_photo
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, run_provider
from tests.support.indexing import index
from tests.support.web_client import get_item, make_client

INJECTED = "x\r\nSet-Cookie: evil=1\r\n\r\n<script>"


@pytest.fixture
def boss(fresh):
    add_admin(fresh)
    return sign_in(make_client(fresh), "admin")


def share(client, **body):
    """Create an album and a link to it, and return the album and the path of the link."""
    album = client.post("/api/v1/albums", json={"name": "Private name"}).json["id"]
    return album, client.post(f"/api/v1/albums/{album}/links", json=body).json["address"]


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "search"}])
def test_what_a_person_shared_has_no_name_either_when_they_may_no_longer_share(fresh, boss, change):
    owner, friend = add_person(fresh, "ana", Role.EDIT), make_headers(fresh, add_person(fresh, "ben"))
    album, path = share(sign_in(make_client(fresh), "ana"))
    boss.put(f"/api/v1/albums/{album}/sharing", json={"shared": True})
    visitor, link = make_client(fresh), {"Authorization": f"Bearer {path.rpartition('/')[2]}"}
    visitor.get(path)
    assert "Private name" in visitor.get("/api/v1/albums").text
    assert "Private name" in make_client(fresh).get("/api/v1/albums", headers=friend).text
    assert boss.patch(f"/api/v1/accounts/{owner.id}", json=change).status_code == 200
    assert make_client(fresh).get("/api/v1/albums", headers=friend).json["albums"] == []
    assert visitor.get("/api/v1/albums").status_code == 401
    assert make_client(fresh).get("/api/v1/albums", headers=link).status_code == 401
    assert make_client(fresh).get(path).status_code == 401
    assert boss.patch(f"/api/v1/accounts/{owner.id}", json={"disabled": False, "role": "edit"}).status_code == 200
    assert make_client(fresh).get(path).status_code == 302


@pytest.mark.parametrize("token", ["cml_guess", "cmk_guess", "cms_guess", "x", "%00", "a" * 5000])
def test_a_guessed_link_leads_nowhere(fresh, boss, token):
    assert make_client(fresh).get(f"/shared/{token}").status_code in {401, 404}


@pytest.mark.parametrize("kind", TokenKind)
def test_a_token_of_one_kind_is_none_of_another(fresh, boss, kind):
    _, path = share(boss)
    tokens = {
        TokenKind.SESSION: boss.get_cookie("crossmodal_session").value,
        TokenKind.KEY: boss.post("/api/v1/keys", json={"name": "k"}).json["key"],
        TokenKind.LINK: path.rpartition("/")[2],
        TokenKind.SETUP: make_token(TokenKind.SETUP).text,
    }
    token = tokens[kind]
    if kind not in (TokenKind.KEY, TokenKind.LINK):
        headers = {"Authorization": f"Bearer {token}"}
        assert make_client(fresh).get("/api/v1/items", headers=headers).status_code == 401
    if kind is not TokenKind.LINK:
        assert make_client(fresh).get(f"/shared/{token}").status_code == 401
    for name, right in (("crossmodal_session", TokenKind.SESSION), ("crossmodal_link", TokenKind.LINK)):
        if kind is not right:
            client = make_client(fresh)
            client.set_cookie(name, token)
            assert client.get("/api/v1/items").status_code == 401


def test_a_key_loses_what_its_account_loses(fresh, boss):
    person = add_person(fresh, "ana", Role.ADMIN)
    headers, client = make_headers(fresh, person), make_client(fresh)
    assert client.get("/api/v1/accounts", headers=headers).status_code == 200
    assert boss.patch(f"/api/v1/accounts/{person.id}", json={"role": "search", "sources": []}).status_code == 200
    assert client.get("/api/v1/accounts", headers=headers).status_code == 403
    assert client.post("/api/v1/albums", json={"name": "A"}, headers=headers).status_code == 403
    assert client.get("/api/v1/session", headers=headers).json["role"] == "search"


def test_a_key_cannot_name_a_source_that_its_account_may_not_read(fresh, boss, tmp_path):
    sources = [fresh.sources.add(str(tmp_path / name)) for name in ("open", "hidden")]
    add_person(fresh, "ana", Role.EDIT, sources[:1])
    client = sign_in(make_client(fresh), "ana")
    assert client.post("/api/v1/keys", json={"name": "k", "sources": sources[:1]}).status_code == 201
    hidden, missing = (client.post("/api/v1/keys", json={"name": "k", "sources": [one]}) for one in (sources[1], 999))
    assert hidden.status_code == missing.status_code == 404
    assert client.post("/api/v1/keys", json={"name": "k", "role": "admin"}).status_code == 403


@pytest.mark.parametrize("header", ["*", '"x"', 'W/"x"'])
def test_a_cached_copy_says_nothing_about_a_hidden_item(fresh, boss, tmp_path, header):
    for name in ("open", "hidden"):
        (tmp_path / name).mkdir()
        draw_photo("cat" if name == "open" else "rocket", 1).save(tmp_path / name / f"{name}.jpg")
    index(fresh, tmp_path / "open", tmp_path / "hidden")
    hidden = get_item(boss, "hidden.jpg")
    source = next(one.id for one in fresh.sources.list_all() if one.path.endswith("open"))
    reader, client = make_headers(fresh, add_person(fresh, "ana", Role.EDIT, [source])), make_client(fresh)
    for path in ("", "/thumbnail", "/media", "/preview", "/passages", "/similar"):
        address = "/api/v1/items/{}" + path
        etag = boss.get(address.format(hidden)).headers.get("ETag", header)
        for sent in (header, etag):
            answers = [
                client.get(address.format(one), headers=reader | {"If-None-Match": sent}) for one in (hidden, 999_999)
            ]
            assert answers[0].status_code == answers[1].status_code, (path, sent)
            assert answers[0].status_code in {304, 404}
            assert answers[0].headers.get("ETag") == answers[1].headers.get("ETag")


def test_names_cannot_add_headers(fresh, boss, tmp_path):
    (tmp_path / "media").mkdir()
    name = "a\r\nSet-Cookie: evil=1.jpg"
    draw_photo("cat", 1).save(tmp_path / "media" / name)
    index(fresh, tmp_path / "media")
    item = boss.get("/api/v1/items").json["items"][0]["id"]
    for address in (f"items/{item}/media", f"archive?items={item}"):
        answer = boss.get(f"/api/v1/{address}")
        assert (answer.status_code, "evil" in str(answer.headers.getlist("Set-Cookie"))) == (200, False), address
    for path, body in (("albums", {"name": INJECTED}), ("keys", {"name": INJECTED})):
        answer = boss.post(f"/api/v1/{path}", json=body)
        assert "evil" not in str(answer.headers), path
    assert boss.post("/api/v1/accounts", json={"name": INJECTED, "password": PASSWORD}).status_code == 400
    for address in ("/sign-in?next=/%0d%0aSet-Cookie:%20evil=1", "/library?a=%0d%0aSet-Cookie:%20evil=1"):
        answer = make_client(fresh).get(address)
        assert "evil" not in str(answer.headers.getlist("Set-Cookie"))
    for sent in ("a\tb", "x" * 65, "<script>", "../x"):
        assert boss.get("/healthz", headers={"X-Request-Id": sent}).headers["X-Request-Id"] != sent


@pytest.mark.parametrize("mimetype", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_another_site_cannot_sign_somebody_in_by_a_form(fresh, boss, mimetype):
    body = f'{{"name": "admin", "password": "{PASSWORD}"}}'
    refused = make_client(fresh).post("/api/v1/session", data=body, content_type=mimetype)
    assert (refused.status_code, "Set-Cookie" in refused.headers) == (400, False)


@pytest.mark.parametrize(
    "headers", [{"Origin": "null"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_cannot_act_for_somebody_whom_a_proxy_names(fresh, boss, headers):
    add_person(fresh, "ana", Role.EDIT)
    client = make_client(fresh, user_header="Remote-User", trusted_proxies=("127.0.0.1",))
    named = {"Remote-User": "ana"}
    for method, path in (("POST", "/api/v1/albums"), ("DELETE", "/api/v1/session?everywhere=true")):
        refused = client.open(path, method=method, json={"name": "A"}, headers=named | headers)
        assert (refused.status_code, refused.json["type"]) == (403, "urn:crossmodal:problem:foreign-site")
    assert client.post("/api/v1/albums", json={"name": "A"}, headers=named).status_code == 201


def test_a_sign_in_through_a_provider_counts_once(fresh):
    add_admin(fresh)
    add_account(fresh, NewAccount("ana", Role.EDIT))
    with run_provider() as provider:
        given = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
        client = make_client(fresh, **given)
        asked = httpx.get(client.get("/sign-in/provider").headers["Location"])
        address = asked.headers["Location"].removeprefix("http://localhost")
        attempt, codes = client.get_cookie("crossmodal_attempt").value, dict(provider.codes)
        assert client.get(address).status_code == 302
        # A provider that accepts a code twice must not make a recorded answer useful.
        provider.codes.update(codes)
        thief = client.application.test_client()
        thief.set_cookie("crossmodal_attempt", attempt)
        refused = thief.get(address)
        assert (refused.status_code, "crossmodal_session" in str(refused.headers)) == (401, False)


def test_a_browser_of_another_account_gets_no_recorded_response(fresh, boss):
    add_person(fresh, "ana", Role.EDIT)
    first, second = sign_in(make_client(fresh), "ana"), boss
    second.application = first.application
    key = {"Idempotency-Key": "same"}
    body = {"name": "frame", "role": "search"}
    one = first.post("/api/v1/keys", json=body, headers=key)
    two = second.post("/api/v1/keys", json=body, headers=key)
    assert one.json["key"] != two.json["key"]
    program = {"Authorization": f"Bearer {one.json['key']}"}
    assert make_client(fresh).post("/api/v1/keys", json=body, headers=program | key).status_code == 403
