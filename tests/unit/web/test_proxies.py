"""What trusted proxies say about a request is believed, and what others say is not."""

import pytest

from tests.support.accounts import PASSWORD, add_admin, make_headers
from tests.support.web_client import make_client
from web.proxies import NAMES, TrustedProxies

SENT = {
    "HTTP_X_FORWARDED_FOR": "203.0.113.9",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "photos.example.org",
    "HTTP_X_FORWARDED_PREFIX": "/photos",
    "HTTP_FORWARDED": "for=203.0.113.9",
}
HEADERS = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "photos.example.org",
    "X-Forwarded-Prefix": "/photos/",
    "X-Forwarded-For": "203.0.113.9",
}


def apply(networks, address="127.0.0.1", **changes):
    """Return the environment that an application sees."""
    environ = {"REMOTE_ADDR": address, "HTTP_HOST": "localhost", "wsgi.url_scheme": "http", "SCRIPT_NAME": ""}
    seen = {}
    TrustedProxies(lambda found, _start: seen.update(found) or [], networks)(environ | SENT | changes, None)
    assert seen.items() >= (SENT | changes).items()  # they show that the request was forwarded
    return [seen[name] for name in ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME")]


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"])
def test_a_trusted_proxy_is_believed(address):
    expected = ["203.0.113.9", "https", "photos.example.org", "/photos"]
    assert apply(["10.0.0.0/8", "fd00::1"], address) == expected


@pytest.mark.parametrize("networks", [[], ["10.0.0.0/8"], ["fd00::1"]])
@pytest.mark.parametrize("address", ["192.0.2.1", "fd00::2", "", "unix:"])
def test_nobody_else_is(networks, address):
    assert apply(networks, address) == [address, "http", "localhost", ""]


def test_the_client_is_the_last_address_that_is_no_proxy():
    networks = ["127.0.0.1", "10.0.0.0/8"]
    assert apply(networks, HTTP_X_FORWARDED_FOR="1.1.1.1, 2.2.2.2, 10.0.0.1")[0] == "2.2.2.2"
    assert apply(networks, HTTP_X_FORWARDED_FOR="junk, 10.0.0.1")[0] == "10.0.0.1"
    assert apply(networks, HTTP_X_FORWARDED_FOR="junk")[0] == "127.0.0.1"


@pytest.mark.parametrize("prefix", ["//evil.example.org", "photos", "/a b", '/"', "/a//b", "/a\r\nX: y", "/"])
def test_a_prefix_that_could_lead_elsewhere_is_ignored(prefix):
    assert apply(["127.0.0.1"], HTTP_X_FORWARDED_PREFIX=prefix)[3] == ""


def test_only_the_last_value_of_a_header_is_that_of_the_proxy():
    changes = {f"HTTP_X_FORWARDED_{name}": f"/evil, {SENT[f'HTTP_X_FORWARDED_{name}']}" for name in NAMES}
    assert apply(["127.0.0.1"], **changes) == ["203.0.113.9", "https", "photos.example.org", "/photos"]


def test_links_and_addresses_have_the_prefix(fresh):
    client = make_client(fresh, trusted_proxies=("127.0.0.1",), hosts=("photos.example.org",))
    headers = HEADERS | make_headers(fresh, add_admin(fresh))
    page = client.get("/library", headers=headers)
    assert 'data-root="/photos"' in page.text
    assert 'href="/photos/library"' in page.text
    for part in page.text.split('="')[1:]:
        assert not part.startswith("/") or part.startswith("/photos"), part[:80]
    assert client.get("/openapi.json", headers=headers).json["servers"] == [{"url": "/photos"}]
    assert client.get("/openapi.json").json["servers"] == [{"url": "/"}]
    problem = client.get("/api/v1/items/999", headers=headers)
    assert problem.json["instance"] == "/photos/api/v1/items/999"
    assert problem.headers["Link"].startswith("</photos/docs#")
    assert 'href="/photos/"' in client.get("/docs", headers=headers).text


def test_cookies_are_for_the_prefix_and_secure(fresh):
    client = make_client(fresh, trusted_proxies=("127.0.0.1",), hosts=("photos.example.org",))
    add_admin(fresh)
    answer = client.post("/api/v1/session", json={"name": "admin", "password": PASSWORD}, headers=HEADERS)
    cookie = answer.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "Path=/photos/", "SameSite=Lax"} <= set(cookie.split("; "))


@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",)])
def test_a_forwarded_request_is_never_taken_for_one_of_this_machine(fresh, trusted):
    client = make_client(fresh, trusted_proxies=trusted, hosts=("photos.example.org",))
    assert client.get("/api/v1/items", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403
    assert client.get("/api/v1/items").status_code == 200


def test_a_forwarded_host_must_be_one_of_the_server(library):
    client = make_client(library, trusted_proxies=("127.0.0.1",))
    assert client.get("/healthz", headers=HEADERS).status_code == 400
    assert make_client(library).get("/healthz", headers=HEADERS).status_code == 200
