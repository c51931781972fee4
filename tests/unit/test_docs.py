"""The documents agree with the code."""

import re
from pathlib import Path

import click
import pytest

from crossmodal.cli.lazy_group import LazyGroup, load_command
from crossmodal.cli.main import COMMANDS
from crossmodal.cli.models.group import COMMANDS as MODEL_COMMANDS
from docs.rest_tables import insert_tables, make_tables
from search.engine import Engine
from search.settings import Settings, name_variable
from web.app import create_app
from web.contract.limits import LIMITS
from web.contract.openapi import make_document

ROOT = Path(__file__).parents[2]
CLI = (ROOT / "docs/cli.md").read_text()
NAMED = re.compile(r"<(?:\w+:)?(\w+)>")
REST = (ROOT / "docs/rest.md").read_text()


def name_route(rule):
    return NAMED.sub(r"{\1}", rule)


def list_group(command):
    """Return a command and those below it."""
    if isinstance(command, LazyGroup):
        return [command, *(load_command(command.lazy, name) for name in command.lazy)]
    return [command, *command.commands.values()] if isinstance(command, click.Group) else [command]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name):
    section = CLI.split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]
    command = load_command(COMMANDS, name)
    assert COMMANDS[name][1].rstrip(".").split(",")[0].split(";")[0] in (command.help or "")
    for one in list_group(command):
        for parameter in one.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert f"`{parameter.opts[0]}" in section, parameter.opts[0]
    documented = set(re.findall(r"^\| `(--[a-z-]+)", section, re.M))
    known = {option for one in list_group(command) for parameter in one.params for option in parameter.opts}
    assert documented <= known


@pytest.mark.parametrize("name", MODEL_COMMANDS)
def test_every_command_of_models_has_the_description_of_the_list(name):
    command = load_command(MODEL_COMMANDS, name)
    assert MODEL_COMMANDS[name][1].rstrip(".").split(",")[0].split(":")[0] in (command.help or "")
    assert f"`crossmodal models {name}" in CLI


def test_every_route_is_documented_and_no_other(library):
    app = create_app(Engine(library), Settings(home=library.home.root))
    routes = {
        f"{method} {name_route(rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    documented = set(re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`", REST, re.M))
    assert documented == routes


def test_the_tables_of_the_rest_api_are_those_of_the_openapi_document(library):
    app = create_app(Engine(library), Settings(home=library.home.root))
    tables = make_tables(make_document(app, ""))
    assert set(re.findall(r"<!-- (\w+): written by docs/rest_tables.py -->", REST)) == set(tables)
    assert insert_tables(REST, tables) == REST, "run `python -m docs.rest_tables`"
    assert "\n\nA spoken word, as a list: its start and its end in seconds, and its text.\n" in tables["schemas"]


def test_the_tables_of_the_rest_api_are_for_users():
    # Constants of the code, values of Python, and remarks for developers mean nothing to a client.
    tables = re.findall(r"written by docs/rest_tables.py -->\n(.*?)<!-- end of", REST, re.S)
    assert len(tables) == REST.count("\n<!-- end of ") - REST.count("\n<!-- end of filters -->")
    for table in tables:
        assert table.endswith("\n")
        assert not re.findall(r"`[A-Z]{2,}[A-Z_]*`|\bNone\b|docstring|[Ss]ubclass", table)
        assert not re.search(r"^### .*\n+(###|\Z)", table, re.M), "a schema without a description"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name):
    assert f"`{name_variable(name)}`" in CLI


def test_every_limit_is_documented_with_its_default():
    text = (ROOT / "docs/security.md").read_text()
    rows = dict(re.findall(r"\| `(\w+)` \| ([^|]+) \|", text))
    assert rows.keys() == set(LIMITS)
    for name, value in rows.items():
        default = Settings.model_fields[name].default
        assert value == (default if isinstance(default, str) else f"{default:,}")


def test_the_proxy_lets_through_what_the_server_takes():
    config = (ROOT / "deploy/nginx.conf").read_text()
    units = {"m": 2**20, "g": 2**30}
    sizes = [int(size) * units[unit] for size, unit in re.findall(r"client_max_body_size (\d+)([mg]);", config)]
    assert sizes == [Settings.model_fields[name].default for name in ("upload_limit", "file_limit")]


def test_links_between_documents_lead_somewhere():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
