"""`crossmodal search` asks the server that runs on the same home, and prints paths, links and thumbnails."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from crossmodal.cli import results, thumbnails
from crossmodal.cli.main import cli
from search.engine import Engine
from search.errors import UsageError
from search.running_server import FILE_NAME, RunningServer, announce, find_running_server, make_owner_token
from search.settings import Settings
from tests.support.accounts import add_admin
from tests.support.server import ROOT
from tests.support.wsgi_server import running
from web.app import create_app

# Libraries that take longer to load than a search may last.
HEAVY = {"numpy", "pydantic", "sqlalchemy", "httpx2", "flask", "PIL", "av", "faiss", "asyncio"}


def run(*arguments):
    return CliRunner().invoke(cli, [str(one) for one in arguments])


@pytest.fixture
def home(library):
    """The home of the demo, on which a server runs; a command that opens the library itself fails."""
    token = make_owner_token()
    app = create_app(Engine(library), Settings(home=library.home.root), owner_token=token)
    with running(app, 0, home=library.home.root) as server:
        found = RunningServer("127.0.0.1", server.port, token, os.getpid())
        with announce(library.home.root, found):
            yield library.home.root


@contextmanager
def closed_library():
    """Let a command fail that opens the library itself, for a `with` block."""

    def fail(_settings, **_options):
        raise AssertionError("the library was opened")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crossmodal.cli.library.open_library", fail)
        yield


@pytest.mark.parametrize("arguments", [("a cup of coffee",), ("qwzx vbnm",), ("flower", "--all", "--limit", "3")])
def test_a_running_server_answers_the_same(home, arguments):
    with closed_library():
        there = run("--home", home, "search", *arguments)
    here = run("--home", home, "--no-server", "search", *arguments)
    assert (there.stdout, there.stderr, there.exit_code) == (here.stdout, here.stderr, here.exit_code)


def test_images_and_wrong_queries_go_to_the_server_too(home, demo):
    with closed_library():
        found = run("--home", home, "search", "--image", demo / "pets/chelsea.jpg", "--json")
        refused = run("--home", home, "search", "a", "--cursor", "nonsense")
    assert json.loads(found.stdout)["hits"][0]["item"]["path"].endswith("chelsea.jpg")
    assert isinstance(refused.exception, UsageError)


def test_the_search_of_a_running_server_loads_no_heavy_library(home):
    code = (
        "import sys; from crossmodal.cli.main import cli; "
        f"cli.main(['--home', {str(home)!r}, 'search', 'a cup of coffee', '--paths'], standalone_mode=False); "
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    *paths, loaded = done.stdout.splitlines()
    assert paths
    assert loaded == "[]"


def test_the_address_of_a_server_is_private_and_goes_with_it(tmp_path):
    server = RunningServer("127.0.0.1", 8000, make_owner_token(), os.getpid())
    with announce(tmp_path, server):
        assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
        assert find_running_server(tmp_path) == server
        with announce(tmp_path, RunningServer("127.0.0.1", 8001, make_owner_token(), os.getpid())):
            assert find_running_server(tmp_path).port == 8001
    assert list(tmp_path.iterdir()) == []


def test_the_address_of_a_server_that_was_killed_or_that_others_can_read_is_not_used(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    path = tmp_path / FILE_NAME
    facts = {"host": "127.0.0.1", "port": 1, "token": "cmo_x", "pid": ended.pid}
    for body, mode in ((facts, 0o600), (facts | {"pid": os.getpid()}, 0o644), ({"port": 1}, 0o600), ("no", 0o600)):
        path.write_text(json.dumps(body))
        path.chmod(mode)
        assert find_running_server(tmp_path) is None


def test_a_server_that_does_not_answer_is_replaced_by_the_library(library):
    with announce(library.home.root, RunningServer("127.0.0.1", 1, make_owner_token(), os.getpid())):
        found = run("--home", library.home.root, "search", "a cup of coffee", "--paths")
    assert (found.exit_code, bool(found.stdout)) == (0, True), found.exception


def test_the_token_is_the_owner_of_the_home_also_with_accounts(fresh):
    add_admin(fresh)
    client = create_app(Engine(fresh), Settings(home=fresh.home.root), owner_token="cmo_right").test_client()
    for token, status in (("cmo_right", 200), ("cmo_wrong", 401), ("", 401)):
        answer = client.get("/api/v1/models", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
    other = create_app(Engine(fresh), Settings(home=fresh.home.root)).test_client()
    assert other.get("/api/v1/models", headers={"Authorization": "Bearer None"}).status_code == 401


def test_paths_are_printed_for_pipes(library):
    lines = run("--home", library.home.root, "search", "a cup of coffee", "--paths")
    nulls = run("--home", library.home.root, "search", "a cup of coffee", "-0")
    assert lines.stdout.splitlines() == nulls.stdout.split("\0")[:-1]
    assert all(Path(path).is_file() for path in lines.stdout.splitlines())
    nothing = run("--home", library.home.root, "search", "qwzx vbnm", "--paths", "--exact")
    assert nothing.exit_code == 1


def test_the_best_result_is_opened(library, monkeypatch):
    opened = []
    monkeypatch.setattr("click.launch", opened.append)
    found = run("--home", library.home.root, "search", "a cup of coffee", "--open", "--paths")
    assert opened == found.stdout.splitlines()[:1]


def test_results_have_date_duration_and_place():
    item = {"captured_at": "2021-07-16T10:00:00", "is_date_guessed": True, "date_precision": None, "duration": 94.2}
    item |= {"places": []}
    described = results.describe_item(item | {"latitude": 45.4408, "longitude": 12.3155})
    assert described == ["about 2021-07-16", "1:34", "45.4408, 12.3155"]
    venice = [
        {"value": "3164603", "name": "Venice", "level": "city"},
        {"value": "IT", "name": "Italy", "level": "country"},
    ]
    assert (
        results.describe_item(item | {"places": venice, "latitude": 45.4408, "longitude": 12.3155})[-1]
        == "Venice, Italy"
    )
    nothing = dict.fromkeys(item, None) | {"places": [], "latitude": None, "longitude": None}
    assert results.describe_item(nothing) == []


def test_links_are_only_for_terminals(library):
    found = run("--home", library.home.root, "search", "a cup of coffee")
    assert "\x1b]8" not in found.stdout
    shown = results.link("a b.jpg", "/m/a b.jpg")
    assert shown.startswith("\x1b]8;;file://")
    assert "/m/a%20b.jpg\x1b\\a b.jpg\x1b]8;;\x1b\\" in shown


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "xterm"}, "sixel"),
    ],
)
def test_thumbnails_are_shown_in_terminals_that_can(library, environment, protocol, monkeypatch):
    assert thumbnails.find_protocol(environment) is None  # no terminal
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(thumbnails, "find_line_height", lambda: 20)
    monkeypatch.setattr(thumbnails, "has_sixel", lambda: protocol == "sixel")
    assert thumbnails.find_protocol(environment) == protocol
    if protocol is None:
        return
    image = next(item for item in library.catalog.list_items() if item.type == "image")
    hits = [{"item": {"id": image.id}}, {"item": {"id": 10**6}}]
    shown, missing = thumbnails.make_thumbnails(library.home.root, hits, protocol)
    begins = {"kitty": "\x1b_Ga=T,f=100", "iterm": "\x1b]1337;File=inline=1", "sixel": '\x1bP0;1;0q"1;1;'}
    assert shown.startswith(begins[protocol])
    assert missing == ""
