"""A search that no server answers imports only what it needs, and what speeds it up is left to its own process."""

import gc
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from crossmodal.cli.main import OWN_PROCESS, cli
from tests.support.server import ROOT

# What decodes, serves, indexes, migrates, loads speech models, and measures.
UNUSED = {
    "PIL", "alembic", "av", "dateparser", "faster_whisper", "flask", "httpx2", "indexer", "multiprocessing",
    "pillow_heif", "pypdfium2", "scipy", "statistics", "tokenizers", "uvicorn", "watchfiles",
    "web", "werkzeug",
}  # fmt: skip
SEARCH = """
import sys
import search.active_models
from crossmodal.cli.main import main
from tests.support.fake_models import make_models

search.active_models.choose_models = lambda *_: make_models(())
sys.argv = ["crossmodal", "--home", {home!r}, "search", "a cup of coffee", "--paths"]
try:
    main()
finally:
    print(sorted({unused!r} & set(sys.modules)))
"""


def test_a_search_imports_nothing_that_it_does_not_use(library):
    code = SEARCH.format(home=str(library.home.root), unused=UNUSED)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    *paths, loaded = done.stdout.splitlines()
    assert paths
    assert loaded == "[]"


def test_only_a_process_of_its_own_does_without_garbage_collection(library, monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    search = ["--home", str(library.home.root), "search", "a cup of coffee"]
    try:
        CliRunner().invoke(cli, search)
        assert (gc.isenabled(), os.environ.get("OPENBLAS_NUM_THREADS")) == (True, None)
        CliRunner().invoke(cli, search, obj=OWN_PROCESS)
        assert (gc.isenabled(), os.environ.get("OPENBLAS_NUM_THREADS")) == (False, "1")
    finally:
        gc.enable()
        os.environ.pop("OPENBLAS_NUM_THREADS", None)


@pytest.mark.parametrize("name", ["none", ""])
def test_a_search_in_a_folder_that_is_no_home_creates_nothing(tmp_path, name):
    command = [sys.executable, "-m", "crossmodal", "--home", str(tmp_path / name), "search", "a cup of coffee"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 3
    assert list(tmp_path.iterdir()) == []


def test_a_search_that_ends_while_models_are_loaded_ends_cleanly(library):
    home = str(library.home.root)
    command = [sys.executable, "-m", "crossmodal", "--home", home, "search", "a cup of coffee", "--cursor", "wrong"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode in (2, 3)  # the catalog is that of other models
    assert len(done.stderr.splitlines()) == 1
