"""Pages of other sites can neither change nor read anything."""

import pytest

from tests.support.accounts import add_admin, make_headers
from tests.support.web_client import get_item, make_client
from web.cross_site import is_same_origin

OWN = "http://localhost"


@pytest.fixture
def own(fresh):
    return make_client(fresh)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.org",
        "null",
        "",
        "https://localhost",
        "http://localhost:81",
        "http://localhost.evil.org",
        "http://127.0.0.1",
        "file://",
        "http://[::1",
        "http://localhost:x",
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_a_change_with_the_origin_of_another_site_is_refused(own, origin, method):
    refused = own.open("/api/v1/albums", method=method, json={"name": "a"}, headers={"Origin": origin})
    assert (refused.status_code, refused.json["type"]) == (403, "urn:crossmodal:problem:foreign-site")
    assert own.get("/api/v1/albums").json["albums"] == []


@pytest.mark.parametrize("headers", [{}, {"Origin": OWN}, {"Origin": f"{OWN}:80", "Sec-Fetch-Site": "same-origin"}])
def test_own_pages_and_programs_can_change_something(own, headers):
    assert own.post("/api/v1/albums", json={"name": "a"}, headers=headers).status_code == 201


def test_behind_a_trusted_proxy_the_origin_is_the_one_that_clients_see(fresh):
    client = make_client(fresh, trusted_proxies=("127.0.0.1",), hosts=("photos.example.org",))
    seen = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "photos.example.org:8443"}
    seen |= make_headers(fresh, add_admin(fresh))
    for origin, status in (("https://photos.example.org:8443", 201), ("http://photos.example.org:8443", 403)):
        answer = client.post("/api/v1/albums", json={"name": origin}, headers=seen | {"Origin": origin})
        assert answer.status_code == status
    untrusted = make_client(fresh, hosts=("photos.example.org",))
    refused = untrusted.post("/api/v1/albums", json={"name": "b"}, headers={**seen, "Origin": "https://localhost"})
    assert "trusted_proxies" in refused.json["detail"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["search?q=cat", "items/{}/thumbnail", "items/{}/media", "items", "facets"])
def test_other_sites_can_link_to_the_api_but_not_read_from_it(client, site, path):
    address = f"/api/v1/{path.format(get_item(client, 'dahlia.jpg'))}"
    image = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    frame = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert [client.get(address, headers=headers).status_code for headers in (image, frame, link, {})] == [
        403,
        403,
        200,
        200,
    ]
    assert client.get("/", headers={**image, "Sec-Fetch-Dest": "script"}).status_code == 200


def test_whether_an_item_exists_is_not_revealed(client):
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    answers = [client.get(f"/api/v1/items/{number}/thumbnail", headers=image) for number in (1, 999_999)]
    assert [answer.status_code for answer in answers] == [403, 403]


def test_origins_are_compared_by_scheme_host_and_port():
    assert is_same_origin("HTTPS://Photos.example.org:443", "https://photos.example.org./")
    assert not is_same_origin("https://photos.example.org:444", "https://photos.example.org")
