"""One small real library for all tests, indexed once with the real models."""

from pathlib import Path

import pytest

from crossmodal.demo import make_demo
from indexer.pipeline import Options, Summary, run_index
from search.engine import Engine
from search.library import Library, open_library
from search.settings import Settings


def index(library: Library, *paths: Path, **options) -> Summary:
    """Index without showing progress; decoding is done in this process unless a test asks for the sandbox."""
    return run_index(library, list(paths), Options(**{"sandbox": False} | options), lambda *_: None)


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    make_demo(folder)
    return folder


@pytest.fixture(scope="session")
def library(demo, tmp_path_factory):
    with open_library(Settings(home=tmp_path_factory.mktemp("home")), create=True) as library:
        summary = index(library, demo)
        assert summary.failures == {}
        yield library


@pytest.fixture(scope="session")
def engine(library) -> Engine:
    return Engine(library)


@pytest.fixture
def fresh(tmp_path):
    """A new empty library; each test gets its own."""
    with open_library(Settings(home=tmp_path / "home"), create=True) as library:
        yield library
