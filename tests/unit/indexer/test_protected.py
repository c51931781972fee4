"""Secrets and folders of the system are not indexed, whatever the rules of a source say, and are never sent."""

import os
from pathlib import Path

import pytest
from PIL import Image

from indexer.links import OUTSIDE
from search.errors import UsageError
from search.protected import KEY_FILE, KEYS
from search.records import State
from tests.support.indexing import change_settings, index
from tests.support.web_client import ask, get_item, make_client

SKIPPED = State.SKIPPED


def ledger(library, root):
    items = library.catalog.list_items()
    return {str(Path(one.path).relative_to(root)): (one.state, one.reason) for one in items}


@pytest.fixture
def media(tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    (media / "note.txt").write_text("The ferry leaves at noon.")
    return media


@pytest.mark.parametrize("exclude", [(), ("!.ssh/", "!id_rsa", "!*.pem")])
def test_secrets_are_skipped_even_if_hidden_files_are_read(fresh, media, exclude):
    for name in (".ssh/config.txt", "backup/.aws/credentials.txt", ".config/gcloud/a.txt", ".hidden/plan.txt"):
        (media / name).parent.mkdir(parents=True, exist_ok=True)
        (media / name).write_text("secret words")
    for name in ("id_rsa", "cert.pem", ".env", ".netrc"):
        (media / name).write_text("secret words")
    index(fresh, media, reads_hidden=True, exclude=exclude)
    assert ledger(fresh, media) == {
        "note.txt": (State.INDEXED, None),
        ".hidden/plan.txt": (State.INDEXED, None),
        ".ssh": (SKIPPED, KEYS),
        "backup/.aws": (SKIPPED, KEYS),
        ".config/gcloud": (SKIPPED, KEYS),
        "id_rsa": (SKIPPED, KEY_FILE),
        "cert.pem": (SKIPPED, KEY_FILE),
        ".env": (SKIPPED, KEY_FILE),
        ".netrc": (SKIPPED, KEY_FILE),
    }


@pytest.mark.parametrize("follows", [False, True])
def test_links_to_secrets_are_never_followed(fresh, media, tmp_path, follows):
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config.txt").write_text("secret words")
    (media / "folder").symlink_to(tmp_path / ".ssh")
    (media / "file.txt").symlink_to(tmp_path / ".ssh/config.txt")
    (media / "passwd.txt").symlink_to("/etc/passwd")
    index(change_settings(fresh, follow_outside_links=follows), media)
    found = ledger(fresh, media)
    assert found.pop("note.txt") == (State.INDEXED, None)
    assert found["folder"] == found["file.txt"] == (SKIPPED, f"symbolic link to a {KEYS}")
    assert found["passwd.txt"][0] == SKIPPED


def test_links_out_of_the_source_are_followed_only_with_the_setting(fresh, media, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/letter.txt").write_text("Buy potatoes.")
    (media / "inside").mkdir()
    (media / "inside/plan.txt").write_text("Paint the door.")
    (media / "folder").symlink_to(tmp_path / "other")
    (media / "file.txt").symlink_to(tmp_path / "other/letter.txt")
    (media / "again").symlink_to(media / "inside")
    index(fresh, media)
    assert ledger(fresh, media) == {
        "note.txt": (State.INDEXED, None),
        "inside/plan.txt": (State.INDEXED, None),
        "again": (SKIPPED, f"the same folder as {media}/inside"),
        "folder": (SKIPPED, OUTSIDE),
        "file.txt": (SKIPPED, OUTSIDE),
    }
    index(fresh, media / "folder")
    assert "folder/letter.txt" not in ledger(fresh, media)
    index(change_settings(fresh, follow_outside_links=True), media)
    assert ledger(fresh, media)["folder/letter.txt"] == (State.INDEXED, None)
    index(fresh, media)
    assert ledger(fresh, media)["folder"] == (SKIPPED, OUTSIDE)
    assert ledger(fresh, media)["folder/letter.txt"][0] != State.INDEXED


def test_a_protected_folder_is_no_source(fresh, tmp_path):
    (tmp_path / ".gnupg").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / ".gnupg")
    for path in (tmp_path / ".gnupg", tmp_path / "link", Path("/etc"), Path("/proc/self")):
        with pytest.raises(UsageError, match="cannot be indexed: it is a folder"):
            index(fresh, path)
    assert fresh.sources.list_all() == []


def test_secrets_that_an_earlier_version_indexed_are_not_found_anymore(fresh, tmp_path, monkeypatch):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config.txt").write_text("The ferry leaves at noon.")
    with monkeypatch.context() as patch:
        for module in ("indexer.links", "indexer.roots"):
            patch.setattr(f"{module}.explain_protected", lambda _path: None)
        index(fresh, tmp_path / ".aws")
    client = make_client(fresh)
    item = get_item(client, "config.txt")
    assert client.get(f"/api/v1/items/{item}/media").status_code == 404
    index(fresh, tmp_path / ".aws")
    assert ask(client, text="ferry").json["hits"] == []


def test_a_file_that_became_a_link_to_a_secret_is_not_sent(fresh, media, tmp_path):
    index(fresh, media)
    client = make_client(fresh)
    item = get_item(client, "note.txt")
    assert client.get(f"/api/v1/items/{item}/media").status_code == 200
    (media / "note.txt").unlink()
    (media / "note.txt").symlink_to("/etc/passwd")
    response = client.get(f"/api/v1/items/{item}/media")
    assert (response.status_code, "never indexed" in response.json["detail"]) == (404, True)
    assert client.get(f"/api/v1/archive?items={item}").status_code == 404


def add(client, path):
    return client.post("/api/v1/sources", json={"path": str(path)})


def test_only_folders_below_an_allowed_root_are_added_over_rest(fresh, media, tmp_path):
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "photos/a.png")
    refused = add(make_client(fresh, allowed_roots=""), media)
    assert (refused.status_code, refused.json["type"]) == (403, "urn:crossmodal:problem:not-allowed")
    for advice in (f"`crossmodal index {media}`", f'allowed_roots = ["{media}"]', f"{fresh.home.root}/settings.toml"):
        assert advice in refused.json["detail"]
    client = make_client(fresh, allowed_roots=str(media))
    assert add(client, media).status_code == 202
    assert add(client, media / "note.txt").status_code == 202
    for other in (tmp_path / "photos", media / "../photos", f"{media}x", "/nothing/at/all"):
        assert add(client, other).status_code == 403
    # Inside a source that was added on the machine.
    index(fresh, tmp_path / "photos")
    assert add(client, tmp_path / "photos").status_code == 202


def test_an_allowed_root_does_not_allow_secrets_or_what_links_lead_to(fresh, media, tmp_path):
    (media / ".ssh").mkdir()
    (tmp_path / "other").mkdir()
    (media / "link").symlink_to(tmp_path / "other")
    client = make_client(fresh, allowed_roots=str(media))
    assert "keys or passwords" in add(client, media / ".ssh").json["detail"]
    assert "by a link" in add(client, media / "link").json["detail"]
    assert "operating system" in add(make_client(fresh, allowed_roots="/"), "/etc").json["detail"]
    assert fresh.sources.list_all() == []


def test_an_allowed_root_may_be_a_link(fresh, media, tmp_path):
    (tmp_path / "root").symlink_to(media)
    assert add(make_client(fresh, allowed_roots=str(tmp_path / "root")), tmp_path / "root").status_code == 202


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has other permissions")
def test_only_the_owner_can_read_a_home(tmp_path, empty_home):
    from search.open_home import open_home
    from search.settings import Settings

    root = tmp_path / "new"
    with open_home(Settings(home=root), create=True) as library:
        library.sources.add(str(tmp_path))
        names = ["", "thumbnails", "index", "models", "catalogue.db", "catalogue.db-wal", "catalogue.db-shm"]
        modes = {name: (root / name).stat().st_mode & 0o777 for name in names}
    assert {mode for name, mode in modes.items() if "." in name} == {0o600}
    assert {mode for name, mode in modes.items() if "." not in name} == {0o700}
    for path in (root, root / "thumbnails", root / "catalogue.db"):
        path.chmod(0o755)
    with open_home(Settings(home=root)):
        assert root.stat().st_mode & 0o777 == (root / "thumbnails").stat().st_mode & 0o777 == 0o700
        assert (root / "catalogue.db").stat().st_mode & 0o077 == 0
