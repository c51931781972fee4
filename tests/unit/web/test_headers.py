"""Every response says what browsers may do with it, and no file of the library can run."""

import pytest

from tests.support.indexing import index
from tests.support.web_client import get_item, make_client
from web.media_types import guess_type, is_shown


@pytest.mark.parametrize("path", ["/", "/library", "/docs", "/healthz", "/api/v1/items", "/api/v1/items/999", "/nope"])
def test_every_response_is_hardened(client, path):
    headers = client.get(path).headers
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert {"microphone=(self)", "camera=()", "geolocation=()"} <= set(headers["Permissions-Policy"].split(", "))
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize(("trusted", "is_sent"), [(("127.0.0.1",), True), ((), False)])
def test_only_over_tls_a_browser_is_told_to_stay_there(library, trusted, is_sent):
    client = make_client(library, trusted_proxies=trusted)
    headers = client.get("/healthz", headers={"X-Forwarded-Proto": "https"}).headers
    assert ("Strict-Transport-Security" in headers) is is_sent


@pytest.mark.parametrize(
    ("host", "scheme", "is_sent"),
    [
        ("192.168.1.5:8000", "http", False),
        ("192.168.1.5:8000", "https", True),
        ("127.0.0.1:8000", "http", True),
        ("[::1]:8000", "http", True),
    ],
)
def test_a_browser_gets_an_opener_policy_only_where_it_does_not_ignore_it(library, host, scheme, is_sent):
    client = make_client(library, trusted_proxies=("127.0.0.1",))
    headers = client.get("/healthz", headers={"Host": host, "X-Forwarded-Proto": scheme}).headers
    assert ("Cross-Origin-Opener-Policy" in headers) is is_sent


@pytest.mark.parametrize(
    ("name", "mime_type", "shown"),
    [
        ("a.js", "application/octet-stream", False),
        ("a.mjs", "application/octet-stream", False),
        ("a.css", "application/octet-stream", False),
        ("a.html", "application/octet-stream", False),
        ("a.xhtml", "application/octet-stream", False),
        ("a.svg", "application/octet-stream", False),
        ("a.SVG", "application/octet-stream", False),
        ("a.xml", "application/octet-stream", False),
        ("a.json", "application/octet-stream", False),
        ("a.py", "application/octet-stream", False),
        ("a.unknown", "application/octet-stream", False),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", False),
        ("a.epub", "application/epub+zip", False),
        ("a.pdf", "application/pdf", True),
        ("a.txt", "text/plain", True),
        ("a.md", "text/markdown", True),
        ("a.jpg", "image/jpeg", True),
        ("a.heic", "image/heic", True),
        ("a.mp4", "video/mp4", True),
        ("a.opus", "audio/ogg", True),
    ],
)
def test_only_what_cannot_run_is_shown(tmp_path, name, mime_type, shown):
    found = guess_type(tmp_path / name)
    assert (found, is_shown(found)) == (mime_type, shown)


def test_a_file_that_could_run_is_downloaded(fresh, tmp_path):
    (tmp_path / "page.html").write_text("<p>A lighthouse keeper wrote a letter.</p><script>alert(1)</script>")
    index(fresh, tmp_path / "page.html")
    client = make_client(fresh)
    sent = client.get(f"/api/v1/items/{get_item(client, 'page.html')}/media")
    assert sent.headers["Content-Disposition"] == "attachment; filename=page.html"
    assert (sent.mimetype, sent.headers["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert sent.headers["Content-Security-Policy"].startswith("sandbox;")
