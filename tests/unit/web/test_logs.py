"""Logs contain neither secrets nor what users search for, at any level."""

import io

import pytest
from PIL import Image
from sqlalchemy import text

from indexer.worker.saved_search_notifier import SavedSearchNotifier
from search.access.tokens import TokenKind, hide_tokens, make_token
from search.engine import Engine
from search.errors import describe_stack
from search.storage.saved_searches import SavedSearches
from tests.support.accounts import PASSWORD, add_admin, make_headers, sign_in
from tests.support.indexing import index
from tests.support.web_client import ask, make_client
from tests.support.webhooks import SOON, with_settings
from tests.support.wsgi_server import running

QUERY = "Timbuktu"


@pytest.fixture
def log(caplog):
    """Everything that is logged at any level; of SQLAlchemy, which logs each row it reads, only warnings."""
    caplog.set_level(1)
    for name in ("crossmodal", "werkzeug", "uvicorn", "uvicorn.error", "uvicorn.access"):
        caplog.set_level(1, name)
    for name in ("sqlalchemy.engine.Engine", "sqlalchemy.pool.impl.QueuePool", "sqlalchemy"):
        caplog.set_level("WARNING", name)
    return caplog


@pytest.fixture
def broken(monkeypatch):
    """An engine that fails with the query in its message."""

    def fail(_engine, query):
        raise RuntimeError(f"cannot search for {query}")

    monkeypatch.setattr(Engine, "search", fail)


def make_jpeg():
    body = io.BytesIO()
    Image.new("RGB", (8, 8)).save(body, "JPEG", comment=QUERY)
    return body.getvalue()


def test_requests_leave_no_secret_in_the_log(fresh, log, tmp_path):
    (tmp_path / "a.txt").write_text("a lighthouse")
    index(fresh, tmp_path / "a.txt")
    headers = make_headers(fresh, add_admin(fresh))
    key = headers["Authorization"].removeprefix("Bearer ")
    client = sign_in(make_client(fresh, webhook_hosts=("127.0.0.1",)), "admin")
    session = client.get_cookie("crossmodal_session").value
    saved = {"name": QUERY, "request": {"text": QUERY}, "watched": True, "webhook": "http://127.0.0.1:1/"}
    secret = client.post("/api/v1/searches", json=saved).json["webhook_secret"]
    link = make_token(TokenKind.LINK).text
    for use in (client, make_client(fresh)):
        assert ask(use, text=QUERY).status_code in {200, 401}
        use.get(f"/api/v1/search?q={QUERY}", headers=headers)
        use.get(f"/shared/{link}")
        use.post("/api/v1/feedback", json={"text": QUERY, "item": 1, "relevant": True}, headers=headers)
        use.post("/api/v1/search", data={"image": (io.BytesIO(make_jpeg()), "a.jpg"), "text": QUERY}, headers=headers)
        use.post("/api/v1/session", json={"name": "admin", "password": f"{PASSWORD}!"})
        use.get("/api/v1/items", headers={"Authorization": f"Bearer {key}x"})
    notifier = SavedSearchNotifier(with_settings(fresh, webhook_hosts=("127.0.0.1",)))
    index(fresh, tmp_path / "a.txt", reindex=True)
    notifier.poll()
    notifier.flush(SOON)
    for hidden in (QUERY, key, session, secret, link, PASSWORD):
        assert hidden not in log.text


def test_an_unexpected_error_is_logged_without_the_query(library, log, broken):
    client = make_client(library)
    assert client.get(f"/api/v1/search?q={QUERY}").status_code == 500
    assert "RuntimeError" in log.text
    assert "in fail" in log.text
    assert QUERY not in log.text


def test_a_saved_search_that_fails_is_logged_without_the_query(fresh, log, broken):
    SavedSearches(fresh.database).add(QUERY, {"text": QUERY}, "/", True, None)
    SavedSearchNotifier(fresh).poll()
    assert "saved search 1 failed" in log.text
    assert QUERY not in log.text


def test_errors_of_the_database_have_no_parameters(fresh):
    with pytest.raises(Exception, match="no such table") as caught, fresh.database.read() as db:
        db.execute(text("SELECT * FROM missing WHERE a = :query"), {"query": QUERY})
    assert QUERY not in str(caught.value)


def test_a_response_that_fails_is_logged_without_the_token_of_its_path(log):
    def fail(_environ, start_response):
        start_response("200 OK", [])
        raise RuntimeError(QUERY)

    link = make_token(TokenKind.LINK).text
    with running(fail) as server:
        connection = server.connect(f"GET /shared/{link}?q={QUERY} HTTP/1.1\nHost: localhost\nCookie: a={link}\n\n")
        with connection:
            while connection.recv(4096):
                pass
    assert "cannot finish the response to /shared/cml_…" in log.text
    assert link not in log.text
    assert QUERY not in log.text


def test_only_the_kind_of_a_token_is_shown():
    for kind in TokenKind:
        token = make_token(kind).text
        assert hide_tokens(f"/shared/{token}?a") == f"/shared/{kind}_…?a"
    assert hide_tokens("/api/v1/items/1") == "/api/v1/items/1"


def test_the_causes_of_an_error_are_described_by_type():
    try:
        try:
            raise KeyError(QUERY)
        except KeyError as error:
            raise ValueError(QUERY) from error
    except ValueError as error:
        described = describe_stack(error)
    assert described.index("ValueError") < described.index("KeyError")
    assert QUERY not in described.replace("raise KeyError(QUERY)", "").replace("raise ValueError(QUERY)", "")
