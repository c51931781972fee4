"""Folders and files with keys and passwords, and those of the system, are recognized by their path."""

from pathlib import Path

import pytest

from search.protected import KEY_FILE, KEYS, SYSTEM, explain_protected


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/home/a/.ssh", KEYS),
        ("/home/a/.SSH/known_hosts.txt", KEYS),
        ("/backup/a/.aws/x/y", KEYS),
        ("/home/a/.config/gcloud/a.txt", KEYS),
        ("/home/a/.local/share/keyrings", KEYS),
        ("/home/a/.mozilla/firefox", KEYS),
        ("/Users/a/Library/Application Support/Google/Chrome/Default", KEYS),
        ("/proc/1/root/home", SYSTEM),
        ("/sys", SYSTEM),
        ("/dev/shm/a.jpg", SYSTEM),
        ("/etc/passwd", SYSTEM),
        ("/srv/a/id_rsa", KEY_FILE),
        ("/srv/a/server.PEM", KEY_FILE),
        ("/srv/a/private.key", KEY_FILE),
        ("/srv/a/.netrc", KEY_FILE),
        ("/srv/a/.env", KEY_FILE),
        ("/srv/a/.env.production", KEY_FILE),
        ("/srv/a/passwords.kdbx", KEY_FILE),
        ("/srv/a/id_rsa.bak", KEY_FILE),
        ("/", None),
        ("/home/a/Pictures", None),
        ("/home/a/gcloud/a.txt", None),
        ("/home/a/etc/dev/proc", None),
        ("/home/a/ssh", None),
        ("/home/a/environment.txt", None),
        ("/home/a/id_rsa.pub", None),
        ("/home/a/key.jpg", None),
        ("/run/media/a/disk", None),
    ],
)
def test_a_path_is_protected_by_its_names(path, reason):
    assert explain_protected(path) == reason


@pytest.mark.parametrize(("home", "reason"), [("/home/a", SYSTEM), ("/root", None)])
def test_the_folder_of_the_administrator_is_only_for_the_administrator(monkeypatch, home, reason):
    monkeypatch.setattr(Path, "home", lambda: Path(home))
    assert explain_protected("/root/Pictures") == reason
