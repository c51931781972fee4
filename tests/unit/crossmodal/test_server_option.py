"""`--server`: the commands print the same, and exit with the same status, as on the machine of the library."""

import json
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from crossmodal.cli.main import ANYWHERE, COMMANDS, cli
from crossmodal.cli.output import INTERRUPTED
from search.errors import ServerError, UsageError
from search.records import Task
from tests.support.any_library import serving, working
from tests.support.indexing import index
from tests.support.server import ROOT, find_port

# The first message of a client of the Model Context Protocol.
INITIALIZE = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
)


def run(*arguments, **environment):
    return CliRunner().invoke(cli, [str(one) for one in arguments], env=environment)


@pytest.fixture(scope="module")
def both(library):
    """Return a function that runs a command on the machine of the demo and on a server, and compares the results."""
    with serving(library) as url:

        def compare(*arguments):
            here = run("--home", library.home.root, *arguments)
            there = run("--server", url, *arguments)
            assert mask(there.stdout) == mask(here.stdout)
            assert (there.stderr, there.exit_code) == (here.stderr, here.exit_code)
            assert type(there.exception) is type(here.exception)
            assert str(there.exception) == str(here.exception)
            return here

        yield compare


def mask(text):
    return re.sub(r'"(took_ms|seconds)": [0-9.]+', r'"\1": 0', text)


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("status", "--json"),
        ("files",),
        ("files", "--state", "indexed"),
        ("files", "--state", "failed", "--json"),
        ("files", "--json"),
        ("search", "a cup of coffee"),
        ("search", "a cup of cofee", "--json", "--explain"),
        ("search", "qwzx vbnm"),
        ("search", "qwzx vbnm", "--json"),
        ("search", "flower", "--all", "--limit", "3"),
        ("search", "lighthouse", "--tier", "possible", "--no-stack", "--diversity", "0.5", "--type", "document"),
        ("search", "--lang", "en", "--longer", "2s", "--sort", "newest"),
        ("search", "a cat", "--after", "2020", "--not", "dog", "--tag", "x", "--exact"),
        ("search", "--like", "999999"),
        ("search", "a", "--cursor", "nonsense"),
        ("jobs",),
        ("jobs", "--json"),
        ("jobs", "cancel", "77"),
        ("jobs", "retry", "77"),
        ("jobs", "remove", "77"),
        ("forget", "/nowhere"),
        ("forget",),
    ],
    ids=" ".join,
)
def test_a_command_prints_the_same(both, arguments):
    both(*arguments)


def test_files_and_folders_are_those_of_their_machine(both, demo):
    assert both("search", "--in", demo / "pets").exit_code == 0
    assert both("search", "--image", demo / "pets/chelsea.jpg", "--source", demo).exit_code == 0
    assert "tomatoes" in both("search", "--voice", demo / "notes/shopping.wav").stdout
    assert "notes.txt: " in str(both("search", "--image", make_text(demo.parent)).exception)


def make_text(folder):
    path = folder / "notes.txt"
    path.write_text("no image")
    return path


def test_index_prints_the_same(fresh, media, tmp_path):
    (media / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a photo")
    local = tmp_path / "local"
    here = run("--home", local, "index", media, "--json")
    with working(fresh), serving(fresh) as url:
        there = run("--server", url, "index", media, "--json")
        assert (there.exit_code, there.stderr) == (here.exit_code, here.stderr) == (1, here.stderr)
        assert json.loads(mask(there.stdout)) == json.loads(mask(here.stdout))
        texts = [run(*one, "index", media).stdout for one in (("--home", local), ("--server", url))]
        assert [re.sub(r", [0-9.]+ seconds", "", text) for text in texts] == ["4 scanned, 3 unchanged, 1 failed\n"] * 2
        (media.rename(tmp_path / "away")).mkdir(exist_ok=True)
        lost = [run(*one, "index", media) for one in (("--home", local), ("--server", url))]
        assert [one.exit_code for one in lost] == [3, 3]
        assert lost[0].stderr == lost[1].stderr != ""


def test_jobs_and_forgetting_change_the_library_of_the_server(fresh, media):
    index(fresh, media)
    job = fresh.jobs.add(Task((str(media),)))
    with serving(fresh) as url:
        assert "cancelled" in run("--server", url, "jobs", "cancel", job.id).stdout
        assert "queued" in run("--server", url, "jobs", "retry", job.id).stdout
        assert "cancelled" in run("--server", url, "jobs", "remove", job.id + 1).stdout
        assert run("--server", url, "forget", media / "a.txt", "--json").stdout == '{\n  "forgotten": 1\n}\n'
        assert run("--server", url, "forget", "--missing-for", "0").stdout == "0 items forgotten\n"
    assert len(fresh.catalog.list_items()) == 2


def test_ctrl_c_says_that_the_server_goes_on(fresh, media, monkeypatch):
    def interrupt(_client, _job):
        raise KeyboardInterrupt

    monkeypatch.setattr("crossmodal.client.Client.follow_job", interrupt)
    with serving(fresh) as url:
        result = run("--server", url, "index", media)
    assert (result.exit_code, result.stdout) == (INTERRUPTED, "")
    assert "interrupted; the server goes on" in result.stderr
    assert [job.state for job in fresh.jobs.list_all()] == ["queued"]


def test_index_says_once_that_its_job_waits_for_a_worker(fresh, media, monkeypatch):
    monkeypatch.setattr("crossmodal.cli.index.START_SECONDS", 0.2)
    said = threading.Event()

    def echo(text, **options):
        click.echo(text, **options)
        if "waits for a worker" in text:
            said.set()

    monkeypatch.setattr("crossmodal.cli.index.click", SimpleNamespace(**vars(click) | {"echo": echo}))
    with serving(fresh) as url, ThreadPoolExecutor() as pool:
        running = pool.submit(run, "--server", url, "index", media, "--json")
        assert said.wait(20)
        with working(fresh):
            result = running.result(60)
    assert (result.exit_code, json.loads(result.stdout)["added"]) == (0, 3)
    assert result.stderr.count("the job waits for a worker") == 1


def test_ctrl_c_ends_the_mcp_server_although_it_waits_for_input():
    command = [sys.executable, "-m", "crossmodal", "--server", "http://127.0.0.1:1", "mcp"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        process.stdin.write(INITIALIZE.encode() + b"\n")
        process.stdin.flush()
        assert b"crossmodal" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(20) == -signal.SIGINT
        finally:
            process.kill()


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - ANYWHERE))
def test_a_command_that_needs_the_machine_of_the_library_says_so(name):
    result = run("--server", "http://127.0.0.1:1", name)
    assert isinstance(result.exception, UsageError)
    assert f"`crossmodal {name}` works only on the machine of the library" in str(result.exception)


@pytest.mark.parametrize(
    "option", ["--watch", "--dry-run", "--reindex", "--profile", "--workers=3", "--forget-missing=1"]
)
def test_an_option_that_needs_the_machine_of_the_library_says_so(option):
    result = run("--server", "http://127.0.0.1:1", "index", "/a", option)
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).startswith(f"{option.partition('=')[0]} works only on the machine of the library")


def test_the_environment_names_a_server_and_its_key(fresh, tmp_path, monkeypatch):
    monkeypatch.setattr("crossmodal.client.retries.FIRST_PAUSE", 0.001)
    url = f"http://127.0.0.1:{find_port()}"
    environment = {"CROSSMODAL_SERVER": url, "CROSSMODAL_KEY": "secret-key"}
    result = run("status", **environment)
    assert isinstance(result.exception, ServerError)
    assert url in str(result.exception)
    assert "secret" not in str(result.exception)
    # What is on the command line takes precedence.
    assert run("--home", fresh.home.root, "status", **environment).exit_code == 0
    refused = run("--home", tmp_path, "--server", url, "status")
    assert "--home and --server cannot be used together" in str(refused.exception)


def test_settings_never_show_the_key(tmp_path):
    for as_json in ((), ("--json",)):
        shown = run("--home", tmp_path, "settings", *as_json, CROSSMODAL_KEY="secret-key").stdout
        assert "********" in shown
        assert "secret-key" not in shown
    (tmp_path / "settings.toml").write_text("key = 4711")
    assert "4711" not in str(run("--home", tmp_path, "status").exception)


@pytest.mark.parametrize("url", ["localhost:8000", "http://user:word@host"])
def test_a_wrong_address_is_wrong_usage(url):
    result = run("--server", url, "status")
    assert isinstance(result.exception, UsageError)
    assert "is not the address of a server" in str(result.exception)


def test_a_search_in_an_unknown_source_says_so(both):
    result = both("search", "cat", "--source", "/no/such/folder", "--all")
    assert str(result.exception) == "There is no source /no/such/folder. `crossmodal status` lists the sources."


def test_the_columns_of_the_settings_line_up():
    lines = run("settings").stdout.splitlines()
    names = [line.split()[0] for line in lines]
    width = max(map(len, names))
    assert [line[:width].rstrip() for line in lines] == names
    assert all(line[width] == " " and line[width + 1] != " " for line in lines if len(line.split()) > 2)
