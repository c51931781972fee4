"""An open home closes what it opened."""

import pytest

from search.errors import ModelError
from search.open_home import open_home
from search.records import Retriever
from search.settings import Settings
from search.storage.database import Database


@pytest.fixture
def closed(monkeypatch):
    """Return the databases that were closed."""
    databases = []
    close = Database.close
    monkeypatch.setattr(Database, "close", lambda database: (databases.append(database), close(database)))
    return databases


def test_leaving_the_context_closes_the_database_also_after_an_error(tmp_path, closed):
    with pytest.raises(ZeroDivisionError), open_home(Settings(home=tmp_path), create=True) as library:
        raise ZeroDivisionError
    assert closed == [library.database]


def test_a_home_that_cannot_be_opened_keeps_no_database_open(tmp_path, closed):
    with open_home(Settings(home=tmp_path), create=True) as library:
        library.spaces.rename_model(library.spaces.get(Retriever.VISUAL).id, "ViT-B-32/missing")
    closed.clear()
    with pytest.raises(ModelError):
        open_home(Settings(home=tmp_path))
    assert len(closed) == 1
