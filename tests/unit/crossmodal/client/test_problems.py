"""What answers is not always a Crossmodal server, or not one that lets everybody in."""

import json

import pytest

import crossmodal
from crossmodal.client.problems import PROBLEM_TYPES, RefusedError, check_status
from search.errors import CrossmodalError, NotAllowedError, NotFoundError, ServerError, SignInError, UsageError
from tests.support.wsgi_server import answer, running
from web.contract.problems import list_error_classes
from web.problem_documents import Problem


def ask(app, **options):
    with running(app) as server, crossmodal.Client(f"http://127.0.0.1:{server.port}", **options) as client:
        return client.albums()


def always(body, content_type="application/json", status="200 OK", *headers):
    return lambda _environ, start: answer(
        start, body, status=status, headers=[("Content-Type", content_type), *headers]
    )


@pytest.mark.parametrize("error", list_error_classes(), ids=lambda error: error.__name__)
def test_every_problem_becomes_the_error_that_it_was(error):
    problem = Problem(error, "What happened.", "id", "/", "")
    with pytest.raises(RefusedError) as caught:
        check_status("http://x", problem.status, {"content-type": "application/problem+json"}, problem.body)
    assert type(caught.value.error) is error
    assert str(caught.value.error) == "What happened."
    assert PROBLEM_TYPES[error.problem_type] is error


def test_a_problem_of_a_later_version_is_an_error_with_its_detail():
    body = json.dumps({"type": "urn:crossmodal:problem:new", "title": "New", "status": 418, "detail": "So."}).encode()
    with pytest.raises(CrossmodalError, match=r"So\."):
        ask(always(body, "application/problem+json", "418 Teapot"))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"status": 404}', b"\xff"])
def test_a_problem_that_cannot_be_read_is_an_error_with_its_status(body):
    with pytest.raises(ServerError, match="404 Not Found"):
        ask(always(body, "application/problem+json", "404 Not Found"))


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        ("401 Unauthorized", SignInError, "requires an API key, or the key is not valid"),
        ("403 Forbidden", NotAllowedError, "Use a key with more rights"),
        ("302 Found", ServerError, "redirects to https://elsewhere/. Check that this is the address"),
        ("404 Not Found", ServerError, "answered with 404 Not Found. Check the address"),
        ("599 Strange", ServerError, "answered with 599"),
    ],
)
def test_the_answer_of_a_proxy_is_explained(status, error, message):
    with pytest.raises(error, match=message):
        ask(always(b"<html>", "text/html", status, ("Location", "https://elsewhere/")))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html>It works!</html>", "text/html; charset=utf-8"),
        (b"", "application/octet-stream"),
        (b"{", "application/json"),
        (b"7", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
    ],
)
def test_a_server_of_another_kind_is_recognized(body, content_type):
    with pytest.raises(ServerError, match="Check that this is the address of a Crossmodal server"):
        ask(always(body, content_type))


@pytest.mark.parametrize(
    "call",
    [
        lambda one: one.search("a"),
        lambda one: one.get(1),
        lambda one: list(one.items()),
        lambda one: one.segments(1),
        lambda one: one.albums(),
        lambda one: one.status(),
        lambda one: one.jobs(),
        lambda one: one.job(1),
        lambda one: list(one.follow_job(1)),
        lambda one: one.index("/a"),
        lambda one: one.forget("/a"),
        lambda one: one.upload(__file__),
    ],
)
@pytest.mark.parametrize("document", [{}, {"items": 1, "hits": [{}], "query": {}, "jobs": [1], "albums": [{}]}, None])
def test_json_of_another_kind_is_recognized(call, document):
    app = always(json.dumps(document).encode())
    with (
        running(app) as server,
        crossmodal.Client(f"http://127.0.0.1:{server.port}") as client,
        pytest.raises(ServerError, match="Check that this is the address of a Crossmodal server"),
    ):
        call(client)


@pytest.mark.parametrize("data", ["{", "{}", "7", '{"id": 1}'])
def test_events_of_another_kind_are_recognized(data):
    app = always(f"event: end\ndata: {data}\n\n".encode(), "text/event-stream")
    with (
        running(app) as server,
        crossmodal.Client(f"http://127.0.0.1:{server.port}") as client,
        pytest.raises(ServerError, match="does not understand"),
    ):
        list(client.follow_job(1))


def test_the_key_is_sent_and_never_shown():
    seen = []

    def app(environ, start):
        seen.append(environ.get("HTTP_AUTHORIZATION"))
        problem = Problem(SignInError, "The key is not valid.", "id", "/", "")
        return answer(start, problem.body, status="401 Unauthorized", headers=list(problem.headers.items()))

    with pytest.raises(SignInError, match="The key is not valid") as caught:
        ask(app, key=" secret-key\n")
    assert seen == ["Bearer secret-key"]
    assert "secret" not in str(caught.value)
    with crossmodal.Client("http://127.0.0.1:1", "secret-key") as client:
        assert "secret" not in repr(client) + repr(client._target)


def test_without_a_key_no_header_is_sent():
    seen = []

    def app(environ, start):
        seen.append("HTTP_AUTHORIZATION" in environ)
        return answer(start, b'{"albums": []}', headers=[("Content-Type", "application/json")])

    assert ask(app, key="") == []
    assert seen == [False]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("localhost:8000", "write it as http://HOST:PORT"),
        ("", "write it as"),
        ("ftp://host", "write it as"),
        ("http://", "write it as"),
        ("http://host:99999", "Port out of range"),
        ("http://[::1", "Invalid IPv6 URL"),
        ("http://me:word@host", "Pass a key instead"),
        ("http://host/?q=1", "remove what follows the path"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused(url, reason):
    with pytest.raises(UsageError, match=reason) as caught:
        crossmodal.Client(url)
    assert "word@" not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "schlüssel", "a\nb: c", "\0"])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(key):
    with pytest.raises(UsageError, match="The key is not valid") as caught:
        crossmodal.Client("http://host", key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), 1e12])
@pytest.mark.parametrize("name", ["timeout", "deadline"])
def test_times_out_of_range_are_refused(name, seconds):
    with pytest.raises(UsageError, match=f"{name}: must be more than 0 and at most 86400 seconds"):
        crossmodal.Client("http://host", **{name: seconds})


def test_a_server_below_a_path_is_reached():
    paths = []

    def app(environ, start):
        paths.append(environ["PATH_INFO"])
        return answer(start, b'{"albums": []}', headers=[("Content-Type", "application/json")])

    with running(app) as server, crossmodal.Client(f"http://127.0.0.1:{server.port}/media/search/") as client:
        assert client.albums() == []
    assert paths == ["/media/search/api/v1/albums"]


def test_an_item_that_does_not_exist_is_not_a_wrong_address():
    problem = Problem(NotFoundError, "There is no item 7.", "id", "/", "")
    with pytest.raises(NotFoundError, match="There is no item 7"):
        ask(always(problem.body, "application/problem+json", "404 Not Found"))
