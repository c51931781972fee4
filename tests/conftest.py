"""Fixtures of all tests: a small library that is indexed once with the bundled models, and empty ones.

The unit tests have the same fixtures with fake models, in tests/unit/conftest.py.
"""

from pathlib import Path

import hypothesis
import pytest
from PIL import Image

from crossmodal.demo import make_demo
from search.engine import Engine
from search.open_home import open_home
from search.settings import Settings
from tests.support.indexing import index
from tests.support.real_models import CHOOSER, choose_shared_models

# Examples of property tests: while you write code few and the same in every run, in `make test` and CI more and random
# ones, in `make soak` many. `--hypothesis-profile` chooses.
hypothesis.settings.register_profile("quick", max_examples=20, derandomize=True, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=100, deadline=None)
hypothesis.settings.register_profile("soak", max_examples=1000, deadline=None)
hypothesis.settings.load_profile("quick")


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    """The folder of the demo: 22 files of every type."""
    folder = tmp_path_factory.mktemp("demo")
    make_demo(folder)
    return folder


@pytest.fixture(scope="session")
def library(demo, tmp_path_factory):
    """The demo, indexed; tests must not change it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CHOOSER, choose_shared_models)
        library = open_home(Settings(home=tmp_path_factory.mktemp("home")), create=True)
        summary = index(library, demo)
    assert summary.failures == {}
    with library:
        yield library


@pytest.fixture(scope="session")
def engine(library) -> Engine:
    """An engine over the demo."""
    return Engine(library)


@pytest.fixture
def fresh(tmp_path):
    """A new empty library; each test gets a separate one."""
    with open_home(Settings(home=tmp_path / "home"), create=True) as library:
        yield library


@pytest.fixture
def media(tmp_path) -> Path:
    """A folder with two texts, one of them in a folder, and an image."""
    folder = tmp_path / "media"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("The lighthouse keeper wrote a letter.")
    (folder / "sub/b.md").write_text("# Recipe\n\nBoil the potatoes.")
    Image.new("RGB", (64, 64), (10, 200, 10)).save(folder / "green.png")
    return folder
