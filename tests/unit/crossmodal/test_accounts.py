"""`crossmodal users` and `crossmodal keys`."""

import json

import pytest
from click.testing import CliRunner

from crossmodal.cli.main import cli
from search.errors import CrossmodalError, NotAllowedError, UsageError
from search.storage.accounts import Accounts
from tests.support.accounts import PASSWORD
from tests.support.indexing import index
from tests.support.web_client import make_client


@pytest.fixture
def run(fresh):
    """Run a command on a home and return what it prints; errors of the command are raised."""

    def call(*arguments, password=PASSWORD):
        result = CliRunner().invoke(
            cli, ["--home", str(fresh.home.root), *arguments], input=f"{password}\n{password}\n"
        )
        if isinstance(result.exception, CrossmodalError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    return call


def test_the_first_account_is_an_admin_and_signs_in(run, fresh):
    assert "no accounts" in run("users")
    assert "Added Ana (role admin)" in run("users", "add", "Ana")
    response = make_client(fresh).post("/api/v1/session", json={"name": "ana", "password": PASSWORD})
    assert (response.status_code, response.json["role"]) == (200, "admin")


def test_the_first_account_cannot_be_another_role(run):
    with pytest.raises(UsageError, match="must be an admin"):
        run("users", "add", "Ana", "--role", "search")


def test_an_account_for_one_source_is_added_and_changed(run, fresh, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.txt").write_text(name)
        index(fresh, tmp_path / name)
    run("users", "add", "admin")
    run("users", "add", "bo", "--source", str(tmp_path / "a"), "--password-stdin")
    accounts = json.loads(run("users", "--json"))["accounts"]
    assert [(one["name"], one["role"], one["sources"]) for one in accounts] == [
        ("admin", "admin", None),
        ("bo", "search", [1]),
    ]
    assert str(tmp_path / "a") in run("users")
    run("users", "change", "BO", "--role", "edit", "--all-sources")
    run("users", "change", "bo", "--disable")
    changed = json.loads(run("users", "--json"))["accounts"][1]
    assert (changed["role"], changed["sources"], changed["disabled"]) == ("edit", None, True)
    with pytest.raises(UsageError, match="is not a source"):
        run("users", "change", "bo", "--source", str(tmp_path / "c"))


def test_a_new_password_replaces_the_old_one(run, fresh):
    run("users", "add", "ana")
    run("users", "password", "ana", "--password-stdin", password="another long password")
    client = make_client(fresh)
    assert client.post("/api/v1/session", json={"name": "ana", "password": PASSWORD}).status_code == 401
    with pytest.raises(UsageError, match="10 to 1000 characters"):
        run("users", "password", "ana", "--password-stdin", password="short")


def test_the_last_admin_stays_while_there_are_others(run):
    run("users", "add", "ana")
    run("users", "add", "bo")
    with pytest.raises(UsageError, match="last admin"):
        run("users", "delete", "ana")
    run("users", "delete", "bo")
    with pytest.raises(UsageError, match=r"the only account.*without signing in.*--yes"):
        run("users", "delete", "ana")
    assert "without signing in" in run("users", "delete", "ana", "--yes")
    assert "no accounts" in run("users")


def test_an_account_that_cannot_sign_in_is_no_admin(run):
    with pytest.raises(UsageError, match="has no password and could not sign in as an admin"):
        run("users", "add", "ana", "--no-password")
    assert "no accounts" in run("users")
    run("users", "add", "ana")
    assert "It cannot sign in yet" in run("users", "add", "bo", "--no-password")
    with pytest.raises(UsageError, match="has no password"):
        run("users", "change", "bo", "--role", "admin")
    run("users", "password", "bo")
    run("users", "change", "bo", "--role", "admin")


def test_an_admin_without_a_password_comes_through_a_proxy_only(run, monkeypatch):
    monkeypatch.setenv("CROSSMODAL_USER_HEADER", "Remote-User")
    monkeypatch.setenv("CROSSMODAL_TRUSTED_PROXIES", "127.0.0.1")
    assert "The proxy says who signs in" in run("users", "add", "ana", "--no-password")
    run("users", "add", "bo")
    monkeypatch.delenv("CROSSMODAL_USER_HEADER")
    with pytest.raises(UsageError, match="last admin"):
        run("users", "change", "bo", "--disable")


def test_a_key_is_printed_once_and_works_until_it_is_deleted(run, fresh):
    run("users", "add", "ana")
    key = run("keys", "add", "ana", "--name", "frame", "--days", "2").strip()
    client, headers = make_client(fresh), {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/session", headers=headers).json["role"] == "search"
    listed = json.loads(run("keys", "--json"))["keys"][0]
    assert (listed["name"], listed["prefix"], "key" in listed) == ("frame", key[:12], False)
    assert "frame" in run("keys")
    run("keys", "delete", str(listed["id"]))
    assert client.get("/api/v1/session", headers=headers).status_code == 401


def test_the_list_of_keys_has_their_folders(run, fresh, tmp_path):
    fresh.sources.add(str(tmp_path))
    run("users", "add", "ana")
    run("keys", "add", "ana", "--name", "all")
    run("keys", "add", "ana", "--name", "one", "--source", str(tmp_path))
    one, every = run("keys").splitlines()
    assert f"one  {tmp_path}  does not expire" in one
    assert "all  all sources of the account  does not expire" in every


def test_a_key_cannot_do_more_than_its_account(run):
    run("users", "add", "ana")
    run("users", "add", "bo", "--role", "search")
    with pytest.raises(NotAllowedError, match="role search"):
        run("keys", "add", "bo", "--role", "edit")


def test_the_uploads_are_read_while_the_role_is_edit(run, fresh, tmp_path):
    open_id = fresh.sources.add(str(tmp_path))
    run("users", "add", "admin")
    run("users", "add", "bo", "--role", "edit", "--source", str(tmp_path))
    uploads = next(source.id for source in fresh.sources.list_all() if source.path == str(fresh.home.uploads))
    assert fresh.home.uploads.is_dir()
    accounts = Accounts(fresh.database)
    assert accounts.find("bo").sources == (open_id, uploads)
    run("users", "change", "bo", "--role", "search")
    assert accounts.find("bo").sources == (open_id,)
    run("users", "change", "bo", "--source", str(fresh.home.uploads))
    assert accounts.find("bo").sources == (uploads,)
