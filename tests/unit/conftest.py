"""Fixtures of the unit tests: the same libraries as in tests/conftest.py, with fake models instead of the bundled ones.

Every library that a unit test opens has the fake models.
"""

import shutil
from pathlib import Path

import pytest

from search.open_home import open_home
from search.settings import Settings
from search.storage.database import Database
from tests.support.fake_demo import make_fake_demo
from tests.support.fake_models import choose_fake_models
from tests.support.indexing import index
from tests.support.inline_media import InlineMedia
from tests.support.real_models import CHOOSER


@pytest.fixture(autouse=True)
def _use_fake_models(monkeypatch):
    monkeypatch.setattr(CHOOSER, choose_fake_models)
    monkeypatch.setattr("crossmodal.cli.preloading.preload", lambda _settings: None)
    monkeypatch.setattr("crossmodal.cli.preloading.preload_indexes", lambda _library: None)


@pytest.fixture(autouse=True, scope="session")
def _decode_in_this_process():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.open_home.make_media", lambda _settings: InlineMedia())
        patch.setattr("search.open_home.make_converter", lambda _settings: InlineMedia())
        yield


@pytest.fixture(autouse=True, scope="session")
def _have_no_office_program():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.media.document.office.find_office_program", lambda: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def _do_not_wait_for_the_disk():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.storage.database.SYNCHRONOUS", "OFF")
        yield


@pytest.fixture(autouse=True, scope="session")
def _hash_passwords_quickly():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.access.passwords.COST", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})
        yield


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory) -> Path:
    """A catalog with the current schema and without rows; to copy it takes less time than the migrations."""
    path = tmp_path_factory.mktemp("empty") / "catalog.db"
    Database(path).close()
    return path


@pytest.fixture
def database(tmp_path, empty_catalog):
    """An empty catalog; each test gets a separate one."""
    database = Database(shutil.copy(empty_catalog, tmp_path / "catalog.db"))
    yield database
    database.close()


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory) -> Path:
    """A home without items; to copy it takes a tenth of the time of making one."""
    folder = tmp_path_factory.mktemp("empty") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CHOOSER, choose_fake_models)
        open_home(Settings(home=folder), create=True).close()
    return folder


@pytest.fixture
def fresh(tmp_path, empty_home):
    """A new empty library; each test gets a separate one."""
    shutil.copytree(empty_home, tmp_path / "home")
    library = open_home(Settings(home=tmp_path / "home"), create=True)
    yield library
    library.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    """The files of the demo, in colors and tones."""
    folder = tmp_path_factory.mktemp("fake-demo")
    make_fake_demo(folder)
    return folder


@pytest.fixture(scope="session")
def library(demo, tmp_path_factory):
    """The demo, indexed with the fake models; tests must not change it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CHOOSER, choose_fake_models)
        library = open_home(Settings(home=tmp_path_factory.mktemp("fake-home")), create=True)
        summary = index(library, demo)
    assert summary.failures == {}
    yield library
    library.close()
