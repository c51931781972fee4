"""How `crossmodal worker` runs next to a server."""

import os

from click.testing import CliRunner

from crossmodal.cli import worker
from crossmodal.cli.main import cli


def test_a_worker_of_a_server_gives_way_to_searches_and_another_does_not(fresh, monkeypatch):
    given = []
    monkeypatch.setattr(os, "nice", given.append)
    home = ["--home", str(fresh.home.root), "worker", "--until-idle"]
    assert CliRunner().invoke(cli, home, catch_exceptions=False).exit_code == 0
    assert given == []
    CliRunner().invoke(cli, [*home, "--exit-with-stdin"], catch_exceptions=False)
    assert given == [worker.SERVED_NICENESS]
