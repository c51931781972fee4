"""SIGKILL at any instant leaves a home that opens, answers and goes on."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from search.engine import Engine
from search.inspection import verify_library
from search.library import open_library
from search.records import Query, State
from search.settings import Settings

pytestmark = pytest.mark.slow
KILLS = 6


def test_killed_runs_resume_and_lose_nothing(demo, tmp_path):
    home = tmp_path / "home"
    command = [sys.executable, "-m", "search.cli", "--home", str(home), "index", str(demo), "--json"]
    chance = random.Random(7)
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.6, 6.0))
        killed += process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if (home / "catalogue.db").exists():
            library = open_library(Settings(home=home))
            assert verify_library(library) == []
            library.close()
    assert killed >= KILLS // 2
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
    library = open_library(Settings(home=home))
    items = library.catalogue.list_items()
    assert {item.state for item in items} == {State.INDEXED}
    assert len(items) == len({item.path for item in items}) == 22
    assert verify_library(library) == []
    assert Path(Engine(library).search(Query(text="a cup of coffee")).hits[0].item.path).name == "morning.jpg"
    library.close()
