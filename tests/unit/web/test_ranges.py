"""Ranges of files, as RFC 9110 says."""

import pytest
from flask import Flask

from web.ranges import choose_range, send_ranges

BODY = bytes(range(100))


@pytest.fixture
def fetch(tmp_path):
    """Return a function that requests a file of 100 bytes, or an empty one, with some headers."""
    app = Flask(__name__)
    (tmp_path / "full.bin").write_bytes(BODY)
    (tmp_path / "empty.bin").write_bytes(b"")
    app.add_url_rule("/<name>", view_func=lambda name: send_ranges(tmp_path / name, "video/mp4", name))
    client = app.test_client()

    def fetch(name="full", method="GET", **headers):
        fields = {key.replace("_", "-"): value for key, value in headers.items()}
        return client.open(f"/{name}.bin", method=method, headers=fields, buffered=True)

    return fetch


@pytest.mark.parametrize(
    ("requested", "status", "body", "content_range"),
    [
        ("bytes=0-3", 206, BODY[:4], "bytes 0-3/100"),
        ("bytes=90-", 206, BODY[90:], "bytes 90-99/100"),
        ("bytes=90-500", 206, BODY[90:], "bytes 90-99/100"),
        ("bytes=-5", 206, BODY[95:], "bytes 95-99/100"),
        ("bytes=-500", 206, BODY, "bytes 0-99/100"),
        ("BYTES=0-0", 206, BODY[:1], "bytes 0-0/100"),
        ("bytes=0-3,10-12", 200, BODY, None),
        ("bytes=0-3,", 206, BODY[:4], "bytes 0-3/100"),
        ("items=0-3", 200, BODY, None),
        ("bytes=abc", 200, BODY, None),
        ("bytes=7-3", 200, BODY, None),
        ("bytes=-", 200, BODY, None),
        ("bytes=" + "9" * 5000 + "-", 200, BODY, None),
        ("bytes=100-", 416, None, "bytes */100"),
        ("bytes=-0", 416, None, "bytes */100"),
    ],
)
def test_one_range_is_sent_and_others_are_ignored(fetch, requested, status, body, content_range):
    answer = fetch(Range=requested)
    assert (answer.status_code, answer.headers.get("Content-Range")) == (status, content_range)
    assert body is None or answer.data == body


@pytest.mark.parametrize("requested", ["bytes=0-", "bytes=-500", "bytes=5-"])
def test_an_empty_file_is_sent_whole(fetch, requested):
    answer = fetch("empty", Range=requested)
    assert (answer.status_code, answer.data) == (200, b"")


def test_a_range_of_an_older_version_is_ignored(fetch):
    whole = fetch()
    assert whole.headers["Accept-Ranges"] == "bytes"
    current = fetch(Range="bytes=0-3", If_Range=whole.headers["ETag"])
    assert (current.status_code, current.data) == (206, BODY[:4])
    for old in ('"old"', "Mon, 01 Jan 2001 00:00:00 GMT"):
        answer = fetch(Range="bytes=0-3", If_Range=old)
        assert (answer.status_code, answer.data) == (200, BODY)
    assert fetch(If_None_Match=whole.headers["ETag"]).status_code == 304


def test_head_describes_the_whole_file(fetch):
    answer = fetch(method="HEAD", Range="bytes=0-3")
    assert (answer.status_code, answer.headers["Content-Length"], answer.data) == (200, "100", b"")


def test_a_name_is_sent_without_what_a_header_cannot_contain(tmp_path):
    app = Flask(__name__)
    (tmp_path / "a").write_bytes(BODY)
    with app.test_request_context("/"):
        answer = send_ranges(tmp_path / "a", "video/mp4", "two\nlines \udcff.mp4")
        assert answer.headers["Content-Disposition"] == 'inline; filename="two_lines ?.mp4"'
        answer.close()


def test_the_range_of_a_suffix_ends_with_the_file():
    assert choose_range("bytes=-10", 4) == "bytes=-4"
