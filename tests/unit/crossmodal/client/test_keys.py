"""What a client may do depends on its key."""

import pytest
from click.testing import CliRunner

import crossmodal
from crossmodal.cli.main import cli
from search.records import Role
from tests.support.accounts import add_admin, add_person, make_headers
from tests.support.any_library import serving
from tests.support.indexing import index


@pytest.fixture
def world(fresh, tmp_path):
    """A server with two sources and accounts: its address, the library and the folders."""
    for name in ("open", "hidden"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "note.txt").write_text(f"The letter about the {name} garden.")
    index(fresh, tmp_path / "open", tmp_path / "hidden")
    add_admin(fresh)
    with serving(fresh) as url:
        yield url, fresh, tmp_path


def connect(world, role, *names):
    """Return a client with a new key that may read some folders, all if none is named."""
    url, library, folder = world
    ids = {source.path: source.id for source in library.sources.list_all()}
    sources = [ids[str(folder / name)] for name in names] or None
    account = add_admin(library) if role is Role.ADMIN else add_person(library, f"{role} {names}", role, sources)
    headers = make_headers(library, account, sources=sources)
    return crossmodal.Client(url, headers["Authorization"].removeprefix("Bearer "))


@pytest.mark.parametrize("key", [None, "cmk_unknown"])
def test_without_a_valid_key_nothing_is_answered(world, key):
    with crossmodal.Client(world[0], key) as client, pytest.raises(crossmodal.SignInError, match="API key"):
        client.search("a letter")


def test_a_key_finds_only_what_it_may_read(world):
    with connect(world, Role.SEARCH, "open") as client:
        assert [hit.item.path for hit in client.search("letter garden").all()] == [str(world[2] / "open/note.txt")]
        assert client.status()["sources"] == [str(world[2] / "open")]
        with pytest.raises(crossmodal.NotAllowedError, match="is for admins"):
            client.forget(world[2] / "open")
        with pytest.raises(crossmodal.NotAllowedError, match="is for admins"):
            client.index(world[2] / "open")


def test_an_admin_forgets_but_not_with_a_key_for_one_source(world):
    hidden = world[2] / "hidden"
    (hidden / "note.txt").unlink()
    index(world[1], hidden)
    with connect(world, Role.ADMIN, "open") as client, pytest.raises(crossmodal.NotAllowedError):
        client.forget(missing_for=0)
    with connect(world, Role.ADMIN) as client:
        assert client.forget(missing_for=0) == 1
        assert client.forget(hidden) == 0
        assert client.status()["sources"] == [str(world[2] / "open")]


def test_a_key_for_one_source_shows_its_status(world):
    key = connect(world, Role.SEARCH, "open")._target.key
    result = CliRunner().invoke(cli, ["--server", world[0], "status"], env={"CROSSMODAL_KEY": key})
    assert result.exit_code == 0
    assert result.stdout.startswith(f"source    {world[2] / 'open'}\n")
