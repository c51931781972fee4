"""The host names that the server answers to."""

import pytest

from tests.support.web_client import make_client
from web.hosts import LOOPBACK_HOSTS, is_trusted, normalize

TRUSTED = frozenset(map(normalize, (*LOOPBACK_HOSTS, "Photos.example.org", "[fd00::5]")))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8000",
        "localhost.",
        "127.0.0.1:8000",
        "[::1]",
        "[::1]:8000",
        "photos.Example.org",
        "photos.example.org:443",
        "[fd00::5]:80",
        "192.168.1.5:8000",
        "[::2]",
    ],
)
def test_own_names_are_trusted(host):
    assert is_trusted(host, TRUSTED)


@pytest.mark.parametrize(
    "host",
    ["", ":80", "evil.example.org", "localhost.evil.org", "127.0.0.1.evil.org", "[::1].evil.org", "[]", "1.2.3"],
)
def test_other_names_are_not(host):
    assert not is_trusted(host, TRUSTED)


def test_a_request_under_another_name_is_refused(fresh):
    client = make_client(fresh)
    assert client.get("/healthz", headers={"Host": "[::1]:8000"}).status_code == 200
    refused = client.get("/healthz", headers={"Host": "evil.example.org"})
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")
