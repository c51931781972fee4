"""schemathesis tries every route with each role: no response has status 5xx or is undeclared."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from search.access.tokens import TokenKind, make_token
from search.engine import Engine
from search.open_home import open_home
from search.records import Role
from search.settings import Settings
from search.storage.albums import Albums
from search.storage.shares import Shares
from tests.support.accounts import add_person, make_headers
from tests.support.fake_demo import make_fake_demo
from tests.support.fake_models import choose_fake_models
from tests.support.indexing import index
from tests.support.real_models import CHOOSER
from tests.support.wsgi_server import running
from web.app import create_app

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
# An event stream ends with its job, and no worker runs here.
LEFT_OUT = {"follow_job"}
EXAMPLES = 8
# Some routes need an id, a body or a file that is hard to guess.
MIN_SHARE = 0.4
ROLES = ("nobody", "view", "search", "edit", "admin")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    make_fake_demo(folder)
    return folder


@pytest.fixture
def library(demo, tmp_path, monkeypatch):
    """A small library with fake models, an album and enough accounts that few ids are those of the caller."""
    monkeypatch.setattr(CHOOSER, choose_fake_models)
    with open_home(Settings(home=tmp_path / "home"), create=True) as library:
        index(library, demo)
        album = Albums(library.database).add("Album").id
        Albums(library.database).change(album, list(range(1, 10)), [])
        add_person(library, "first", Role.ADMIN)
        yield library


def make_caller(library, role):
    """Return the headers of a caller with a role."""
    if role == "nobody":
        return {}
    if role == "view":
        token = make_token(TokenKind.LINK)
        Shares(library.database).add(1, token.hash, None)
        return {"Authorization": f"Bearer {token.text}"}
    sources = None if role == "admin" else [library.sources.list_all()[0].id]
    # With a random id: a request that happens to delete the caller would end the test early.
    with library.database.write() as db:
        db.exec_driver_sql(
            "INSERT OR REPLACE INTO sqlite_sequence (name, seq) VALUES ('account', 700), ('api_key', 700)"
        )
    return make_headers(library, add_person(library, f"the {role}", Role(role), sources))


@pytest.mark.parametrize("role", ROLES)
def test_every_route_answers_as_declared(library, role):
    app = create_app(Engine(library), Settings(home=library.home.root))
    headers = make_caller(library, role)
    own, used, allowed = Role("none" if role == "nobody" else role), set(), set()
    with running(app) as server:
        schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")
        for result in schema.get_all_operations():
            declared = result.ok().definition.raw
            if declared["operationId"] in LEFT_OUT:
                continue
            if own.includes(Role(declared.get("x-role", "none"))):
                allowed.add(declared["operationId"])
            if any(status < 300 for status in try_operation(result.ok(), headers)):
                used.add(declared["operationId"])
    # A route whose requests can be guessed has answered with a success; no other has.
    assert used <= allowed
    assert len(used) >= len(allowed) * MIN_SHARE, sorted(allowed - used)


def try_operation(operation, headers):
    """Send generated requests to a route, check each response, and return the statuses."""
    seen = set()

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def run(case):
        response = case.call(headers=headers)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    run()
    return seen
