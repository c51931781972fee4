"""A folder above existing sources: they become part of it, except for the uploads."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from crossmodal.cli.main import cli
from search.errors import UsageError
from search.forget import forget_paths
from search.records import Role
from search.storage.accounts import Accounts, AccountUpdate
from search.storage.activities import Activities
from search.storage.api_keys import ApiKeys
from tests.support.accounts import add_admin, add_person, make_headers, sign_in
from tests.support.indexing import index, list_states
from tests.support.web_client import make_client


def list_sources(library):
    return [source.path for source in library.sources.list_all()]


def read_owners(library):
    """Return the path of the source of each item, by the path of the item."""
    with library.database.read() as db:
        rows = db.exec_driver_sql("SELECT item.path, source.path FROM item JOIN source ON source.id = source_id")
        return dict(map(tuple, rows))


@pytest.fixture
def upload(fresh):
    """Upload a text and index it; return its path."""

    def send(name):
        answer = make_client(fresh).post("/api/v1/uploads", data={"file": (io.BytesIO(name.encode()), name)})
        path = answer.json["files"][0]["path"]
        index(fresh, Path(path))
        return path

    return send


def test_a_folder_that_is_added_over_rest_takes_in_the_sources_below_it(fresh, media):
    index(fresh, media / "sub")
    before = list_states(fresh)
    client = make_client(fresh)
    added = client.post("/api/v1/sources", json={"path": str(media)})
    assert added.status_code == 202
    assert list_sources(fresh) == [str(media), str(media / "sub")]
    summary = index(fresh, media)
    assert list_sources(fresh) == [str(media)]
    assert summary.counts["removed"] == 0
    assert before.items() <= list_states(fresh).items()
    assert set(read_owners(fresh).values()) == {str(media)}


def test_uploads_stay_a_separate_source_of_a_folder_with_the_home_in_it(fresh, tmp_path, upload):
    (tmp_path / "notes.txt").write_text("A garden of roses.")
    first, uploads = upload("first.txt"), str(fresh.home.uploads)
    index(fresh, tmp_path)
    second = upload("second.txt")
    index(fresh, tmp_path)
    assert list_sources(fresh) == [str(tmp_path), uploads]
    owners = read_owners(fresh)
    assert (owners[first], owners[second]) == (uploads, uploads)
    assert owners[str(tmp_path / "notes.txt")] == str(tmp_path)
    assert {list_states(fresh)[name] for name in ("first.txt", "second.txt", "notes.txt")} == {"indexed"}


def test_a_dry_run_takes_in_nothing(fresh, media):
    index(fresh, media / "sub")
    fresh.sources.add(str(media))
    index(fresh, media, dry_run=True)
    assert len(list_sources(fresh)) == 2


def test_a_folder_and_the_one_above_it_are_indexed_in_one_run(fresh, media):
    index(fresh, media / "sub", media)
    assert list_sources(fresh) == [str(media)]
    assert set(list_states(fresh).values()) == {"indexed"}


def test_forgetting_a_folder_with_the_home_in_it_keeps_the_uploads(fresh, tmp_path, upload):
    (tmp_path / "notes.txt").write_text("A garden of roses.")
    upload("first.txt")
    index(fresh, tmp_path)
    forget_paths(fresh, [str(tmp_path)])
    assert list_sources(fresh) == [str(fresh.home.uploads)]
    assert list_states(fresh) == {"first.txt": "indexed"}


@pytest.fixture
def desk(fresh, media):
    """Index a folder, which an account and a key have rights for; return its path and both."""
    index(fresh, media / "sub")
    source = fresh.sources.list_all()[0]
    admin, person = add_admin(fresh), add_person(fresh, "reader", sources=[source.id])
    make_headers(fresh, admin, Role.SEARCH, [source.id])
    return SimpleNamespace(path=source.path, source_id=source.id, admin=admin, person=person)


def read_rights(library):
    return (
        [account.sources for account in Accounts(library.database).list_all()],
        [key.sources for key in ApiKeys(library.database).list_all()],
    )


def test_a_folder_around_a_source_that_accounts_or_keys_have_rights_for_is_refused(fresh, media, desk):
    before = read_rights(fresh)
    for options in ({}, {"dry_run": True}, {"skip_absent": True}):
        with pytest.raises(UsageError, match=r"account reader, key cmk_.*…") as error:
            index(fresh, media, **options)
        assert f"{media} would take in the source {desk.path}" in str(error.value)
    answer = sign_in(make_client(fresh), "admin").post("/api/v1/sources", json={"path": str(media)})
    assert (answer.status_code, answer.json["detail"]) == (400, str(error.value))
    assert (list_sources(fresh), read_rights(fresh)) == ([desk.path], before)


def test_rights_that_are_given_after_a_folder_was_added_keep_it_apart(fresh, media, desk):
    source_id = fresh.sources.add(str(media))
    with pytest.raises(UsageError, match="account reader"):
        fresh.sources.merge(str(media), source_id, str(fresh.home.uploads))
    other = media.parent / "other"
    other.mkdir()
    fresh.sources.add(str(other))
    summary = index(fresh, media, other, skip_absent=True)
    assert "account reader" in summary.failures[str(media)]
    assert list_sources(fresh) == sorted([str(media), desk.path, str(other)])


def test_without_rights_the_folder_takes_it_in_and_says_so(fresh, media, desk):
    Accounts(fresh.database).change(desk.person.id, AccountUpdate(sets_sources=True))
    ApiKeys(fresh.database).drop(ApiKeys(fresh.database).list_all()[0].id)
    command = CliRunner().invoke(cli, ["--home", str(fresh.home.root), "index", str(media)])
    assert f"crossmodal: {desk.path} is no longer a source: it is part of {media}" in command.stderr
    newest = Activities(fresh.database).list_page(None, 1)[0]
    assert (newest.action, newest.subject) == ("source-merged", f"{desk.path} → {media}")
