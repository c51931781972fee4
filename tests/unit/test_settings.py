"""Settings come from the command line, the environment, a file or their defaults."""

import re
from pathlib import Path

import pytest

from search.errors import UsageError
from search.settings import Settings, count_cores, describe_settings, read_settings


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CROSSMODAL_{name.upper()}", raising=False)
    monkeypatch.setenv("CROSSMODAL_HOME", str(tmp_path))
    return monkeypatch


def test_defaults(tmp_path):
    settings = read_settings()
    assert settings.model_dump() == Settings(home=tmp_path).model_dump()
    assert settings.threads == count_cores()
    assert (settings.upload_limit, settings.file_limit, settings.unload_after) == (2**26, 2**32, 1800)


def test_the_command_line_overrides_the_environment_and_that_the_file(environment, tmp_path):
    (tmp_path / "settings.toml").write_text('threads = 3\nhosts = ["a.org", "b.org"]\ndevice = "cpu"\n')
    environment.setenv("CROSSMODAL_DEVICE", "cuda")
    environment.setenv("CROSSMODAL_UNLOAD_AFTER", "")
    settings = read_settings(device="cuda:1")
    assert (settings.threads, settings.hosts, settings.device) == (3, ("a.org", "b.org"), "cuda:1")
    rows = {row.name: row for row in describe_settings(settings)}
    assert rows["threads"].source == "file"
    assert rows["home"].source == "environment"
    assert rows["device"].source == "command line"
    assert rows["unload_after"].source == "default"
    assert rows["threads"].environment_variable == "CROSSMODAL_THREADS"
    assert all(row.description for row in rows.values())


def test_the_case_of_a_variable_does_not_matter(environment):
    environment.setenv("crossmodal_Threads", "5")
    assert read_settings().threads == 5


def test_hosts_in_the_environment_are_separated_by_commas(environment):
    environment.setenv("CROSSMODAL_HOSTS", "a.org, b.org,")
    assert read_settings().hosts == ("a.org", "b.org")


@pytest.mark.parametrize(
    ("name", "value"), [("THREADS", "-1"), ("FILE_LIMIT", "many"), ("DEVICE", "tpu"), ("RATE_LIMIT", "fast")]
)
def test_a_wrong_value_is_named_with_its_variable(environment, name, value):
    environment.setenv(f"CROSSMODAL_{name}", value)
    with pytest.raises(UsageError, match=f"CROSSMODAL_{name}: .*{value}"):
        read_settings()


@pytest.mark.parametrize("text", ["threads = -1", "thread = 1", "home = '/'", "threads ="])
def test_a_wrong_line_is_named_with_its_file(tmp_path, text):
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(UsageError, match=re.escape(str(tmp_path / "settings.toml"))):
        read_settings()


def test_folders_in_the_environment_are_separated_by_commas_and_absolute(environment, tmp_path):
    environment.setenv("CROSSMODAL_ALLOWED_ROOTS", "~/a, /srv/photos")
    environment.setenv("HOME", str(tmp_path))
    assert read_settings().allowed_roots == (tmp_path / "a", Path("/srv/photos"))


@pytest.mark.parametrize("name", ["key", "oidc_client_secret"])
def test_a_secret_of_the_wrong_type_is_not_shown(tmp_path, name):
    (tmp_path / "settings.toml").write_text(f"{name} = 271828\n")
    with pytest.raises(UsageError, match=name) as caught:
        read_settings()
    assert "271828" not in f"{caught.value} {caught.value.__cause__}"
